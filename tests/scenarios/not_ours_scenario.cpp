// Nothing is dropped that isn't provably the run's, or that somebody uses; and the dump of the schema, which
// may hold passwords, doesn't outlive its use.
#include <sys/stat.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;

/// Refused with nothing touched, in words that lead on.
void expect_conflict(const Run& run, const std::vector<std::string>& words) {
    EXPECT_EQ(run.exit_code, 3) << run;
    for (const auto& word : words) {
        EXPECT_NE(run.err.find(word), std::string::npos) << word << " is missing in\n" << run;
    }
}

std::vector<std::string> dumps(const Scenario& scenario, const std::string& dir) {
    static_cast<void>(scenario);
    std::vector<std::string> found;
    for (const auto& file : std::filesystem::recursive_directory_iterator(dir + "/state")) {
        const auto name = file.path().filename().string();
        if (name.find(".dump") != std::string::npos) {
            found.push_back(file.path());
        }
    }
    return found;
}

std::string databases(Scenario& scenario) {
    return scenario.value(
        "green", "postgres",
        "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname ~ 'app|pgteal_'");
}

/// A session that stays.
workload::Session hold(const std::string& conninfo) {
    workload::Session session;
    if (!session.connect(conninfo, 30s)) {
        throw std::runtime_error(session.take_error());
    }
    return session;
}

} // namespace

TEST(NotOurs, stays_where_it_is) {
    Scenario scenario;
    auto& lab = scenario.lab();
    const auto green = lab.dsn("green");
    const auto before = traces(scenario, "blue");

    scenario.say("a database made by hand after a prepare that failed");
    ASSERT_TRUE(scenario.pgteal({"prepare"}, kill_at("schema", "intent")).killed());
    scenario.query("green", "postgres", "CREATE DATABASE app");
    scenario.query("green", "app", "CREATE TABLE public.production (id int PRIMARY KEY)");
    scenario.query("green", "app", "INSERT INTO public.production VALUES (1)");
    expect_conflict(scenario.pgteal({"abort"}),
                    {"is not the one that this run made", "pgteal abort --keep-green"});
    const auto stopped = scenario.pgteal({"prepare"});
    EXPECT_NE(stopped.exit_code, 0) << stopped;
    EXPECT_NE(stopped.err.find("is not the one that this run made"), std::string::npos) << stopped;
    const auto kept = scenario.pgteal({"abort", "--keep-green"});
    EXPECT_EQ(kept.exit_code, 0) << kept;
    EXPECT_EQ(scenario.value("green", "app", "SELECT count(*) FROM public.production"), "1");
    EXPECT_EQ(traces(scenario, "blue"), before);
    scenario.query("green", "postgres", "DROP DATABASE app");

    scenario.say("one that was there, empty, and is filled in the meantime; and one that stays empty");
    scenario.query("green", "postgres", "CREATE DATABASE app");
    ASSERT_TRUE(scenario.pgteal({"prepare"}, kill_at("schema", "intent")).killed());
    scenario.query("green", "app", "CREATE TABLE public.production (id int PRIMARY KEY)");
    EXPECT_NE(scenario.pgteal({"prepare"}).exit_code, 0);
    EXPECT_EQ(scenario.value("green", "app", "SELECT count(*) FROM public.production"), "0");
    scenario.query("green", "app", "DROP TABLE public.production");
    const auto made = scenario.pgteal({"prepare"});
    ASSERT_EQ(made.exit_code, 0) << made;
    EXPECT_EQ(databases(scenario), "app");

    scenario.say("a run's own database that somebody uses, or whose fence was lifted by hand");
    {
        auto guest = hold(green.with_database("app").with("application_name", "psql").conninfo());
        expect_conflict(scenario.pgteal({"abort"}),
                        {"app on green is in use: 1 session of role pgteal", "pg_terminate_backend"});
    }
    scenario.query("green", "postgres", "ALTER DATABASE app CONNECTION LIMIT 7");
    expect_conflict(scenario.pgteal({"abort"}), {"the fence of database app on green was lifted",
                                                 "ALTER DATABASE \"app\" CONNECTION LIMIT 0"});
    EXPECT_NE(scenario.pgteal({"prepare"}).exit_code, 0) << "it would copy over what clients wrote";
    EXPECT_EQ(scenario.status().at("step").as_string(), "prepared");
    scenario.query("green", "postgres", "ALTER DATABASE app CONNECTION LIMIT 0");

    scenario.say("another database under the name of the run's, with its row in it");
    const auto enabled =
        scenario.value("green", "app", "SELECT subname FROM pg_subscription WHERE subenabled");
    const auto disable =
        "BEGIN READ WRITE; SET LOCAL pgteal.ddl = on; ALTER SUBSCRIPTION " + enabled + " DISABLE; COMMIT";
    script(scenario.lab(), "green", "app", disable);
    scenario.query("green", "postgres",
                   "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'app'");
    scenario.query("green", "postgres", "ALTER DATABASE app RENAME TO app_mine");
    for (const support::Scenario::Words& words : {Scenario::Words{"abort"}, {"abort", "--keep-green"}}) {
        expect_conflict(scenario.pgteal(words), {"is called app_mine on green by now",
                                                 "ALTER DATABASE \"app_mine\" RENAME TO \"app\";"});
    }
    scenario.query("green", "postgres", "CREATE DATABASE app TEMPLATE app_mine");
    expect_conflict(scenario.pgteal({"abort"}), {"is not the one that this run made"});
    scenario.query("green", "postgres", "DROP DATABASE app");
    scenario.query("green", "postgres", "ALTER DATABASE app_mine RENAME TO app");

    scenario.say(
        "what others have made to depend on schema pgteal, and a role that somebody is logged in as");
    script(scenario.lab(), "blue", "app",
           "SET pgteal.ddl = on; CREATE VIEW public.spy AS SELECT * FROM pgteal.run");
    auto guest = hold(lab.app_dsn("green", "postgres").conninfo());
    expect_conflict(scenario.pgteal({"abort"}), {"view public.spy depends on", "Nothing was changed"});
    script(scenario.lab(), "blue", "app", "SET pgteal.ddl = on; DROP VIEW public.spy");
    script(scenario.lab(), "blue", "app", "SET pgteal.ddl = on; CREATE TABLE pgteal.mine (a int)");
    expect_conflict(scenario.pgteal({"abort"}), {"pgteal.mine is in schema pgteal", "Nothing was changed"});
    EXPECT_EQ(scenario.value("blue", "app", "SELECT count(*) FROM pg_replication_slots"), "1")
        << "the lane is there still";
    script(scenario.lab(), "blue", "app", "SET pgteal.ddl = on; DROP TABLE pgteal.mine");
    const auto removed = scenario.pgteal_json({"abort"});
    ASSERT_EQ(removed.exit_code, 0) << removed;
    EXPECT_EQ(scenario.value("green", "postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'app'"),
              "1");
    EXPECT_EQ(databases(scenario), "");
    EXPECT_EQ(traces(scenario, "blue"), before);
    guest.close();
    scenario.query("green", "postgres", "DROP ROLE app");
}

TEST(NotOurs, a_green_that_is_left_to_somebody_is_free_of_the_run) {
    Scenario scenario;
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    scenario.query("green", "postgres", "ALTER DATABASE app RESET default_transaction_read_only");
    scenario.query("green", "postgres", "ALTER DATABASE app CONNECTION LIMIT -1");
    as_client(scenario.lab(), "green", "app", "CREATE TEMP TABLE t (id int)");
    expect_conflict(scenario.pgteal({"abort"}), {"pgteal abort --keep-green"});
    const auto kept = scenario.pgteal({"abort", "--keep-green"});
    ASSERT_EQ(kept.exit_code, 0) << kept;
    as_client(scenario.lab(), "green", "app", "CREATE TABLE public.after_live (id int)");
    EXPECT_EQ(traces(scenario, "green"), traces(scenario, "blue"));
    EXPECT_EQ(scenario.value("green", "app", "SELECT to_regnamespace('pgteal') IS NULL"), "t");
}

TEST(NotOurs, no_dump_outlives_its_use) {
    Scenario scenario;
    const auto dir = scenario.lab().dir();
    scenario.query("blue", "app", "CREATE EXTENSION postgres_fdw");
    scenario.query("blue", "app",
                   "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'x')");
    scenario.query("blue", "app",
                   "CREATE USER MAPPING FOR app SERVER elsewhere OPTIONS (user 'u', password 'geheim-fdw')");
    scenario.query("blue", "app", "CREATE PUBLICATION others FOR TABLE workload.items");

    ASSERT_TRUE(scenario.pgteal({"prepare"}, kill_at("schema", "done")).killed());
    const auto made = dumps(scenario, dir);
    ASSERT_EQ(made.size(), 2U) << "the dump and its list";
    for (const auto& file : made) {
        struct stat status {};
        ASSERT_EQ(::stat(file.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 077U, 0U) << file;
        ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
    }
    // Gone before its time: it is made anew, and its mode is not taken over.
    std::filesystem::remove(made.front());
    const auto resumed = scenario.pgteal({"resume"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed;
    EXPECT_TRUE(dumps(scenario, dir).empty());
    EXPECT_EQ(scenario.value("green", "app",
                             "SELECT count(*) FROM pg_user_mappings WHERE umoptions::text ~ 'geheim'"),
              "1");
    EXPECT_EQ(
        scenario.value("green", "app",
                       "SELECT string_agg(pubname || ' ' || tablename, ',') FROM pg_publication_tables WHERE "
                       "pubname NOT LIKE 'pgteal%'"),
        "others items");
    ASSERT_EQ(scenario.pgteal({"abort"}).exit_code, 0);
    for (const auto* step : {"schema:done", "build:action-1"}) {
        const std::string where = step;
        const auto colon = where.find(':');
        ASSERT_TRUE(
            scenario.pgteal({"prepare"}, kill_at(where.substr(0, colon), where.substr(colon + 1))).killed());
        const auto removed = scenario.pgteal({"abort"});
        EXPECT_EQ(removed.exit_code, 0) << removed;
        EXPECT_TRUE(dumps(scenario, dir).empty()) << step;
    }
}

} // namespace pgteal::support
