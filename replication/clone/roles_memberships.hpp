// Which GRANTs and REVOKEs make the memberships of the target those of the source.
#pragma once

#include <string>
#include <vector>

#include "replication/clone/roles.hpp"

namespace pgteal::replication {

/// Pure; in an order in which each statement may run. Since 16 a grant has a grantor that must hold ADMIN
/// itself, and options (docs: GRANT on roles); up to 15 there is one grant for each role and member, and only
/// ADMIN. Memberships between roles that only the target has are left alone, as are those of `keep` and of
/// the bootstrap superusers.
std::vector<std::string> plan_memberships(const Roles& source, const Roles& target, const std::string& keep);

} // namespace pgteal::replication
