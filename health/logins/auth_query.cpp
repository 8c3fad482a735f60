#include "health/logins/auth_query.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

using postgres::quote_literal;

/// As auth_user has it when PgBouncer logs him in: the first of what is set for him here, for him, for the
/// database, for all, in the server's file.
constexpr const char* path_text = R"(coalesce(
    (SELECT substr(c, 13) FROM pg_db_role_setting s, unnest(s.setconfig) c
      WHERE s.setrole IN (0, (SELECT r.oid FROM pg_roles r WHERE r.rolname = :user))
        AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
        AND starts_with(c, 'search_path=') ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1),
    (SELECT f.setting FROM pg_file_settings f WHERE f.name = 'search_path' AND f.applied LIMIT 1), '"$user", public'))";

/// From its second statement on everything is auth_user's to run.
constexpr const char* function_text =
    R"(CREATE FUNCTION pg_temp.pgteal_ask(query text, path text, asked text[])
RETURNS TABLE (who text, digest text) LANGUAGE plpgsql SECURITY DEFINER AS $ask$
DECLARE
  one text;
  named text;
  secret text;
BEGIN
  PERFORM pg_catalog.set_config('row_security', 'on', true);
  PERFORM pg_catalog.set_config('search_path', path, true);
  FOREACH one IN ARRAY asked LOOP
    named := NULL;
    secret := NULL;
    EXECUTE query INTO named, secret USING one;
    IF named IS NOT NULL THEN
      who := one;
      digest := pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(secret, ''), 'UTF8')), 'hex');
      RETURN NEXT;
    END IF;
  END LOOP;
END $ask$;
)";

std::string script_for(const AuthQuery& query) {
    std::string path = path_text;
    path.replace(path.find(":user"), 5, quote_literal(query.auth_user));
    std::string users = quote_literal(query.auth_user);
    for (const auto& user : query.users) {
        users += ", " + quote_literal(user);
    }
    return "BEGIN READ WRITE; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s';\n" +
           std::string(function_text) + "ALTER FUNCTION pg_temp.pgteal_ask(text, text, text[]) OWNER TO " +
           postgres::quote_identifier(query.auth_user) + ";\nSELECT who, digest FROM pg_temp.pgteal_ask(" +
           quote_literal(query.text) + ", " + path + ", ARRAY[" + users + "]::text[]);\nROLLBACK";
}

Task<bool> is_there(postgres::Server* server, std::string database, std::string role, Deadline deadline) {
    const postgres::Params names{std::move(database), std::move(role)};
    const auto found = co_await server->exec(
        "",
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1) AND EXISTS (SELECT FROM "
        "pg_catalog.pg_roles WHERE rolname = $2)",
        names, deadline);
    co_return found.get<bool>(0, 0);
}

} // namespace

Task<AuthAnswers> ask_auth_query(postgres::Server& server, std::string database, AuthQuery query,
                                 Deadline deadline) {
    AuthAnswers answers;
    if (!co_await is_there(&server, database, query.auth_user, deadline)) {
        co_return answers;
    }
    auto session = co_await server.session(std::move(database), deadline);
    std::vector<postgres::Result> results;
    bool late = false;
    try {
        auto text = script_for(query);
        results = co_await session->script(std::move(text), deadline);
        answers.asked = true;
    } catch (const ServerError& error) {
        answers.asked = true;
        answers.sqlstate = error.sqlstate();
        answers.problem = error.what();
    } catch (const Error&) { // no answer in time
        late = true;
    }
    const auto pid = std::to_string(session->backend_pid());
    session->close(); // users' code ran in it
    if (late) {       // it may catch every cancellation; nothing catches this
        try {
            const std::string end = "SELECT pg_catalog.pg_terminate_backend(" + pid + ")";
            co_await server.exec("", end, {}, after(std::chrono::seconds(2)));
        } catch (const Error& error) {
            spdlog::warn("{}: {}", server.name(), error.what());
        }
    }
    if (results.size() >= 2) {
        const auto& rows = results[results.size() - 2];
        for (int i = 0; i < rows.rows(); ++i) {
            answers.digests[rows.get<std::string>(i, 0)] = rows.get<std::string>(i, 1);
        }
    }
    co_return answers;
}

namespace {

std::string where(const AuthQuery& query, const std::string& side) {
    return query.pooler + ": auth_query of entry " + query.entry + ", as " + query.auth_user +
           " in database " + query.to_database + " on " + side + ", ";
}

/// Clients that `from` has a row for, and `to` none, or another one.
std::vector<std::string> unlike(const AuthAsked& asked, bool other_secret) {
    std::vector<std::string> users;
    for (const auto& user : asked.query.users) {
        const auto here = asked.from.digests.find(user);
        const auto there = asked.to.digests.find(user);
        if (here != asked.from.digests.end() &&
            (there == asked.to.digests.end() ? !other_secret
                                             : other_secret && there->second != here->second)) {
            users.push_back(user);
        }
    }
    return users;
}

} // namespace

void judge_auth_queries(CheckResult& result, const std::string& from, const std::string& to,
                        const std::vector<AuthAsked>& all) {
    const auto as_there = "see that what it reads and calls is on " + to + " as on " + from +
                          ", with the same rights:  pgteal migrate drift";
    for (const auto& asked : all) {
        const auto& query = asked.query;
        const bool works_now = asked.from.asked && asked.from.problem.empty();
        if (!works_now || !asked.to.asked) {
            continue;
        }
        if (!asked.to.problem.empty()) {
            add(result, Level::error, to, query.auth_user,
                where(query, to) + "fails: " + asked.to.problem +
                    ". Clients that the auth_file does not name would be refused once they are moved.",
                as_there);
            continue;
        }
        if (const auto none = unlike(asked, false); !none.empty()) {
            add(result, Level::error, to, none.front(),
                where(query, to) + "returns nothing for " + list_of(none) + ", whom " + from +
                    " lets in. Such clients would be refused once they are moved.",
                as_there);
        }
        if (const auto others = unlike(asked, true); !others.empty()) {
            add(result, Level::error, to, others.front(),
                where(query, to) + "returns another secret for " + list_of(others) + " than on " + from +
                    ". Such clients would be refused once they are moved.",
                as_there);
        }
    }
}

} // namespace pgteal::health
