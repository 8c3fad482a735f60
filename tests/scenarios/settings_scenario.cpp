// Settings of databases, servers and poolers that would change values on their way, hang a commit or hold
// clients: named before anybody is held. And what can't be seen before ends as it began.
#include <future>
#include <thread>

#include "tests/scenarios/world.hpp"
#include "tests/support/checker_snapshot.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;

void expect_refused(Scenario& scenario, const std::string& command, const std::vector<std::string>& words) {
    const auto run = scenario.pgteal({command});
    EXPECT_EQ(run.exit_code, 3) << run;
    for (const auto& word : words) {
        EXPECT_NE(run.err.find(word), std::string::npos) << word << " is missing in\n" << run;
    }
}

void expect_done(Scenario& scenario, const std::string& command) {
    const auto run = scenario.pgteal({command});
    ASSERT_EQ(run.exit_code, 0) << run;
}

void expect_served_by(Scenario& scenario, const std::string& side) {
    const auto status = scenario.status();
    EXPECT_EQ(status.at("serving").as_string(), side) << status;
    EXPECT_TRUE(status.at("step").as_string() == "prepared" || status.at("step").as_string() == "watch")
        << status;
    for (const auto& entry : status.at("poolers").at(0).at("entries").as_array()) {
        EXPECT_FALSE(entry.at("paused").as_bool()) << status;
        EXPECT_EQ(entry.at("side").as_string(), side) << status;
    }
}

} // namespace

TEST(Settings, that_would_change_values_are_refused_and_other_encodings_are_moved) {
    Scenario scenario({"--databases", "app,latin"});
    scenario.query("blue", "postgres", "DROP DATABASE latin");
    scenario.query(
        "blue", "postgres",
        "CREATE DATABASE latin OWNER app ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
    as_client(scenario.lab(), "blue", "latin",
              "CREATE TABLE public.words (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, w text)");
    as_client(scenario.lab(), "blue", "app",
              "CREATE TABLE public.lists (id int PRIMARY KEY, a text[], x xml)");
    scenario.query("blue", "postgres", "ALTER DATABASE app SET array_nulls = off");
    expect_refused(scenario, "prepare", {"array_nulls"});
    const auto checked = scenario.pgteal({"check"});
    EXPECT_NE((checked.out + checked.err).find("ALTER ROLE \"pgteal\" SET array_nulls = on"),
              std::string::npos)
        << checked;
    for (const std::string side : {"blue", "green"}) {
        scenario.query(side, "postgres", "ALTER ROLE pgteal SET array_nulls = on");
    }
    expect_done(scenario, "prepare");
    std::string serving = "blue";
    for (int turn = 1; turn <= 3; ++turn) {
        as_client(scenario.lab(), "pgb1", "app",
                  "INSERT INTO public.lists VALUES (" + std::to_string(turn) +
                      ", ARRAY[NULL, 'x'], '<a/>b')");
        as_client(scenario.lab(), "pgb1", "latin", "INSERT INTO public.words (w) VALUES ('caf' || chr(233))");
        expect_done(scenario, serving == "blue" ? "cutover" : "switch-back");
        serving = serving == "blue" ? "green" : "blue";
        expect_served_by(scenario, serving);
        EXPECT_EQ(scenario.value(serving, "app", "SELECT count(*) FROM public.lists WHERE a[1] IS NULL"),
                  std::to_string(turn));
        EXPECT_EQ(
            scenario.value(serving, "latin", "SELECT max(id) FROM public.words WHERE w = 'caf' || chr(233)"),
            std::to_string(turn));
    }
    for (const std::string side : {"blue", "green"}) { // in the middle of a run
        scenario.query(side, "postgres", "ALTER ROLE pgteal SET xmloption = document");
    }
    expect_refused(scenario, "switch-back", {"xmloption", "pgteal compare"});
    for (const std::string side : {"blue", "green"}) {
        scenario.query(side, "postgres", "ALTER ROLE pgteal RESET xmloption");
    }
    scenario.query("blue", "postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    scenario.query("blue", "postgres", "SELECT pg_reload_conf()");
    const auto waits_for = [&scenario](const std::string& names) {
        for (int i = 0; i < 200; ++i) {
            if (scenario.value("blue", "postgres", "SHOW synchronous_standby_names") == names) {
                return true;
            }
            std::this_thread::sleep_for(50ms);
        }
        return false;
    };
    ASSERT_TRUE(waits_for("nobody"));
    expect_refused(scenario, "switch-back", {"synchronous standbys", "nobody"});
    scenario.query("blue", "postgres", "ALTER SYSTEM RESET synchronous_standby_names");
    scenario.query("blue", "postgres", "SELECT pg_reload_conf()");
    ASSERT_TRUE(waits_for(""));
    {
        // Any client may call itself pgteal, and PAUSE waits for it all the same.
        workload::Session namesake;
        const auto dsn = scenario.lab().app_dsn("pgb1", "app").with("application_name", "pgteal").conninfo();
        ASSERT_TRUE(namesake.connect(dsn, 20s)) << namesake.take_error();
        ASSERT_TRUE(namesake.run("BEGIN").ok());
        ASSERT_TRUE(namesake.run("SELECT 1").ok());
        const auto config = read_file(scenario.lab().config());
        write_file(scenario.lab().config(), replaced(config, "max_pause = \"5s\"", "max_pause = \"1s\""));
        std::this_thread::sleep_for(1200ms);
        expect_refused(scenario, "switch-back", {"holds a transaction open", "role app, app \"pgteal\""});
    }
    expect_done(scenario, "compare");
}

TEST(Settings, of_a_user_that_pools_sessions_hold_nobody) {
    Scenario scenario;
    const auto file = scenario.lab().dir() + "/pgb1/pgbouncer.ini";
    write_file(file, read_file(file) + "\n[users]\napp = pool_mode=session\n");
    scenario.lab().stop("pgb1");
    scenario.lab().start("pgb1");
    const auto checked = scenario.pgteal({"check"});
    EXPECT_NE((checked.out + checked.err).find("session pooling of its own"), std::string::npos) << checked;
    expect_done(scenario, "prepare");
    {
        auto session = client(scenario.lab(), "pgb1", "app");
        ASSERT_TRUE(session.run("SELECT 1").ok());
        expect_refused(scenario, "cutover", {"user app", "pools sessions"});
    }
    for (int i = 0; i < 100; ++i) {
        if (scenario.pgteal({"cutover", "--dry-run"}).exit_code == 0) {
            break;
        }
        std::this_thread::sleep_for(50ms);
    }
    expect_done(scenario, "cutover");
    expect_served_by(scenario, "green");
}

// The owner of a database may hold its row in the catalog, uncommitted, which no gate can see.
TEST(Settings, of_a_database_changed_at_the_same_time_delay_and_strand_nobody) {
    Scenario scenario;
    scenario.query("blue", "postgres", "ALTER DATABASE app SET work_mem = '6MB'");
    expect_done(scenario, "prepare");
    const auto held_for = [&scenario](const std::string& side, const std::string& command) {
        workload::Session elsewhere;
        const auto dsn = scenario.lab().dsn(side).with_database("postgres").conninfo();
        EXPECT_TRUE(elsewhere.connect(dsn, 20s)) << elsewhere.take_error();
        EXPECT_TRUE(elsewhere.run("BEGIN").ok());
        EXPECT_TRUE(elsewhere.run("ALTER DATABASE app SET work_mem = '6MB'").ok());
        auto run = std::async(std::launch::async, [&] { return scenario.pgteal({command}); });
        std::this_thread::sleep_for(9s);
        EXPECT_TRUE(elsewhere.run("COMMIT").ok());
        return run.get();
    };
    const auto taken_back = held_for("blue", "cutover");
    EXPECT_EQ(taken_back.exit_code, 1) << taken_back;
    expect_served_by(scenario, "blue");
    expect_done(scenario, "cutover");
    expect_served_by(scenario, "green");
    const auto back = held_for("blue", "switch-back");
    EXPECT_TRUE(back.exit_code == 0 || back.exit_code == 1) << back;
    expect_served_by(scenario, back.exit_code == 0 ? "blue" : "green");
}

// No event trigger fires for a database's own settings, and no lane carries them.
TEST(Settings, of_a_database_that_changed_since_prepare_are_not_lost) {
    Scenario scenario;
    expect_done(scenario, "prepare");
    scenario.query("blue", "postgres", "ALTER DATABASE app SET work_mem = '77MB'");
    expect_refused(
        scenario, "cutover",
        {"work_mem", "77MB", "on green:  SET default_transaction_read_only = off;  ALTER DATABASE"});
    scenario.query("green", "postgres", "ALTER DATABASE app SET work_mem = '77MB'");
    // Privileges are no settings: they are carried.
    scenario.query("blue", "postgres", "REVOKE CONNECT ON DATABASE app FROM PUBLIC");
    scenario.query("blue", "postgres", "GRANT CONNECT ON DATABASE app TO app");
    // And what was set on the side that is switched to, with the statement that ends it.
    for (const std::string whose : {"ROLE app IN DATABASE app", "ROLE app", "ROLE ALL", "DATABASE app"}) {
        const std::string what = whose == "DATABASE app" ? "search_path" : "default_transaction_read_only";
        scenario.query("green", "postgres", "ALTER " + whose + " SET " + what + " = 'on'");
        expect_refused(scenario, "cutover", {"RESET \"" + what + "\""});
        if (whose == "ROLE app") {
            const auto checked = scenario.pgteal({"check"});
            EXPECT_EQ(checked.exit_code, 3) << checked;
            EXPECT_NE(checked.out.find("ALTER ROLE \"app\" RESET \"" + what + "\""), std::string::npos)
                << checked;
        }
        auto session = workload::connect_to_check(
            scenario.lab().dsn("green").with_database("postgres").conninfo(), "green");
        EXPECT_TRUE(session.run("SET default_transaction_read_only = off").ok());
        EXPECT_TRUE(session.run(("ALTER " + whose + " RESET " + what).c_str()).ok());
    }
    expect_done(scenario, "cutover");
    expect_served_by(scenario, "green");
    EXPECT_EQ(scenario.value(
                  "green", "postgres",
                  "SELECT count(*) FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = 'app' AND "
                  "a.grantee = 0 AND a.privilege_type = 'CONNECT'"),
              "0");
    scenario.query("green", "postgres", "ALTER DATABASE app SET work_mem = '99MB'");
    const auto back = scenario.pgteal({"switch-back"});
    EXPECT_EQ(back.exit_code, 0) << "the way back must not be held up: " << back;
    EXPECT_NE((back.out + back.err).find("99MB"), std::string::npos) << back;
}

TEST(Words, of_a_refusal_do_not_call_held_clients_served) {
    Scenario scenario;
    expect_done(scenario, "prepare");
    const auto killed = scenario.pgteal({"cutover"}, {{"PGTEAL_TEST_KILL_AT", "fence:done"}});
    ASSERT_TRUE(killed.killed()) << killed;
    for (const std::string command : {"cutover", "prepare", "compare"}) {
        const auto refused = scenario.pgteal({command});
        EXPECT_EQ(refused.err.find("served as before"), std::string::npos) << refused;
    }
    expect_refused(scenario, "prepare", {"clients may be held until", "pgteal resume"});
    expect_done(scenario, "resume");
    expect_served_by(scenario, "blue");
}

} // namespace pgteal::support
