// A probe through a pooler entry and straight to a server.
#include "health/serve/probe.hpp"

#include "base/error.hpp"
#include "preflight_run.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using testing::HasSubstr;

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
    CREATE TABLE IF NOT EXISTS pgteal.probe (entry text, token text);
    CREATE TABLE IF NOT EXISTS pgteal.run ("one" boolean PRIMARY KEY DEFAULT true, system_identifier text);
    GRANT USAGE ON SCHEMA pgteal TO PUBLIC;
    GRANT SELECT ON pgteal.run TO PUBLIC;
    GRANT INSERT ON pgteal.probe TO PUBLIC;)";

CO_TEST(Probe, names_the_server_behind_an_entry_and_writes_through_it) {
    co_await run_sql("blue", "app", control_schema);
    auto& lab = support::shared_lab();
    const auto blue = co_await identifier("blue");
    const auto entry = lab.app_dsn("pgb1", "app");
    const auto looked = co_await probe(entry, "pgb1", false, soon());
    EXPECT_EQ(looked.system_identifier, blue);
    EXPECT_FALSE(looked.read_only);
    EXPECT_FALSE(looked.wrote);
    EXPECT_GT(looked.time.count(), 0);
    EXPECT_EQ(co_await one_value("blue", "app", "SELECT count(*) FROM pgteal.probe"), "0")
        << "a look writes nothing";

    const auto wrote = co_await probe(entry, "pgb1", true, soon());
    EXPECT_EQ(wrote.system_identifier, blue);
    EXPECT_TRUE(wrote.wrote);
    EXPECT_FALSE(wrote.read_only);
    co_await probe(entry, "pgb1", true, soon());
    EXPECT_EQ(co_await one_value("blue", "app",
                                 "SELECT count(DISTINCT token) FROM pgteal.probe WHERE entry = 'app'"),
              "2")
        << "a row each time";
    co_await run_sql("blue", "app", "DROP SCHEMA pgteal CASCADE");
}

/// Whatever PUBLIC may lock, it stops no INSERT; a superuser's lock is named within seconds.
CO_TEST(Probe, no_client_makes_it_wait_and_a_superuser_is_named) {
    co_await run_sql("blue", "app", control_schema);
    auto& lab = support::shared_lab();
    const auto entry = lab.app_dsn("pgb1", "app");
    auto client_dsn = lab.app_dsn("blue", "app");
    auto client = co_await postgres::Connection::open(std::move(client_dsn), "blue", soon());
    int granted = 0;
    for (const std::string mode : {"ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE",
                                   "EXCLUSIVE", "ACCESS EXCLUSIVE"}) {
        bool held = true;
        try {
            co_await client.script("BEGIN; LOCK TABLE pgteal.probe IN " + mode + " MODE", soon());
        } catch (const ServerError& error) {
            EXPECT_EQ(error.sqlstate(), "42501");
            held = false;
        }
        granted += held ? 1 : 0;
        const auto result = co_await probe(entry, "pgb1", true, soon());
        EXPECT_TRUE(result.wrote) << mode;
        EXPECT_LT(result.time, std::chrono::milliseconds(1500)) << mode;
        co_await client.script("ROLLBACK", soon());
    }
    EXPECT_EQ(granted, 1) << "who may INSERT may take ROW EXCLUSIVE";
    // Nor does a row that isn't committed.
    co_await client.script("BEGIN; INSERT INTO pgteal.probe VALUES ('app', 'mine')", soon());
    EXPECT_TRUE((co_await probe(entry, "pgb1", true, soon())).wrote);
    co_await client.script("ROLLBACK", soon());

    auto admin_dsn = lab.dsn("blue").with_database("app").with("application_name", "vacuum full");
    auto admin = co_await postgres::Connection::open(std::move(admin_dsn), "blue", soon());
    co_await admin.script("BEGIN; LOCK TABLE pgteal.probe", soon());
    std::string message;
    std::string hint;
    try {
        co_await probe(entry, "pgb1", true, soon());
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::conflict) << "not worth a retry";
        message = error.what();
        hint = error.hint();
    }
    const auto pid = std::to_string(admin.backend_pid());
    EXPECT_THAT(message,
                HasSubstr("pid " + pid + " (role pgteal, app \"vacuum full\", AccessExclusiveLock)"));
    EXPECT_THAT(hint, HasSubstr("SELECT pg_terminate_backend(" + pid + ");"));
    co_await admin.script("ROLLBACK", soon());
    EXPECT_TRUE((co_await probe(entry, "pgb1", true, soon())).wrote) << "the pooled session is usable";
    co_await run_sql("blue", "app", "DROP SCHEMA pgteal CASCADE");
}

/// The database's path, and what another client of the pooled session has set.
CO_TEST(Probe, looks_up_nothing_in_the_databases_path) {
    co_await run_sql("blue", "app", control_schema);
    co_await run_sql(
        "blue", "app",
        "CREATE SCHEMA trap; GRANT USAGE ON SCHEMA trap TO PUBLIC; CREATE SEQUENCE trap.ran; GRANT "
        "USAGE ON trap.ran TO PUBLIC; CREATE DOMAIN trap.text AS pg_catalog.text CHECK "
        "(pg_catalog.nextval('trap.ran') > 0); ALTER DATABASE app SET search_path = trap, pg_catalog");
    auto& lab = support::shared_lab();
    auto straight = lab.dsn("blue").with_database("app");
    const auto result = co_await probe(std::move(straight), "blue", true, soon());
    EXPECT_TRUE(result.wrote);
    auto entry = lab.app_dsn("pgb1", "app");
    {
        auto other = co_await postgres::Connection::open(entry, "pgb1", soon());
        co_await other.script("SET search_path = trap, pg_catalog", soon());
    }
    EXPECT_TRUE((co_await probe(std::move(entry), "pgb1", true, soon())).wrote);
    EXPECT_EQ(co_await one_value("blue", "app", "SELECT is_called FROM trap.ran"), "f");
    co_await run_sql(
        "blue", "app",
        "ALTER DATABASE app RESET search_path; DROP SCHEMA trap CASCADE; DROP SCHEMA pgteal CASCADE");
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
