// What a role is, in few letters: enough to see that it changed, and no secret.
#pragma once

#include <map>
#include <string>

#include "replication/clone/roles.hpp"

namespace pgteal::cutover {

std::string digest_of(const std::string& text);
/// Of attributes, password, expiry, comment, settings and memberships, by name.
std::map<std::string, std::string> digests_of(const replication::Roles& roles);

} // namespace pgteal::cutover
