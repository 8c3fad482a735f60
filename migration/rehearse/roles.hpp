// Roles that rehearsed statements make: they live outside the scratch database, so each is marked for the
// sweep.
#pragma once

#include <string>

#include "migration/rehearse/server_wide.hpp"
#include "migration/session.hpp"

namespace pgteal::migration::rehearse {

/// "" when the statement may be run; else why not, for people: it would change the server, and with it more
/// than the scratch database.
std::string why_not(pqxx::transaction_base& work, const std::string& statement);

/// Marks the roles that `work` has made and not committed yet: those that `outside` can't see.
void mark_new_roles(pqxx::transaction_base& work, Session& outside, const std::string& scratch);

} // namespace pgteal::migration::rehearse
