// Sessions of a side: how they are set up, lent and kept.
#include "base/error.hpp"
#include "postgres/secret.hpp"
#include "postgres/startup.hpp"
#include "tests/postgres/shared.hpp"

namespace pgteal::postgres {
namespace {

Task<void> send_secret(Server* server) {
    co_await secret_script(*server, "", "SELECT pg_sleep(1), 's3cret'", after(15s));
}

/// The code of the error, whose words don't hold it.
Task<std::optional<ErrorCode>> refusal_of(Server* server, std::string database, std::string sql) {
    std::optional<ErrorCode> code;
    try {
        co_await secret_script(*server, std::move(database), std::move(sql), after(5s));
    } catch (const Error& error) {
        code = error.code();
        EXPECT_EQ(std::string(error.what()).find("SELECT 's3cret'"), std::string::npos) << error.what();
    }
    co_return code;
}

/// How many sessions show it, looked at while the other one is at work: what has put its state away.
Task<void> look_for(Server* server, std::string secret, std::string* shown) {
    const auto give_up = after(10s);
    while (shown->empty() && Clock::now() < give_up) {
        Params wanted;
        wanted.emplace_back(secret);
        const Result rows = co_await server->exec(
            "",
            "SELECT pg_catalog.count(*) FILTER (WHERE query LIKE '%' || $1 || '%' AND pid <> "
            "pg_backend_pid()), "
            "pg_catalog.count(*) FILTER (WHERE state = 'disabled') FROM pg_catalog.pg_stat_activity",
            wanted, after(5s));
        if (rows.get<std::string>(0, 1) == "1") {
            *shown = rows.get<std::string>(0, 0);
        }
        co_await sleep_for(std::chrono::milliseconds(20));
    }
}

CO_TEST(Server, SessionsAreSetUpForOurWork) {
    for (const std::string side : {"blue", "green"}) {
        Server server(side, support::shared_lab().dsn(side));
        Server::Session session = co_await server.session("", after(5s));
        const std::map<std::string, std::string> wanted{{"search_path", ""},
                                                        {"default_transaction_read_only", "off"},
                                                        {"synchronous_commit", "on"},
                                                        {"client_encoding", "UTF8"},
                                                        {"application_name", "pgteal"},
                                                        {"pgteal.ddl", "on"},
                                                        {"statement_timeout", "0"},
                                                        {"log_statement", "none"},
                                                        {"log_min_error_statement", "panic"},
                                                        {"log_min_duration_sample", "-1"},
                                                        {"log_transaction_sample_rate", "0"},
                                                        {"pg_stat_statements.track", "none"},
                                                        {"pgaudit.log", "none"},
                                                        {"pgaudit.role", ""},
                                                        {"auto_explain.log_min_duration", "-1"},
                                                        {"TimeZone", "UTC"},
                                                        {"row_security", "off"},
                                                        {"session_replication_role", "replica"},
                                                        {"quote_all_identifiers", "off"},
                                                        {"transaction_isolation", "read committed"}};
        for (const auto& [setting, value] : wanted) {
            Params params{setting};
            const Result result =
                co_await session->exec("SELECT current_setting($1)", std::move(params), after(5s));
            EXPECT_EQ(result.get<std::string>(0, 0), value) << setting << " on " << side;
        }
    }
}

/// Whatever a database's owner, or whoever sets up the server, has decided for sessions of ours.
CO_TEST(Server, NothingButTheListDecidesOverASession) {
    Dsn dsn = support::shared_lab().dsn("green");
    Server admin("green", dsn);
    const std::map<std::string, std::string> hostile{{"search_path", "evil, pg_catalog"},
                                                     {"statement_timeout", "1"},
                                                     {"lock_timeout", "1"},
                                                     {"transform_null_equals", "on"},
                                                     {"log_statement", "all"},
                                                     {"log_min_duration_statement", "0"},
                                                     {"log_transaction_sample_rate", "1"},
                                                     {"debug_print_parse", "on"},
                                                     {"DateStyle", "German"}};
    co_await admin.exec("", "CREATE DATABASE hostile", {}, after(30s));
    const std::vector<std::string> places{"DATABASE hostile", "ROLE pgteal IN DATABASE hostile"};
    for (const auto& place : places) {
        for (const auto& [setting, value] : hostile) {
            std::string sql = "ALTER " + place + " SET " + setting + " = '" + value + "'";
            if (setting == "search_path") {
                sql = "ALTER " + place + " SET search_path = evil, pg_catalog";
            }
            co_await admin.exec("", std::move(sql), {}, after(5s));
        }
    }
    // Each knows nothing of the server yet, or all: the settings come late, or in the packet.
    for (const bool known : {false, true}) {
        if (!known) {
            forget_login(dsn);
        }
        Server server("green", dsn);
        Server::Session session = co_await server.session("hostile", after(5s));
        Connection walsender = co_await server.replication("hostile", after(5s));
        for (const auto& [setting, value] : hostile) {
            std::string sql = "SHOW " + setting;
            const auto said = co_await session->script(sql, after(5s));
            EXPECT_NE(said.back().get<std::string>(0, 0), value) << setting << ", known: " << known;
            const auto sent = co_await walsender.script(sql, after(5s));
            EXPECT_NE(sent.back().get<std::string>(0, 0), value)
                << setting << " of a walsender, known: " << known;
        }
        EXPECT_TRUE(login_is_known(dsn));
    }
    co_await admin.exec("", "ALTER ROLE pgteal IN DATABASE hostile RESET ALL", {}, after(5s));
    co_await admin.exec("", "DROP DATABASE hostile WITH (FORCE)", {}, after(30s));
}

/// Another major answers at the address, or the role is no superuser any more.
CO_TEST(Server, WhatItRemembersOfAServerMayHaveBecomeWrong) {
    const Dsn dsn = support::shared_lab().dsn("blue");
    remember_login(dsn, 990000, true);
    Server server("blue", dsn);
    const ServerIdentity who = co_await server.identity(after(5s));
    EXPECT_TRUE(who.superuser);
    const Dsn app = support::shared_lab().dsn("blue").with("user", "app");
    remember_login(app, 150000, true);
    Server ordinary("blue", app);
    EXPECT_FALSE((co_await ordinary.identity(after(5s))).superuser);
}

CO_TEST(Server, ASecretIsNotShownWhileItIsSent) {
    for (const std::string side : {"blue", "green"}) {
        Server server(side, support::shared_lab().dsn(side));
        std::vector<Task<void>> both;
        std::string shown;
        both.push_back(send_secret(&server));
        both.push_back(look_for(&server, "s3cret", &shown));
        co_await all(std::move(both));
        EXPECT_EQ(shown, "0") << side;
        // What fails leaves the session as it was.
        EXPECT_EQ(co_await refusal_of(&server, "", "BEGIN; SELECT 's3cret' / 0"), ErrorCode::server);
        const auto after_it =
            co_await server.script("", "SHOW track_activities; SHOW log_min_messages", after(5s));
        EXPECT_EQ(after_it.at(0).get<std::string>(0, 0), "on");
        EXPECT_NE(after_it.at(1).get<std::string>(0, 0), "fatal");
    }
}

CO_TEST(Server, ARoleThatCanNotHideASecretDoesNotSendIt) {
    Server server("blue", support::shared_lab().dsn("blue").with("user", "app"));
    EXPECT_EQ(co_await refusal_of(&server, "app", "SELECT 's3cret'"), ErrorCode::privilege);
}

CO_TEST(Server, WritesThroughTheFence) {
    Server server("blue", support::shared_lab().dsn("blue"));
    co_await server.exec("", "ALTER DATABASE second SET default_transaction_read_only = on", {}, after(5s));
    const Result mine = co_await server.exec("second", "SHOW transaction_read_only", {}, after(5s));
    EXPECT_EQ(mine.get<std::string>(0, 0), "off");
    co_await server.exec("", "ALTER DATABASE second RESET default_transaction_read_only", {}, after(5s));
}

CO_TEST(Server, KeepsTheOptionsOfTheDsn) {
    Server server("blue",
                  support::shared_lab().dsn("blue").with("options", "-c work_mem=5MB -c search_path=public"));
    const std::vector<Result> results =
        co_await server.script("", "SHOW work_mem; SHOW search_path", after(5s));
    EXPECT_EQ(results.at(0).get<std::string>(0, 0), "5MB");
    EXPECT_NE(results.at(1).get<std::string>(0, 0), "public");
}

CO_TEST(Server, ReusesASessionAtRest) {
    Server server("blue", support::shared_lab().dsn("blue"));
    int pid = 0;
    {
        Server::Session session = co_await server.session("app", after(5s));
        pid = session->backend_pid();
        const std::vector<int> lent{pid};
        EXPECT_EQ(server.pids(), lent);
    }
    const std::vector<int> idle{pid};
    EXPECT_EQ(server.pids(), idle);
    Server::Session again = co_await server.session("app", after(5s));
    EXPECT_EQ(again->backend_pid(), pid);
    Server::Session other = co_await server.session("second", after(5s));
    EXPECT_NE(other->backend_pid(), pid);
    EXPECT_EQ(server.pids().size(), 2U);
}

CO_TEST(Server, DoesNotReuseASessionInATransaction) {
    Server server("blue", support::shared_lab().dsn("blue"));
    {
        Server::Session session = co_await server.session("app", after(5s));
        co_await session->exec("BEGIN", after(5s));
        EXPECT_TRUE(session->in_transaction());
    }
    EXPECT_TRUE(server.pids().empty());
    {
        Server::Session session = co_await server.session("app", after(5s));
        const auto error =
            co_await error_of<DeadlinePassed>(session->exec("SELECT pg_sleep(10)", after(50ms)));
        EXPECT_TRUE(error.has_value());
    }
    EXPECT_TRUE(server.pids().empty());
}

CO_TEST(Server, MovingASessionSendsTheOldOneHome) {
    Server server("blue", support::shared_lab().dsn("blue"));
    Server::Session one = co_await server.session("app", after(5s));
    Server::Session two = co_await server.session("app", after(5s));
    const int kept = two->backend_pid();
    one = std::move(two);
    EXPECT_EQ(one->backend_pid(), kept);
    EXPECT_EQ(server.pids().size(), 2U);
    server.close_idle();
    const std::vector<int> left{kept};
    EXPECT_EQ(server.pids(), left);
}

CO_TEST(Server, WarmReplacesTheDead) {
    Server server("blue", support::shared_lab().dsn("blue"));
    const std::vector<std::string> databases{"app", "second"};
    co_await server.warm(databases, 2, after(10s));
    const std::vector<int> warm = server.pids();
    EXPECT_EQ(warm.size(), 4U);
    Connection killer = co_await open_on("blue");
    co_await killer.exec("SELECT pg_terminate_backend(" + std::to_string(warm.front()) + ", 5000)",
                         after(10s));
    co_await server.warm(databases, 2, after(10s));
    const std::vector<int> again = server.pids();
    EXPECT_EQ(again.size(), 4U);
    EXPECT_EQ(std::count(again.begin(), again.end(), warm.front()), 0);
}

CO_TEST(Server, TellsWhoItIs) {
    Server blue("blue", support::shared_lab().dsn("blue"));
    Server green("green", support::shared_lab().dsn("green"));
    const ServerIdentity one = co_await blue.identity(after(5s));
    const ServerIdentity two = co_await green.identity(after(5s));
    EXPECT_NE(one.system_identifier, two.system_identifier);
    EXPECT_FALSE(one.system_identifier.empty());
    EXPECT_EQ(one.version / 10000, std::stoi(support::shared_lab().value("BLUE_MAJOR")));
    EXPECT_EQ(two.version / 10000, std::stoi(support::shared_lab().value("GREEN_MAJOR")));
    EXPECT_TRUE(one.superuser);
    EXPECT_EQ(one.role, "pgteal");
    EXPECT_FALSE(one.in_recovery);
}

CO_TEST(Server, OrdinaryRolesGetSessionsToo) {
    Server server("blue", support::shared_lab().dsn("blue").with("user", "app"));
    const ServerIdentity who = co_await server.identity(after(5s));
    EXPECT_FALSE(who.superuser);
    EXPECT_EQ(who.role, "app");
}

CO_TEST(Replication, MakesASlot) {
    Server server("blue", support::shared_lab().dsn("blue"));
    Connection walsender = co_await server.replication("app", after(5s));
    const std::vector<Result> identified = co_await walsender.script("IDENTIFY_SYSTEM", after(5s));
    EXPECT_EQ(identified.at(0).get<std::string>(0, "dbname"), "app");
    const std::vector<Result> made = co_await walsender.script(
        "CREATE_REPLICATION_SLOT \"pgteal_test\" TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT", after(10s));
    EXPECT_EQ(made.at(0).get<std::string>(0, "slot_name"), "pgteal_test");
    EXPECT_GT(made.at(0).get<Lsn>(0, "consistent_point"), Lsn{0});
    EXPECT_FALSE(made.at(0).get<std::string>(0, "snapshot_name").empty());
}

} // namespace
} // namespace pgteal::postgres
