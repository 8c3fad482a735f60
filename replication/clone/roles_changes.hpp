// Of a role that changes in a run, only what changed is carried: the rest may be a migration's, or can't be
// said on an older server.
#pragma once

#include <map>
#include <set>
#include <string>

#include "replication/clone/roles.hpp"

namespace pgteal::replication {

/// What is not as it is of a new role, by its part: "CREATEDB", "PASSWORD" (as stored; secret), "IN <group>"
/// ... Without settings, which no run carries to a role that both sides have.
using RoleParts = std::map<std::string, std::string>;
/// By role.
std::map<std::string, RoleParts> parts_of(const Roles& roles);

struct RoleChange {
    bool whole = false; ///< nothing was known of it: all of it counts, and what the target's has besides goes
    std::set<std::string> parts;
};
using RoleChanges = std::map<std::string, RoleChange>; ///< by role

/// Pure. The target's roles once `changes` of the source are carried to it; plan_roles() from there leads to
/// it. A membership's options that a server up to 15 does not know stay as the target has them, and one that
/// gives nothing is not made there, where it would give all. `left_out`: what could not be carried, and why.
Roles with_changes(const Roles& source, const Roles& target, const RoleChanges& changes,
                   std::set<std::string>* left_out = nullptr);

} // namespace pgteal::replication
