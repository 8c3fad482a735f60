// The parts of judge(): one table that both sides have, looked at from one side each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replication/compat/compat.hpp"

namespace pgteal::replication::compat {

/// A published table and the one that its rows are applied to.
struct Pair {
    const Schema& from_schema;
    const Schema& to_schema;
    const Direction& direction;
    const Table& from;
    const Table& to;
    std::vector<std::string> sent; ///< columns of `from` that the lane sends
    bool listed = false;           ///< `sent` is a column list
    /// Columns that have another name on the other side, from's name to to's name. Green was made from blue,
    /// so a column of green that stands where blue's n-th stands is that one.
    std::map<std::string, std::string> renamed;

    [[nodiscard]] bool sends(const std::string& column) const;
    [[nodiscard]] const std::string& publisher() const { return direction.publisher; }
    [[nodiscard]] std::string subscriber() const { return direction.subscriber(); }
    /// Before the cutover the remedy is to leave green as blue is; after it, nothing on blue can be changed.
    [[nodiscard]] bool forward() const { return direction.publisher == "blue"; }
};
std::map<std::string, std::string> renamed_columns(const Table& from, const Table& to, bool from_blue);

std::vector<Reason> column_reasons(const Pair& pair);
std::vector<Reason> type_reasons(const Pair& pair, const Column& from, const Column& to);
std::vector<Reason> rule_reasons(const Pair& pair);
std::vector<Reason> identity_reasons(const Pair& pair);

/// Columns that both sides compute, each by itself.
std::vector<Reason> generated_reasons(const Pair& pair);
/// Bounds of partitions.
std::vector<Reason> partition_reasons(const Pair& pair);
/// Functions and triggers that run for rows of the lane.
std::vector<Reason> worker_reasons(const Pair& pair);
/// Composite types, field by field; nothing when one of the two is none.
std::optional<std::vector<Reason>> composite_reasons(const Pair& pair, const Column& from, const Column& to);

/// Columns that a row of `table` is found by on the publisher; nullptr when UPDATE and DELETE can't be
/// published. Not for REPLICA IDENTITY FULL.
const Index* identity_of(const Table& table);
/// An expression or definition as pg_get_expr() prints it, so that what two servers print of the same one is
/// equal: without blanks, parentheses that hold one thing only, and casts to text and varchar without length.
/// A clone's expression is parsed from what blue printed, and such casts then move: ARRAY[…]::text[] becomes
/// ARRAY[(…)::text].
std::string normal_form(std::string_view definition);
/// The same in a text for people: "id, region".
std::string joined(const std::vector<std::string>& names);

inline const std::set<Write> every_write{Write::insert, Write::update, Write::remove, Write::truncate};
inline const std::set<Write> new_rows{Write::insert, Write::update};
inline const std::set<Write> old_rows{Write::update, Write::remove};

inline constexpr const char* until_finish = "until pgteal finish";

} // namespace pgteal::replication::compat
