#include <algorithm>

#include "base/error.hpp"
#include "health/schema/schema_changers.hpp"
#include "health/schema/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

using postgres::Params;
using postgres::Result;

Task<Result> rows(postgres::Connection& connection, std::string text, Deadline deadline) {
    Params none;
    auto result = co_await connection.exec(std::move(text), std::move(none), deadline);
    co_return result;
}

bool installed(const DatabaseFacts& facts, const std::string& extension) {
    return std::any_of(facts.extensions.begin(), facts.extensions.end(),
                       [&extension](const auto& one) { return one.name == extension; });
}

/// The schema of an extension's relation, quoted; "" when the extension has none of that name. Anybody may
/// make a table called like it elsewhere.
Task<std::string> schema_of(postgres::Connection& connection, std::string extension, std::string relation,
                            Deadline deadline) {
    const std::string text =
        "SELECT n.nspname FROM pg_catalog.pg_extension e"
        "  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid "
        "= "
        "e.oid AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::regclass"
        "  JOIN pg_catalog.pg_class c ON c.oid = d.objid JOIN pg_catalog.pg_namespace n ON n.oid = "
        "c.relnamespace"
        " WHERE e.extname = " +
        postgres::quote_literal(extension) + " AND c.relname = " + postgres::quote_literal(relation);
    const auto found = co_await rows(connection, text, deadline);
    co_return found.empty() ? std::string{} : postgres::quote_identifier(std::string(found.text(0, 0)));
}

constexpr const char* partition_words = R"('\mpartition\s+of\M|\m(at|de)tach\s+partition\M')";

Task<void> read_statements(postgres::Connection& connection, DatabaseFacts& facts, Deadline deadline) {
    const auto schema = co_await schema_of(connection, "pg_stat_statements", "pg_stat_statements", deadline);
    if (schema.empty()) {
        co_return;
    }
    const std::string text =
        "SELECT DISTINCT r.rolname, left(regexp_replace(s.query, '\\s+', ' ', 'g'), 100) AS statement\n"
        "  FROM " +
        schema +
        ".pg_stat_statements s\n"
        "  JOIN pg_catalog.pg_database d ON d.oid = s.dbid AND d.datname = pg_catalog.current_database()\n"
        "  JOIN pg_catalog.pg_roles r ON r.oid = s.userid\n"
        " WHERE s.query ~* '^\\s*(create|alter)\\M' AND s.query ~* " +
        partition_words + "\n ORDER BY 1, 2 LIMIT 20";
    try {
        const auto found = co_await rows(connection, text, deadline);
        for (int i = 0; i < found.rows(); ++i) {
            facts.changes.push_back(
                {"pg_stat_statements", std::string(found.text(i, 0)), std::string(found.text(i, 1))});
        }
    } catch (const ServerError& error) {
        // Installed, but not loaded by this server: then it has recorded nothing.
        if (error.sqlstate() != "55000") {
            throw;
        }
    }
}

Task<void> read_jobs(postgres::Connection& connection, DatabaseFacts& facts, Deadline deadline) {
    const auto schema = co_await schema_of(connection, "pg_cron", "job", deadline);
    if (schema.empty()) {
        co_return;
    }
    const std::string text = "SELECT jobid, username, command FROM " + schema +
                             ".job WHERE active AND database = pg_catalog.current_database() ORDER BY jobid";
    const auto found = co_await rows(connection, text, deadline);
    for (int i = 0; i < found.rows(); ++i) {
        facts.changes.push_back({"pg_cron job " + std::string(found.text(i, 0)),
                                 std::string(found.text(i, 1)), std::string(found.text(i, 2))});
    }
}

} // namespace

Task<void> read_schema_changers(postgres::Connection& connection, DatabaseFacts& facts, Deadline deadline) {
    const auto changers = co_await rows(connection, std::string(sql::schema_changers), deadline);
    for (int i = 0; i < changers.rows(); ++i) {
        const auto text = [&changers, i](std::string_view column) {
            return std::string(changers.text(i, changers.column(column)));
        };
        facts.changers.push_back({text("name"), text("how"), text("through"), changers.get<bool>(i, "makes"),
                                  changers.get<std::vector<std::string>>(i, "tables")});
    }
    if (installed(facts, "pg_stat_statements")) {
        co_await read_statements(connection, facts, deadline);
    }
    if (installed(facts, "pg_cron")) {
        co_await read_jobs(connection, facts, deadline);
    }
    const auto shared = co_await rows(
        connection,
        "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE usename = session_user AND datname = "
        "pg_catalog.current_database() AND backend_type = 'client backend' AND application_name !~ '^pgteal' "
        "AND pid <> pg_catalog.pg_backend_pid() LIMIT 1",
        deadline);
    facts.shares_login = !shared.empty();
    facts.partman = co_await schema_of(connection, "pg_partman", "part_config", deadline);
    const auto strangers = co_await rows(connection, std::string(sql::own_schema), deadline);
    facts.stranger = strangers.empty() ? "" : std::string(strangers.text(0, 0));
}

} // namespace pgteal::health
