// Roles live outside databases and are never replicated: green gets blue's, passwords and all, before the
// schema is restored.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

struct Role {
    std::string name;
    bool superuser = false, inherit = true, create_role = false, create_db = false, login = false,
         replication = false, bypass_rls = false;
    int connection_limit = -1;
    std::string password;    ///< rolpassword as stored (a SCRAM verifier or md5 hash); secret
    std::string valid_until; ///< "" = never
    std::vector<std::pair<std::string, std::string>> settings; ///< ALTER ROLE … SET (all databases)
    std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>>
        database_settings; ///< IN DATABASE …
    std::string comment;
};
/// As CREATE ROLE names them; NO before it turns one off.
inline constexpr std::array<std::pair<const char*, bool Role::*>, 7> role_flags{{
    {"SUPERUSER", &Role::superuser},
    {"INHERIT", &Role::inherit},
    {"CREATEROLE", &Role::create_role},
    {"CREATEDB", &Role::create_db},
    {"LOGIN", &Role::login},
    {"REPLICATION", &Role::replication},
    {"BYPASSRLS", &Role::bypass_rls},
}};
/// VALID UNTIL can be set to 'infinity', but not back to nothing; both mean never.
std::string expiry(const Role& role);

struct Membership {
    std::string role, member, grantor;
    bool admin = false, inherit = true, set = true;
};
struct Roles {
    std::vector<Role> roles; ///< without pg_* and the bootstrap superuser (oid 10), sorted by name
    std::vector<Membership> memberships;
    std::string bootstrap; ///< name of oid 10
    Role bootstrap_role; ///< made on a target whose bootstrap superuser has another name: objects may belong
                         ///< to it
    std::vector<std::pair<std::string, std::string>> settings_for_all; ///< ALTER ROLE ALL SET …
    int version = 0; ///< of the server, as 150020: grants of membership have options from 16 on
};
inline constexpr int grants_have_options = 160000;
/// Needs superuser (pg_authid). Throws ServerError(42501).
Task<Roles> read_roles(postgres::Server& server, Deadline deadline);

/// Pure. What has to run on the target so that each role of `source` exists there with the same attributes,
/// password and settings. Passwords appear as :'password_<n>' bindings, returned beside (secret). Roles that
/// only the target has are left alone; `keep` (pgteal's own login) and the bootstrap superuser are not
/// altered. `created` lists roles that did not exist.
struct RolePlan {
    std::vector<postgres::Statement> statements;
    postgres::Bindings secrets;
    std::vector<std::string> created;
    int differing = 0;
};
RolePlan plan_roles(const Roles& source, const Roles& target, const std::string& keep);
/// ALTER ROLE … IN DATABASE … SET, to be run once the databases exist. default_transaction_read_only is kept
/// as blue has it.
std::vector<postgres::Statement> plan_database_settings(const Roles& source,
                                                        const std::vector<std::string>& databases);
/// DROP ROLE for roles that pgteal made. Those on which something else depends by now stay; gives binding
/// roles_left, their names in one text.
postgres::Statement drop_roles(const std::vector<std::string>& names);

} // namespace pgteal::replication
