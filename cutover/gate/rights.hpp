// Roles, privileges and comments: tools make and drop them every hour, so they go on changing during a run.
// No lane carries them. What changed on the side that serves is done on the other one before clients are
// held, and once more after the switch.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/refusal.hpp"
#include "cutover/engine/context.hpp"
#include "replication/clone/roles_changes.hpp"

namespace pgteal::cutover {

/// What changed on `from` since it was recorded there and is not so on `to`, as statements. What `to` has
/// otherwise stays: migrations grant, too.
struct RightsPlan {
    std::vector<Action> actions;
    postgres::Bindings secrets;
    int roles = 0, privileges = 0, comments = 0;
    std::set<std::string> coming; ///< roles that are made or altered
    bool of_database = false;     ///< privileges on a database are among them
    std::set<std::string> left_out;
    std::vector<Refusal> refused; ///< privileges that can't be granted there, and would be missed
    boost::json::object from_now; ///< for the record: `from` as it was read
    boost::json::object to_then;  ///< and what is recorded of `to`, with what the actions change
};

struct RightsScope {
    bool comments = true;
    bool spared = false; ///< what fails is a warning
};

/// Changes nothing.
Task<RightsPlan> look_at_rights(Context* context, Move move, RightsScope scope, Deadline deadline);

/// What changed of roles since they were recorded: that is carried.
replication::RoleChanges changed_roles(const Journal& journal, Side side, const replication::Roles& now);

/// As a side is now, for the record: what changes after this is carried.
Task<boost::json::object> read_rights(Context* context, Side side, Deadline deadline);
void record_rights(Journal& journal, Side side, const boost::json::object& rights);
/// What the steps that carry them saw last (Executor::Results).
void record_carried_rights(Context* context);

} // namespace pgteal::cutover
