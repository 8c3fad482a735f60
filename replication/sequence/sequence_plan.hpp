// Which sequences of the side that will serve have to follow which of the side that serves: by name, and by
// the column that they feed, since a migration may feed a column from another sequence.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::replication {

using SequenceName = std::pair<std::string, std::string>; ///< schema, name

struct TableColumn {
    std::string schema, table, column;
    auto operator<=>(const TableColumn&) const = default; // NOLINT(modernize-use-nullptr)
    [[nodiscard]] std::string display() const { return schema + "." + table + "." + column; }
};
/// A sequence and a column that takes its values from it.
struct Feed {
    SequenceName sequence;
    TableColumn column;
    bool owned_only = false; ///< OWNED BY without being in the default: the application may call it
    bool inherited = false;  ///< a partition's identity that is its root's
    bool operator==(const Feed&) const = default;
};
struct ColumnFacts {
    TableColumn column;
    bool number = false;  ///< int2, int4, int8 or numeric
    bool indexed = false; ///< a whole btree index leads with it
    Bytes size{};         ///< of its table
};

/// What is known of one side before its clients are held.
struct SequenceSide {
    std::string name; ///< "blue" or "green"
    std::vector<Sequence> sequences;
    std::vector<Feed> feeds;
    std::vector<ColumnFacts> columns; ///< those of columns_in_question() that are there
};

struct CarryPlan {
    std::string from, to; ///< names of the sides
    struct Pair {
        SequenceName from, to;
        bool operator==(const Pair&) const = default;
    };
    std::vector<Pair> pairs;
    /// A column that clients filled themselves on `from` and that a sequence feeds on `to`: it has to stand
    /// beyond every value there is.
    struct Measure {
        SequenceName sequence;
        TableColumn column;
        bool descending = false; ///< beyond min() instead of max()
        bool operator==(const Measure&) const = default;
    };
    std::vector<Measure> measures;
    std::vector<std::string> notes; ///< what is left behind, one sentence each
    std::vector<CarryProblem> problems;
};

/// A table that is not larger may be read whole while clients are held.
inline constexpr Bytes measured_without_index{std::int64_t{16} << 20};

/// Pure: the columns of which both sides' ColumnFacts are needed.
std::vector<TableColumn> columns_in_question(const SequenceSide& from, const SequenceSide& to);
/// Pure. Sequences that only green has are left alone when it is `from`: schema changes are frozen on both
/// sides, so they came with a migration, and blue has no use for them unless they feed a column that it has
/// too.
CarryPlan plan_carry(const SequenceSide& from, const SequenceSide& to);
/// Pure. For each sequence of `to` in the plan: the state furthest in the direction of its increment, of all
/// that it follows, of the values measured (in the plan's order) and of its own, so that it is never moved
/// back; for cyclic ones that which it follows, since "furthest" has no meaning there.
Carry carry(const std::vector<Sequence>& from, const std::vector<Sequence>& to, const CarryPlan& plan,
            const std::vector<std::optional<std::int64_t>>& measured);

/// A few catalog queries on each side; nothing in them changes while schemas are frozen.
Task<CarryPlan> read_carry_plan(postgres::Connection& from, std::string from_name, postgres::Connection& to,
                                std::string to_name, Deadline deadline);
/// max() or min() of the plan's measures, in their order; one query, none when there is nothing to measure.
/// nullopt: the column holds nothing.
Task<std::vector<std::optional<std::int64_t>>> measure_columns(postgres::Connection& to, CarryPlan plan,
                                                               Deadline deadline);

/// Pairs and measures, from the gate to the pause.
std::string to_json(const CarryPlan& plan);
CarryPlan carry_plan_from(const std::string& json);

} // namespace pgteal::replication
