// Questions that only a change would answer, asked in a transaction that is always rolled back.
#include "health/reach.hpp"
#include "postgres/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

using postgres::quote_literal;

/// A server logs a failing statement in full, and monitoring extensions keep texts: a connection string must
/// not end up there. Placeholders of extensions that are not loaded are harmless. log_statement acts before a
/// statement runs, so these go ahead in a message of their own.
constexpr std::string_view keep_out_of_logs = R"(BEGIN READ WRITE;
SET LOCAL log_statement = 'none';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL log_min_duration_sample = -1;
SET LOCAL log_transaction_sample_rate = 0;
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL pg_stat_statements.track = 'none';
SET LOCAL pgaudit.log = 'none';)";

/// Returns what the server said against `sql`; "" when it took it. Nothing stays either way.
Task<std::string> try_statement(postgres::Connection& connection, std::string sql, Deadline deadline) {
    std::string begin(keep_out_of_logs);
    co_await connection.script(std::move(begin), deadline);
    std::string problem;
    try {
        co_await connection.script(std::move(sql), deadline);
    } catch (const ServerError& error) {
        problem = error.what();
    }
    std::string rollback = "ROLLBACK";
    co_await connection.script(std::move(rollback), deadline);
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
        auto session = co_await from.session("", deadline);
        std::string sql = subscription(peer);
        problem = co_await try_statement(*session, std::move(sql), deadline);
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

Task<LocaleTrial> try_locale(postgres::Server& green, DatabaseRow row, Deadline deadline) {
    LocaleTrial trial;
    trial.database = row.name;
    auto session = co_await green.session("", deadline);
    std::string sql = collation(row);
    trial.problem = co_await try_statement(*session, std::move(sql), deadline);
    co_return trial;
}

} // namespace pgteal::health
