#include "health/probe.hpp"

#include "postgres/connection.hpp"
#include "postgres/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

struct Seen {
    std::string system_identifier;
    bool read_only = true;
    bool refused = false; ///< the role may not call the function
};

/// One message of the simple protocol, so that a transaction pooler need not keep anything for us between two
/// messages.
Task<Seen> ask(postgres::Connection& connection, std::string sql, Deadline deadline) {
    Seen seen;
    try {
        const auto results = co_await connection.script(std::move(sql), deadline);
        const auto& rows = results.back();
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

/// Whether the row was committed; false when the server answered that it is read-only (25006).
Task<bool> write_row(postgres::Connection& connection, std::string sql, Deadline deadline) {
    try {
        co_await connection.script(std::move(sql), deadline);
    } catch (const ServerError& error) {
        if (error.sqlstate() != "25006") {
            throw;
        }
        co_return false;
    }
    co_return true;
}

} // namespace

Task<ProbeResult> probe(postgres::Dsn entry, std::string label, bool write, Deadline deadline) {
    const auto begun = Clock::now();
    const std::string name = entry.get("dbname").value_or("");
    // PgBouncer refuses the startup parameter `options`, and nothing here may lift a fence.
    auto connection =
        co_await postgres::Connection::open(entry.with("options", ""), std::move(label), deadline);
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
        const auto token = std::chrono::duration_cast<std::chrono::microseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
        std::string sql = "INSERT INTO pgteal.probe (entry, token) VALUES (" + postgres::quote_literal(name) +
                          ", " + postgres::quote_literal(std::to_string(token)) +
                          ") ON CONFLICT (entry) DO UPDATE SET token = excluded.token";
        result.wrote = co_await write_row(connection, std::move(sql), deadline);
        result.read_only = !result.wrote;
    }
    result.ms = to_ms(Clock::now() - begun);
    co_return result;
}

} // namespace pgteal::health
