// Statements that change more than the database they run in. A scratch database doesn't contain these.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pgteal::migration::rehearse {

struct ServerWide {
    enum class What {
        creates_roles, ///< may run: roles that a rehearsal makes are marked and dropped
        changes_roles, ///< may run when all of `roles` were made by a rehearsal
        never,         ///< databases, tablespaces, the server's settings, subscriptions
    };
    What what = What::never;
    std::vector<std::string> roles;
    bool tolerant = false; ///< DROP ROLE IF EXISTS: roles that aren't there don't matter
};

/// Pure; told by its keywords. Nothing for a statement whose effects end with its database (docs: "Shared
/// catalogs" are pg_authid, pg_database, pg_tablespace and the like).
std::optional<ServerWide> server_wide(const std::string& statement);

/// Pure. DO, CALL, SELECT, WITH, VALUES, EXPLAIN, EXECUTE: runs code that may do anything.
bool runs_code(const std::string& statement);

/// Pure. DO, CALL, SELECT and CREATE ROLE: may have made roles.
bool may_make_roles(const std::string& statement);

} // namespace pgteal::migration::rehearse
