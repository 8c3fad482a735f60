// Questions that only a change would answer, asked in a transaction that is always rolled back.
#include "base/error.hpp"
#include "health/checks/reach.hpp"
#include "health/checks/sql.hpp"
#include "postgres/quote.hpp"
#include "postgres/secret.hpp"

namespace pgteal::health {

namespace {

using postgres::quote_literal;

/// Returns what the server said against `sql`; "" when it took it. Nothing stays either way.
Task<std::string> try_statement(postgres::Server* server, std::string sql, Deadline deadline) {
    std::string text = "BEGIN READ WRITE; " + std::move(sql) + "; ROLLBACK";
    std::string problem;
    try {
        co_await postgres::secret_script(*server, "", std::move(text), deadline);
    } catch (const ServerError& error) {
        problem = error.what();
    }
    co_return problem;
}

std::string subscription(const postgres::Dsn& peer) {
    return "CREATE SUBSCRIPTION pgteal_trial CONNECTION " + quote_literal(peer.conninfo()) +
           " PUBLICATION pgteal_trial WITH (connect = true, create_slot = false, slot_name = NONE, enabled = "
           "false, copy_data = false)";
}

std::string collation(const DatabaseRow& row) {
    if (row.provider == "c") {
        return "CREATE COLLATION pg_temp.pgteal_trial (provider = libc, lc_collate = " +
               quote_literal(row.collate) + ", lc_ctype = " + quote_literal(row.ctype) + ")";
    }
    return std::string("CREATE COLLATION pg_temp.pgteal_trial (provider = ") +
           (row.provider == "i" ? "icu" : "builtin") + ", locale = " + quote_literal(row.locale) + ")";
}

} // namespace

Task<PeerTrial> try_peer(postgres::Server& from, std::string to, std::string peer_conninfo,
                         std::string database, Deadline deadline) {
    PeerTrial trial;
    trial.from = from.name();
    trial.to = std::move(to);
    std::string problem;
    try {
        auto peer = postgres::Dsn::parse(peer_conninfo).with_database(database);
        if (!peer.get("connect_timeout")) {
            peer = peer.with("connect_timeout", "5");
        }
        trial.address = peer.address();
        std::string sql = subscription(peer);
        problem = co_await try_statement(&from, std::move(sql), deadline);
    } catch (const Error& error) {
        problem = error.what();
    }
    const std::string prefix = "could not connect to the publisher: ";
    if (const auto at = problem.find(prefix); at != std::string::npos) {
        problem.erase(0, at + prefix.size());
    }
    trial.problem = without_secrets(std::move(problem), peer_conninfo);
    co_return trial;
}

Task<std::optional<std::set<MemberRow>>> try_extension(postgres::Server& green, ExtensionRow extension,
                                                       Deadline deadline) {
    const postgres::Params what{extension.name, extension.version, extension.schema};
    std::optional<std::set<MemberRow>> made;
    try {
        const auto there = co_await green.exec(
            "",
            "SELECT e.extversion = $2 AND n.nspname = $3 FROM pg_catalog.pg_extension e JOIN "
            "pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = $1",
            what, deadline);
        if (!there.empty() && !there.get<bool>(0, 0)) {
            co_return made; // another one, in the database where it would be tried
        }
        // The script looks things up in that schema: nobody's but superusers' may be found there.
        const postgres::Params where{extension.schema};
        const auto planted = co_await green.exec(
            "",
            "SELECT 1 FROM pg_catalog.pg_namespace n JOIN (SELECT pronamespace AS home, proowner AS owner "
            "FROM "
            "pg_catalog.pg_proc UNION ALL SELECT oprnamespace, oprowner FROM pg_catalog.pg_operator UNION "
            "ALL "
            "SELECT typnamespace, typowner FROM pg_catalog.pg_type UNION ALL SELECT relnamespace, relowner "
            "FROM "
            "pg_catalog.pg_class) o ON o.home = n.oid JOIN pg_catalog.pg_roles r ON r.oid = o.owner WHERE "
            "n.nspname = $1 AND NOT r.rolsuper LIMIT 1",
            where, deadline);
        if (!planted.empty()) {
            co_return made;
        }
        const auto schema = postgres::quote_identifier(extension.schema);
        std::string text = "BEGIN READ WRITE; SET LOCAL lock_timeout = '2s'; ";
        if (there.empty() && !extension.schema.starts_with("pg_")) {
            text += "CREATE SCHEMA IF NOT EXISTS " + schema + "; ";
        }
        if (there.empty()) {
            text += "CREATE EXTENSION " + postgres::quote_identifier(extension.name) + " SCHEMA " + schema +
                    " VERSION " + quote_literal(extension.version) + " CASCADE; ";
        }
        text += std::string(sql::extension_members) + " ROLLBACK";
        const auto results = co_await green.script("", std::move(text), deadline);
        made.emplace();
        for (const auto& rows : results) {
            for (int i = 0; i < rows.rows(); ++i) {
                MemberRow member{std::string(rows.text(i, 0)), std::string(rows.text(i, 1)),
                                 std::string(rows.text(i, 2))};
                if (member.extension == extension.name) {
                    made->insert(member.on_any_major());
                }
            }
        }
    } catch (const Error&) {
        made.reset(); // green doesn't have that version, or it wants to be loaded first
    }
    co_return made;
}

Task<LocaleTrial> try_locale(postgres::Server& green, DatabaseRow row, Deadline deadline) {
    LocaleTrial trial;
    trial.database = row.name;
    std::string sql = collation(row);
    trial.problem = co_await try_statement(&green, std::move(sql), deadline);
    co_return trial;
}

} // namespace pgteal::health
