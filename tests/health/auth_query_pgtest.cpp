// What PgBouncer's auth_query will say on the other side, asked as auth_user.
#include "health/logins/auth_query.hpp"

#include <gmock/gmock.h>

#include "postgres/connection.hpp"
#include "postgres/server.hpp"
#include "tests/support/co_test.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::health {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Deadline soon() { return after(30s); }

constexpr const char* home = R"(
    CREATE ROLE asker LOGIN; CREATE ROLE nora LOGIN PASSWORD 'of nora'; CREATE SCHEMA "The door";
    GRANT USAGE ON SCHEMA "The door" TO asker;
    CREATE TABLE "The door".calls (by text);
    CREATE FUNCTION "The door".ask(who text) RETURNS TABLE (u name, p text) LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN INSERT INTO "The door".calls VALUES (current_user); RETURN QUERY SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = who; END';
    REVOKE ALL ON FUNCTION "The door".ask(text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION "The door".ask(text) TO asker)";

AuthQuery query_of(std::string text) {
    AuthQuery query;
    query.pooler = "pgb1";
    query.entry = "app";
    query.auth_user = "asker";
    query.text = std::move(text);
    query.from_database = query.to_database = "door";
    query.users = {"nora", "nobody"};
    return query;
}

std::vector<std::string> judged(const AuthAsked& asked) {
    CheckResult result{"tried-logins", {}, ""};
    judge_auth_queries(result, "blue", "green", {asked});
    std::vector<std::string> messages;
    for (const auto& finding : result.findings) {
        EXPECT_EQ(finding.level, Level::error);
        messages.push_back(finding.message);
    }
    return messages;
}

} // namespace

CO_TEST(AuthQuery, IsAskedAsAuthUserAndLeavesNothing) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    postgres::Server green("green", support::shared_lab().dsn("green"));
    const auto by_path = query_of("SELECT u, p FROM ask($1)");
    auto absent = co_await ask_auth_query(green, "door", by_path, soon());
    EXPECT_FALSE(absent.asked) << "there is no such database yet";
    for (auto* server : {&blue, &green}) {
        co_await server->script("", "CREATE DATABASE door", soon());
        co_await server->script("door", home, soon());
        co_await server->script("", "ALTER ROLE asker SET search_path = \"The door\"", soon());
        // As on a side that stands.
        co_await server->script("", "ALTER DATABASE door SET default_transaction_read_only = on", soon());
    }
    const auto secrets = co_await blue.exec(
        "", "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = 'nora'", {}, soon());
    const std::string same = "ALTER ROLE nora PASSWORD '" + secrets.get<std::string>(0, 0) + "'";
    co_await green.script("", same, soon());

    AuthAsked asked;
    asked.query = by_path;
    asked.from = co_await ask_auth_query(blue, "door", by_path, soon());
    asked.to = co_await ask_auth_query(green, "door", by_path, soon());
    EXPECT_EQ(asked.from.problem, "");
    EXPECT_EQ(asked.from.digests.count("nora"), 1U);
    EXPECT_EQ(asked.from.digests.count("nobody"), 0U);
    EXPECT_EQ(asked.from.digests["nora"].find("SCRAM"), std::string::npos) << "the secret stays where it is";
    EXPECT_TRUE(judged(asked).empty());
    const auto calls = co_await green.exec("door", "SELECT count(*) FROM \"The door\".calls", {}, soon());
    EXPECT_EQ(calls.get<int>(0, 0), 0) << "what it wrote is rolled back";

    // Whoever owns what it calls gets no further than his own rights.
    co_await green.script("door",
                          "SET default_transaction_read_only = off; CREATE FUNCTION public.up(text) RETURNS "
                          "TABLE (u text, p text) LANGUAGE plpgsql AS 'BEGIN RESET SESSION AUTHORIZATION; "
                          "CREATE ROLE risen SUPERUSER; RETURN; END'",
                          soon());
    green.close_idle();
    const auto climbs = query_of("SELECT u, p FROM public.up($1)");
    const auto held = co_await ask_auth_query(green, "door", climbs, soon());
    EXPECT_THAT(held.problem, HasSubstr("within security-definer function"));
    const auto risen = co_await green.exec(
        "", "SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = 'risen'", {}, soon());
    EXPECT_EQ(risen.get<int>(0, 0), 0);

    co_await green.script("", "ALTER ROLE nora PASSWORD 'another'", soon());
    asked.to = co_await ask_auth_query(green, "door", by_path, soon());
    const auto other = judged(asked);
    EXPECT_EQ(other.size(), 1U);
    EXPECT_THAT(other.empty() ? "" : other.front(),
                HasSubstr("returns another secret for nora than on blue"));

    co_await green.script("", "DROP ROLE nora", soon());
    asked.to = co_await ask_auth_query(green, "door", by_path, soon());
    const auto gone = judged(asked);
    EXPECT_THAT(gone.empty() ? "" : gone.front(), HasSubstr("returns nothing for nora, whom blue lets in"));

    co_await green.script("door",
                          "SET default_transaction_read_only = off; REVOKE EXECUTE ON FUNCTION \"The "
                          "door\".ask(text) FROM asker",
                          soon());
    green.close_idle();
    asked.to = co_await ask_auth_query(green, "door", by_path, soon());
    EXPECT_EQ(asked.to.sqlstate, "42501");
    const auto refused = judged(asked);
    EXPECT_THAT(refused.empty() ? "" : refused.front(), HasSubstr("permission denied for function ask"));

    asked.from.problem = "it fails there, too";
    EXPECT_TRUE(judged(asked).empty()) << "no matter of the switch";
    for (auto* server : {&blue, &green}) {
        server->close_idle();
        co_await server->script("", "DROP DATABASE door WITH (FORCE)", soon());
        co_await server->script("", "DROP ROLE asker", soon());
        co_await server->script("", "DROP ROLE IF EXISTS nora", soon());
    }
}

} // namespace pgteal::health
