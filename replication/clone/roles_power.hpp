// Who would become more on the target than they are on the source: roles go by their names, and a name may
// stand there for somebody else.
#pragma once

#include <map>
#include <string>

#include "replication/clone/roles_changes.hpp"

namespace pgteal::replication {

/// Pure. Roles of `source` that would have, once plan_roles() is carried out, what they don't have on
/// `source`: a superuser's rights, or those of a predefined role that reaches files and programs, by what
/// they are, belong to or may belong to (SET ROLE, ADMIN); and roles that are superusers on `target` only.
/// With `changes`: of the roles that changed, once with_changes() is; then any predefined role counts, and a
/// migration's grants count as well. Up to 15 a membership gives all that it can; from 16 on not with SET,
/// INHERIT and ADMIN off. Role -> why, in words.
std::map<std::string, std::string> stronger_roles(const Roles& source, const Roles& target,
                                                  const std::string& keep,
                                                  const RoleChanges* changes = nullptr);

} // namespace pgteal::replication
