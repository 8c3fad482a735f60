#include "migration/rehearse/drop_database.hpp"

#include "base/error.hpp"
#include "migration/rehearse/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::rehearse {

namespace {

using postgres::quote_identifier;
using postgres::quote_literal;

std::string drop_statement(const std::string& name) {
    return "DROP DATABASE IF EXISTS " + quote_identifier(name);
}

/// What the files, or a tool that ran them, left open. Somebody else's session is somebody's use of the
/// database: DROP DATABASE then refuses, never WITH (FORCE).
void end_own_sessions(Session& control, const std::string& name) {
    control.run(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = " +
        quote_literal(name) + " AND usename = session_user AND pid <> pg_catalog.pg_backend_pid()");
}

[[noreturn]] void still_there(const Session& control, const std::string& name, const Error& error,
                              const std::string& why) {
    throw Error(error.code(), control.side(),
                "scratch database " + name + " can't be dropped and is still on " + control.side() + ": " +
                    why,
                "Clients are not affected. See what holds it, then there, in another database: " +
                    drop_statement(name) + "; The next rehearsal tries again, too.");
}

/// A session in the database that nothing of its own stops: no event trigger fires for a replica.
Session enter(Session& control, const postgres::Dsn& dsn) {
    SessionSettings settings;
    settings.side = control.side();
    settings.lock_timeout = std::chrono::seconds(60);
    settings.statement_timeout = std::chrono::seconds(60); // DROP SUBSCRIPTION may call its publisher
    return {dsn, "migrate rehearse", settings};
}

void drop_subscriptions(Session& control, const postgres::Dsn& server, const std::string& name) {
    const auto found = control.run(bind(sql::subscriptions_in, {{"database", name}}));
    if (found.empty()) {
        return;
    }
    const auto database = "ALTER DATABASE " + quote_identifier(name);
    control.run(database + " WITH ALLOW_CONNECTIONS true CONNECTION LIMIT -1");
    control.run(database + " RESET ALL");
    auto inside = enter(control, server.with_database(name));
    for (const auto& row : found) {
        const auto subscription = quote_identifier(row.at(0).as<std::string>());
        inside.run("ALTER SUBSCRIPTION " + subscription + " DISABLE");
        inside.run("ALTER SUBSCRIPTION " + subscription + " SET (slot_name = NONE)");
        inside.run("DROP SUBSCRIPTION " + subscription);
    }
}

} // namespace

void drop_database(Session& control, const postgres::Dsn& server, const std::string& name) {
    try {
        const auto found = control.run("SELECT datistemplate FROM pg_catalog.pg_database WHERE datname = " +
                                       quote_literal(name));
        if (found.empty()) {
            return;
        }
        if (found.at(0).at(0).as<bool>()) {
            control.run("ALTER DATABASE " + quote_identifier(name) + " IS_TEMPLATE false");
        }
        drop_subscriptions(control, server, name);
        end_own_sessions(control, name);
        control.run(drop_statement(name));
    } catch (const ServerError& error) {
        const auto detail = error.detail().empty() ? "" : ". " + error.detail();
        still_there(control, name, error, error.what() + detail);
    } catch (const Error& error) {
        still_there(control, name, error, error.what());
    }
}

} // namespace pgteal::migration::rehearse
