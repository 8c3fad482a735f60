#include "postgres/secret.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::postgres {

namespace {

/// Gives one row: the settings that are not as they have to be. What fails in a block of PL/pgSQL is logged
/// with its text as context, whatever log_min_error_statement says.
constexpr const char* draw_the_curtain = R"(SET track_activities = off; SET log_min_messages = fatal;
SELECT pg_catalog.string_agg(pg_catalog.concat(name, ' = ', setting), ', ')
  FROM (VALUES ('log_statement', 'none'), ('log_min_duration_statement', '-1'), ('log_min_duration_sample', '-1'),
               ('log_transaction_sample_rate', '0'), ('log_min_error_statement', 'panic'), ('log_min_messages', 'fatal'),
               ('track_activities', 'off'), ('debug_print_parse', 'off'), ('debug_print_rewritten', 'off'),
               ('debug_print_plan', 'off'), ('pg_stat_statements.track', 'none'), ('pgaudit.log', 'none'),
               ('auto_explain.log_min_duration', '-1')) AS wanted (name, value),
       LATERAL (SELECT pg_catalog.current_setting(name, true)) AS now (setting)
 WHERE setting IS DISTINCT FROM value)";
constexpr const char* open_the_curtain = "RESET track_activities; RESET log_min_messages";

/// What keeps a secret from staying one there; "" when nothing does.
Task<std::string> try_to_hide(Connection* connection, Deadline deadline) {
    std::string problem;
    try {
        const auto seen = co_await connection->script(draw_the_curtain, deadline);
        problem = seen.back().get<std::optional<std::string>>(0, 0).value_or("");
    } catch (const ServerError& error) {
        problem = error.what();
    }
    co_return problem;
}

} // namespace

bool holds_secret(const SqlText& text, const Bindings& bindings) {
    const auto names = text.needs();
    return std::any_of(names.begin(), names.end(), [&bindings](const std::string& name) {
        const auto found = bindings.find(name);
        return found != bindings.end() && found->second.secret;
    });
}

Task<std::vector<Result>> secret_script(Server& server, std::string database, std::string sql,
                                        Deadline deadline) {
    auto session = co_await server.session(std::move(database), deadline);
    const auto problem = co_await try_to_hide(&*session, deadline);
    if (!problem.empty()) {
        session->close();
        throw Error(ErrorCode::privilege, server.name(),
                    "a statement with a secret was not sent to " + server.name() +
                        ", since the server might log it or show it: " + problem,
                    "on " + server.name() + ", as a superuser: ALTER ROLE " +
                        quote_identifier(server.dsn().get("user").value_or("pgteal")) + " SUPERUSER;");
    }
    std::vector<Result> results;
    std::exception_ptr error;
    try {
        results = co_await session->script(std::move(sql), deadline);
    } catch (...) {
        error = std::current_exception();
    }
    if (session->usable() && session->in_transaction()) {
        co_await session->script("ROLLBACK", deadline);
    }
    if (session->usable()) {
        co_await session->script(open_the_curtain, deadline);
    }
    if (error) {
        std::rethrow_exception(error);
    }
    co_return results;
}

} // namespace pgteal::postgres
