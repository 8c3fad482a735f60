// What a role is, in few letters: enough to see what of it changed, and no secret.
#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "replication/clone/roles_changes.hpp"

namespace pgteal::cutover {

std::string digest_of(const std::string& text);
/// Role -> part (see replication::parts_of()) -> digest.
boost::json::object role_digests(const replication::Roles& roles);
/// Pure. What is not as `recorded`.
replication::RoleChanges changes_since(const boost::json::object& recorded, const replication::Roles& now);
/// Pure. Notes in `recorded` that these changes are so, by `after`, which has them.
void note_changes(boost::json::object* recorded, const replication::RoleChanges& changes,
                  const replication::Roles& after);

} // namespace pgteal::cutover
