// A database as blue has it, and how to make it on green.
#include "base/error.hpp"
#include "catalog/setting_text.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/clone.hpp"
#include "replication/clone/sql.hpp"

namespace pgteal::replication {

namespace {

using postgres::quote_identifier;
using postgres::Statement;

std::string grantee_name(const std::string& grantee) {
    return grantee.empty() ? "PUBLIC" : quote_identifier(grantee);
}

/// From nothing at all to what `acl` lists: PUBLIC and the owner hold default privileges until they are
/// taken.
std::vector<std::string> grants_of(const std::string& database, const std::string& owner,
                                   const postgres::Result& acl) {
    const std::string on = " ON DATABASE " + quote_identifier(database);
    std::vector<std::string> grants{"REVOKE ALL" + on + " FROM PUBLIC, " + quote_identifier(owner)};
    for (int row = 0; row < acl.rows(); ++row) {
        grants.push_back("GRANT " + acl.get<std::string>(row, "privilege") + on + " TO " +
                         grantee_name(acl.get<std::string>(row, "grantee")) +
                         (acl.get<bool>(row, "grantable") ? " WITH GRANT OPTION" : ""));
    }
    return grants;
}

DatabaseProperties properties_of(const postgres::Result& row) {
    DatabaseProperties properties;
    properties.name = row.get<std::string>(0, "name");
    properties.owner = row.get<std::string>(0, "owner");
    properties.encoding = row.get<std::string>(0, "encoding");
    properties.collate = row.get<std::string>(0, "collate");
    properties.ctype = row.get<std::string>(0, "ctype");
    properties.provider = row.get<std::string>(0, "provider");
    properties.icu_locale = row.get<std::string>(0, "locale");
    properties.icu_rules = row.get<std::string>(0, "icu_rules");
    properties.connection_limit = row.get<int>(0, "connection_limit");
    properties.comment = row.get<std::string>(0, "comment");
    const auto tablespace = row.get<std::string>(0, "tablespace");
    properties.tablespace = tablespace == "pg_default" ? "" : tablespace;
    return properties;
}

std::string provider_clause(const DatabaseProperties& properties, int target_version) {
    if (properties.provider == "i") {
        return " LOCALE_PROVIDER icu ICU_LOCALE " + postgres::quote_literal(properties.icu_locale) +
               (properties.icu_rules.empty() ? ""
                                             : " ICU_RULES " + postgres::quote_literal(properties.icu_rules));
    }
    if (properties.provider == "b") {
        return " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + postgres::quote_literal(properties.icu_locale);
    }
    // Named even though it is libc: template0 may have another one.
    return target_version >= 150000 ? " LOCALE_PROVIDER libc" : "";
}

} // namespace

Task<DatabaseProperties> read_database(postgres::Server& server, std::string database, Deadline deadline) {
    const postgres::Params name{database};
    auto session = co_await server.session("", deadline);
    const auto found = co_await session->exec(std::string(sql::database), name, deadline);
    if (found.empty()) {
        throw Error(ErrorCode::config, server.name(),
                    "there is no database " + database + " on " + server.name(),
                    "Compare the [[database]] names in the config with psql --list.");
    }
    DatabaseProperties properties = properties_of(found);
    const auto settings = co_await session->exec(std::string(sql::database_settings), name, deadline);
    for (int row = 0; row < settings.rows(); ++row) {
        properties.settings.emplace_back(settings.get<std::string>(row, "name"),
                                         settings.get<std::string>(row, "value"));
    }
    if (found.get<bool>(0, "has_acl")) {
        const auto acl = co_await session->exec(std::string(sql::database_acl), name, deadline);
        properties.grants = grants_of(database, properties.owner, acl);
    }
    co_return properties;
}

std::vector<Statement> create_database(const DatabaseProperties& properties, int target_version,
                                       const postgres::SqlText& as) {
    const postgres::SqlText name = as.empty() ? postgres::SqlText(quote_identifier(properties.name)) : as;
    std::vector<Statement> statements;
    const auto add = [&statements](postgres::SqlText text) {
        statements.push_back({"", std::move(text), {}});
    };
    postgres::SqlText create =
        "CREATE DATABASE " + name + " TEMPLATE template0 OWNER " + quote_identifier(properties.owner) +
        " ENCODING " + postgres::quote_literal(properties.encoding) + " LC_COLLATE " +
        postgres::quote_literal(properties.collate) + " LC_CTYPE " +
        postgres::quote_literal(properties.ctype) + provider_clause(properties, target_version);
    if (!properties.tablespace.empty()) {
        create += " TABLESPACE " + quote_identifier(properties.tablespace);
    }
    if (properties.connection_limit != -1) {
        create += " CONNECTION LIMIT " + std::to_string(properties.connection_limit);
    }
    add(std::move(create));
    for (const auto& [variable, value] : properties.settings) {
        add("ALTER DATABASE " + name + " SET " + postgres::setting_text(variable, value));
    }
    if (as.empty()) {
        for (const std::string& grant : properties.grants) {
            add(grant);
        }
    }
    if (!properties.comment.empty()) {
        add("COMMENT ON DATABASE " + name + " IS " + postgres::hidden_literal("comment", properties.comment));
    }
    return statements;
}

} // namespace pgteal::replication
