// What a database is beside its contents: owner, privileges, settings, comment, and roles' settings in it.
// None of it is replicated, and no event trigger fires when it changes.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "cutover/gate.hpp"

namespace pgteal::cutover {

/// As the statements that would make it so.
using DatabaseState = std::set<std::string>;

Task<DatabaseState> read_database_state(postgres::Server* server, std::string database, Deadline deadline);

/// Pure. What changed on the side that serves since it was recorded, and is not so on the other side.
std::optional<Refusal> judge_database_state(const std::string& database, const Move& move,
                                            const DatabaseState& recorded, const DatabaseState& from,
                                            const DatabaseState& to);
/// The same, read now and from the journal.
Task<std::optional<Refusal>> changed_database(Context* context, Move move, std::string database,
                                              Deadline deadline);

} // namespace pgteal::cutover
