// What a database is beside its contents: owner, privileges, settings, comment, and roles' settings, in it
// and everywhere. None of it is replicated, and no event trigger fires when it changes.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "cutover/gate/gate.hpp"

namespace pgteal::cutover {

/// As the statements that would make it so.
using DatabaseState = std::set<std::string>;

/// Without settings of our own role, and of roles that are not among `known`, if that is given.
Task<DatabaseState> read_database_state(postgres::Server* server, std::string database, Deadline deadline,
                                        const std::set<std::string>* known = nullptr);

/// What keeps clients from writing, or changes what they live with.
struct StateChange {
    Refusal refusal;
    bool read_only = false; ///< no client whom it concerns could write
};
/// Pure. Without privileges and comments, which are carried (rights.hpp).
DatabaseState without_rights(DatabaseState state);
/// Pure. What changed on the side that serves since it was recorded, and is not so on the other side; and
/// which settings of the other side are not as they were recorded there, and not so on the side that serves.
/// That a client may not write goes first, recorded or not.
std::optional<StateChange> judge_database_state(const std::string& database, const Move& move,
                                                const DatabaseState& recorded_from,
                                                const DatabaseState& recorded_to, const DatabaseState& from,
                                                const DatabaseState& to);
/// The same, read now and held against what the journal remembers. Privileges, comments, and roles that `to`
/// has not yet are carried.
Task<std::optional<StateChange>> changed_database(Estate* estate, const Journal* journal, Move move,
                                                  std::string database, Deadline deadline);

} // namespace pgteal::cutover
