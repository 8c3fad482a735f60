#include "replication/clone/roles.hpp"

#include "base/error.hpp"
#include "replication/clone/sql.hpp"

namespace pgteal::replication {

namespace {

Role role_of(const postgres::Result& result, int row) {
    Role role;
    role.name = result.get<std::string>(row, "name");
    role.superuser = result.get<bool>(row, "superuser");
    role.inherit = result.get<bool>(row, "inherit");
    role.create_role = result.get<bool>(row, "create_role");
    role.create_db = result.get<bool>(row, "create_db");
    role.login = result.get<bool>(row, "login");
    role.replication = result.get<bool>(row, "replication");
    role.bypass_rls = result.get<bool>(row, "bypass_rls");
    role.connection_limit = result.get<int>(row, "connection_limit");
    role.password = result.get<std::string>(row, "password");
    role.valid_until = result.get<std::string>(row, "valid_until");
    role.comment = result.get<std::string>(row, "comment");
    return role;
}

void read_attributes(Roles& roles, const postgres::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
        if (result.get<bool>(row, "bootstrap")) {
            roles.bootstrap_role = role_of(result, row);
            roles.bootstrap = roles.bootstrap_role.name;
        } else {
            roles.roles.push_back(role_of(result, row));
        }
    }
}

Role* find_role(Roles& roles, const std::string& name) {
    if (name == roles.bootstrap) {
        return &roles.bootstrap_role;
    }
    for (Role& role : roles.roles) {
        if (role.name == name) {
            return &role;
        }
    }
    return nullptr;
}

/// Rows come ordered by role and database.
void read_settings(Roles& roles, const postgres::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
        const auto name = result.get<std::string>(row, "role");
        const auto database = result.get<std::string>(row, "database");
        std::pair entry{result.get<std::string>(row, "name"), result.get<std::string>(row, "value")};
        if (name.empty()) {
            roles.settings_for_all.push_back(std::move(entry));
            continue;
        }
        Role* const role = find_role(roles, name);
        if (role == nullptr) {
            continue; // a predefined role
        }
        if (database.empty()) {
            role->settings.push_back(std::move(entry));
            continue;
        }
        auto& groups = role->database_settings;
        if (groups.empty() || groups.back().first != database) {
            groups.push_back({database, {}});
        }
        groups.back().second.push_back(std::move(entry));
    }
}

void read_memberships(Roles& roles, const postgres::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
        roles.memberships.push_back({result.get<std::string>(row, "role"),
                                     result.get<std::string>(row, "member"),
                                     result.get<std::string>(row, "grantor"), result.get<bool>(row, "admin"),
                                     result.get<bool>(row, "inherit"), result.get<bool>(row, "set")});
    }
}

} // namespace

Task<Roles> read_roles(postgres::Server& server, Deadline deadline) {
    auto session = co_await server.session("", deadline);
    const auto results = co_await session->script(std::string(sql::roles), deadline);
    if (results.size() != 3) {
        throw Error(ErrorCode::internal, server.name(), "reading roles gave an unexpected number of results");
    }
    Roles roles;
    roles.version = session->server_version();
    read_attributes(roles, results[0]);
    read_settings(roles, results[1]);
    read_memberships(roles, results[2]);
    co_return roles;
}

} // namespace pgteal::replication
