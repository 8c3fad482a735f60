#include "health/serve/probe.hpp"

#include "base/error.hpp"
#include "postgres/connection.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

struct Seen {
    std::string system_identifier;
    bool read_only = true;
    bool refused = false; ///< the role may not call the function
};

/// How long a write waits for a lock on pgteal.probe: no client may hold one, only a superuser.
constexpr const char* lock_patience = "2s";

/// One message of the simple protocol, so that a transaction pooler need not keep anything for us between two
/// messages. A session of a pooler's has the database's search_path, or what its last client left.
Task<std::vector<postgres::Result>> transact(postgres::Connection* connection, std::string sql,
                                             Deadline deadline) {
    std::string text = "BEGIN; SET LOCAL search_path = ''; " + std::move(sql) + "; COMMIT";
    std::exception_ptr error;
    try {
        auto results = co_await connection->script(std::move(text), deadline);
        co_return results;
    } catch (const ServerError&) {
        error = std::current_exception();
    }
    std::string rollback = "ROLLBACK";
    co_await connection->script(std::move(rollback), deadline);
    std::rethrow_exception(error);
}

Task<Seen> ask(postgres::Connection& connection, std::string sql, Deadline deadline) {
    Seen seen;
    try {
        const auto results = co_await transact(&connection, std::move(sql), deadline);
        const auto& rows = results.at(2);
        if (!rows.empty()) {
            seen.system_identifier = std::string(rows.text(0, 0));
            seen.read_only = rows.text(0, 1) == "on";
        }
    } catch (const ServerError& error) {
        if (error.code() != ErrorCode::privilege) {
            throw;
        }
        seen.refused = true;
    }
    co_return seen;
}

/// Throws Error(conflict).
Task<void> name_the_blocker(postgres::Connection* connection, std::string label, std::string entry,
                            Deadline deadline) {
    std::string sql =
        "SELECT a.pid, a.usename, a.application_name, l.mode FROM pg_locks l JOIN pg_stat_activity a ON "
        "a.pid "
        "= l.pid WHERE l.granted AND l.relation = 'pgteal.probe'::regclass AND l.mode IN "
        "('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND l.database = "
        "(SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) ORDER BY a.xact_start LIMIT "
        "1";
    const auto results = co_await transact(connection, std::move(sql), deadline);
    const auto& rows = results.at(2);
    const std::string who =
        rows.empty()
            ? "somebody"
            : "pid " + std::string(rows.text(0, 0)) + " (role " + std::string(rows.text(0, 1)) + ", app \"" +
                  std::string(rows.text(0, 2)) + "\", " + std::string(rows.text(0, 3)) + ")";
    throw Error(ErrorCode::conflict, label,
                "entry " + entry + " could not be tried with a write: " + who +
                    " holds a lock on pgteal.probe. Clients don't use that table",
                rows.empty() ? "run pgteal resume"
                             : "end it there: SELECT pg_terminate_backend(" + std::string(rows.text(0, 0)) +
                                   "); then run pgteal resume");
}

/// Whether the row was committed; false when the server answered that it is read-only (25006).
Task<bool> write_row(postgres::Connection* connection, std::string label, std::string entry,
                     Deadline deadline) {
    const auto token = std::chrono::duration_cast<std::chrono::microseconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
    std::string sql = std::string("SET LOCAL lock_timeout = '") + lock_patience +
                      "'; INSERT INTO pgteal.probe (entry, token) VALUES (" + postgres::quote_literal(entry) +
                      ", " + postgres::quote_literal(std::to_string(token)) + ")";
    std::string refusal;
    try {
        co_await transact(connection, std::move(sql), deadline);
    } catch (const ServerError& error) {
        refusal = error.sqlstate();
        if (refusal != "25006" && refusal != "55P03") {
            throw;
        }
    }
    if (refusal == "55P03") {
        co_await name_the_blocker(connection, std::move(label), std::move(entry), deadline);
    }
    co_return refusal.empty();
}

} // namespace

Task<ProbeResult> probe(postgres::Dsn entry, std::string label, bool write, Deadline deadline) {
    const auto begun = Clock::now();
    const std::string name = entry.get("dbname").value_or("");
    // PgBouncer refuses the startup parameter `options`, and nothing here may lift a fence.
    auto connection = co_await postgres::Connection::open(entry.with("options", ""), label, deadline);
    ProbeResult result;
    // Any role may call pg_control_system() unless an administrator took that away; then our own row knows.
    std::string control =
        "SELECT system_identifier::text, pg_catalog.current_setting('transaction_read_only') FROM "
        "pg_catalog.pg_control_system()";
    Seen seen = co_await ask(connection, std::move(control), deadline);
    if (seen.refused) {
        std::string row =
            "SELECT system_identifier, pg_catalog.current_setting('transaction_read_only') FROM pgteal.run";
        seen = co_await ask(connection, std::move(row), deadline);
    }
    result.system_identifier = seen.system_identifier;
    result.read_only = seen.read_only;
    if (write) {
        result.wrote = co_await write_row(&connection, label, name, deadline);
        result.read_only = !result.wrote;
    }
    result.time = Clock::now() - begun;
    co_return result;
}

} // namespace pgteal::health
