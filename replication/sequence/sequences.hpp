// Sequences are not replicated: they are carried at the switch, so that no value is ever returned twice on
// either side.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "postgres/connection.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

/// pg_sequence plus the sequence's own row. `last` includes values cached by sessions, since the row is
/// advanced by the whole cache.
struct Sequence {
    std::string schema;
    std::string name;
    std::int64_t last = 0;
    bool called = false; ///< false: `last` itself comes next
    std::int64_t increment = 1;
    std::int64_t minimum = 1;
    std::int64_t maximum = 0;
    bool cycle = false;
    bool operator==(const Sequence&) const = default;
};

std::pair<std::string, std::string> name_of(const Sequence& sequence); ///< schema, name

/// One query whatever the number (schemas pgteal and extensions' internals left out).
Task<std::vector<Sequence>> read_sequences(postgres::Connection& connection, Deadline deadline);

/// A sequence that can't be carried: nothing on `to` follows it, or `to`'s bounds don't hold the value, or
/// the increments have opposite signs.
struct CarryProblem {
    std::string sequence;
    std::string reason;
    std::string fix{}; ///< SQL for the side that the values would go to; may be empty
};
struct Carry {
    std::vector<Sequence> set; ///< those whose state on `to` has to change, with the value to set
    std::vector<CarryProblem> problems;
    std::vector<std::string> notes; ///< what is left behind, one sentence each
    int total = 0;
};
/// Pure: sequence_plan.hpp's carry() for sides whose columns are fed alike, so that names suffice.
/// `green_only`: `from` is green, or a side whose own sequences don't matter to `to`.
Carry carry(const std::vector<Sequence>& from, const std::vector<Sequence>& to, bool green_only = false);

/// One statement, one round trip, whatever the number: SELECT setval(…) over :'sequences_<database>' (JSON
/// made by to_json(); binding_for("sequences", database) in lanes.hpp gives the exact name). Commits durably
/// (setval assigns a transaction id; source: sequence.c).
postgres::Statement set_sequences(const std::string& database);
std::string to_json(const std::vector<Sequence>& sequences);
/// What read_sequences() sends.
std::string read_sequences_text();

} // namespace pgteal::replication
