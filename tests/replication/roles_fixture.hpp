// Roles as servers have them, for tests without one.
#pragma once

#include <string>
#include <vector>

#include "replication/clone/roles.hpp"

namespace pgteal::replication {

inline Role role(const std::string& name) {
    Role result;
    result.name = name;
    return result;
}

inline Roles server(int version, std::vector<Role> roles, std::vector<Membership> memberships = {}) {
    Roles result;
    result.roles = std::move(roles);
    result.memberships = std::move(memberships);
    result.bootstrap = "postgres";
    result.bootstrap_role = role("postgres");
    result.bootstrap_role.superuser = true;
    result.version = version;
    return result;
}

} // namespace pgteal::replication
