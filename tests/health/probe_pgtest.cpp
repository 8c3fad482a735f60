// A probe through a pooler entry and straight to a server.
#include "health/probe.hpp"

#include "postgres/error.hpp"
#include "preflight_run.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;

Task<std::string> identifier(std::string side) {
    postgres::Server server(side, support::shared_lab().dsn(side));
    auto identity = co_await server.identity(soon());
    co_return identity.system_identifier;
}

Task<std::string> one_value(std::string side, std::string database, std::string sql) {
    postgres::Server server(side, support::shared_lab().dsn(side));
    postgres::Params none;
    auto result = co_await server.exec(std::move(database), std::move(sql), none, soon());
    co_return result.empty() ? "no row" : std::string(result.text(0, 0));
}

constexpr const char* control_schema = R"(
    CREATE SCHEMA IF NOT EXISTS pgteal;
    CREATE TABLE IF NOT EXISTS pgteal.probe (entry text PRIMARY KEY, token text);
    CREATE TABLE IF NOT EXISTS pgteal.run ("one" boolean PRIMARY KEY DEFAULT true, system_identifier text);
    GRANT USAGE ON SCHEMA pgteal TO PUBLIC;
    GRANT SELECT ON pgteal.run TO PUBLIC;
    GRANT SELECT, INSERT, UPDATE ON pgteal.probe TO PUBLIC;)";

CO_TEST(Probe, names_the_server_behind_an_entry_and_writes_through_it) {
    co_await run_sql("blue", "app", control_schema);
    auto& lab = support::shared_lab();
    const auto blue = co_await identifier("blue");
    const auto entry = lab.app_dsn("pgb1", "app");
    const auto looked = co_await probe(entry, "pgb1", false, soon());
    EXPECT_EQ(looked.system_identifier, blue);
    EXPECT_FALSE(looked.read_only);
    EXPECT_FALSE(looked.wrote);
    EXPECT_GT(looked.ms, 0);
    EXPECT_EQ(co_await one_value("blue", "app", "SELECT count(*) FROM pgteal.probe"), "0")
        << "a look writes nothing";

    const auto wrote = co_await probe(entry, "pgb1", true, soon());
    EXPECT_EQ(wrote.system_identifier, blue);
    EXPECT_TRUE(wrote.wrote);
    EXPECT_FALSE(wrote.read_only);
    const auto first =
        co_await one_value("blue", "app", "SELECT token FROM pgteal.probe WHERE entry = 'app'");
    co_await probe(entry, "pgb1", true, soon());
    const auto second =
        co_await one_value("blue", "app", "SELECT token FROM pgteal.probe WHERE entry = 'app'");
    EXPECT_NE(first, second) << "the row is written anew each time";
    co_await run_sql("blue", "app", "DROP SCHEMA pgteal CASCADE");
}

CO_TEST(Probe, a_fence_is_seen_and_not_lifted) {
    co_await run_sql("blue", "postgres", "CREATE DATABASE probed OWNER app");
    co_await run_sql("blue", "probed", control_schema);
    co_await run_sql("blue", "postgres", "ALTER DATABASE probed SET default_transaction_read_only = on");
    auto& lab = support::shared_lab();
    const auto dsn =
        lab.dsn("blue").with_database("probed").with("options", "-c default_transaction_read_only=off");
    const auto looked = co_await probe(dsn, "blue", false, soon());
    EXPECT_TRUE(looked.read_only);
    const auto wrote = co_await probe(dsn, "blue", true, soon());
    EXPECT_TRUE(wrote.read_only);
    EXPECT_FALSE(wrote.wrote);
    EXPECT_EQ(co_await one_value("blue", "probed", "SELECT count(*) FROM pgteal.probe"), "0");
    co_await run_sql("blue", "postgres", "DROP DATABASE probed");
}

CO_TEST(Probe, a_role_that_may_not_ask_the_server_asks_our_own_row) {
    co_await run_sql("blue", "postgres", "CREATE DATABASE shy OWNER app");
    co_await run_sql("blue", "shy", control_schema);
    co_await run_sql("blue", "shy", "INSERT INTO pgteal.run (system_identifier) VALUES ('from our row')");
    co_await run_sql("blue", "shy", "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    auto& lab = support::shared_lab();
    const auto dsn = lab.app_dsn("blue", "shy");
    const auto looked = co_await probe(dsn, "blue", false, soon());
    EXPECT_EQ(looked.system_identifier, "from our row");
    EXPECT_FALSE(looked.read_only);
    co_await run_sql("blue", "postgres", "DROP DATABASE shy");
}

CO_TEST(Probe, an_entry_that_does_not_answer_is_unreachable) {
    auto& lab = support::shared_lab();
    const auto dsn = lab.app_dsn("pgb1", "app").with("port", "1");
    ErrorCode code = ErrorCode::internal;
    try {
        co_await probe(dsn, "pgb1", true, soon());
    } catch (const Error& error) {
        code = error.code();
    }
    EXPECT_EQ(code, ErrorCode::unreachable);
}

} // namespace
} // namespace pgteal::health
