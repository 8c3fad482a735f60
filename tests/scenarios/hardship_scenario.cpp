// What an operator may meet or do in the middle of a run: a lost slot, a changed config, a pooler that hangs,
// an entry made later, a lane that was not published yet. Each ends with nothing lost and the truth told.
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"

namespace pgteal::support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

void expect_refused(const support::Run& run, const std::string& words) {
    EXPECT_EQ(run.exit_code, 3) << run;
    EXPECT_THAT(run.err, HasSubstr(words)) << run;
}

std::string serving_side(Scenario& scenario) {
    return std::string(scenario.status().at("serving").as_string());
}

TEST(Hardship, a_lost_slot_is_not_copied_over_a_side_that_has_applied_changes) {
    Scenario scenario;
    scenario.query("blue", "app", "CREATE TABLE public.kept (id int PRIMARY KEY)");
    scenario.query("blue", "app", "INSERT INTO public.kept SELECT generate_series(1, 1000)");
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    const auto slot = scenario.value("blue", "postgres", "SELECT slot_name FROM pg_replication_slots");
    {
        workload::Session green;
        ASSERT_TRUE(green.connect(scenario.lab().dsn("green").with_database("app").conninfo(), 20s));
        ASSERT_TRUE(green.run("SET default_transaction_read_only = off").ok());
        ASSERT_TRUE(green.run("SET pgteal.ddl = on").ok());
        const auto disabled = green.run(("ALTER SUBSCRIPTION " + slot + " DISABLE").c_str());
        ASSERT_TRUE(disabled.ok()) << disabled.message;
    }
    for (int i = 0;
         i < 100 && scenario.value("blue", "postgres", "SELECT active FROM pg_replication_slots") == "t";
         ++i) {
        std::this_thread::sleep_for(50ms);
    }
    scenario.query("blue", "postgres", "SELECT pg_drop_replication_slot('" + slot + "')");
    const auto again = scenario.pgteal({"prepare"});
    EXPECT_EQ(again.exit_code, 3) << again;
    EXPECT_THAT(again.err, HasSubstr("is gone")) << again;
    EXPECT_THAT(again.err, HasSubstr("pgteal abort")) << again;
    EXPECT_EQ(scenario.value("green", "app", "SELECT count(*) FROM public.kept"), "1000");
    EXPECT_THAT(scenario.pgteal({"status"}).out, HasSubstr("The comparison is void"));
    EXPECT_EQ(scenario.pgteal({"cutover"}).exit_code, 3);
    const auto aborted = scenario.pgteal({"abort"});
    EXPECT_EQ(aborted.exit_code, 0) << aborted;
    const auto anew = scenario.pgteal({"prepare"});
    EXPECT_EQ(anew.exit_code, 0) << anew;
}

TEST(Hardship, tables_that_grow_between_two_attempts_are_each_in_one_lane) {
    Scenario scenario;
    auto& lab = scenario.lab();
    write_file(lab.config(), replaced(read_file(lab.config()), "lanes = 1", "lanes = 2"));
    for (const auto& [name, rows] : std::vector<std::pair<std::string, int>>{
             {"a_main", 60000}, {"c_main", 40000}, {"d_main", 15000}, {"job_queue", 0}}) {
        scenario.query("blue", "app", "CREATE TABLE public." + name + " (id int PRIMARY KEY, pad text)");
        scenario.query("blue", "app",
                       "INSERT INTO public." + name + " SELECT n, repeat('x', 120) FROM generate_series(1, " +
                           std::to_string(rows) + ") n");
    }
    const auto killed = scenario.pgteal({"prepare"}, kill_at("lanes", "action-1"));
    ASSERT_TRUE(killed.killed()) << killed;
    scenario.query(
        "blue", "app",
        "INSERT INTO public.d_main SELECT n, repeat('y', 120) FROM generate_series(20000, 60000) n");
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    EXPECT_EQ(scenario.value(
                  "blue", "app",
                  "SELECT string_agg(t.relname || ' ' || n, ', ') FROM (SELECT c.relname, (SELECT "
                  "count(*) FROM pg_publication_tables p WHERE p.tablename = c.relname) n FROM pg_class c "
                  "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace) t WHERE n <> 1"),
              "");
    as_client(lab, "pgb1", "app", "SELECT 1");
    scenario.query("blue", "app", "INSERT INTO public.job_queue VALUES (1, 'late'), (2, 'later')");
    const auto moved = scenario.pgteal({"cutover"});
    ASSERT_EQ(moved.exit_code, 0) << moved;
    EXPECT_EQ(scenario.value("green", "app", "SELECT count(*) FROM public.job_queue"), "2");
}

TEST(Hardship, a_config_that_became_another_touches_nothing) {
    Scenario scenario({"--databases", "app,shop"});
    auto& lab = scenario.lab();
    const auto config = read_file(lab.config());
    as_client(lab, "blue", "app", "CREATE TABLE public.kept (id int PRIMARY KEY)");
    as_client(lab, "blue", "app", "INSERT INTO public.kept VALUES (1)");
    const auto killed = scenario.pgteal({"prepare"}, kill_at("schema", "done"));
    ASSERT_TRUE(killed.killed()) << killed;
    const auto count = [&] { return scenario.value("blue", "app", "SELECT count(*) FROM public.kept"); };

    // Both sides are blue.
    write_file(lab.config(), replaced(config, "port=" + lab.port("green"), "port=" + lab.port("blue")));
    for (const std::string command : {"prepare", "abort", "resume"}) {
        expect_refused(scenario.pgteal({command}), "not the server that the run began with");
    }
    EXPECT_EQ(count(), "1");
    // The sides are swapped.
    auto swapped = replaced(config, "port=" + lab.port("green"), "port=@");
    swapped = replaced(swapped, "port=" + lab.port("blue"), "port=" + lab.port("green"));
    write_file(lab.config(), replaced(swapped, "port=@", "port=" + lab.port("blue")));
    expect_refused(scenario.pgteal({"abort"}), "not the server that the run began with");
    EXPECT_EQ(count(), "1");

    write_file(lab.config(), replaced(config, "lanes = 1", "lanes = 2"));
    expect_refused(scenario.pgteal({"prepare"}), "the run began with 1");
    write_file(lab.config(), replaced(config, "name  = \"shop\"", "name = \"other\""));
    expect_refused(scenario.pgteal({"abort"}), "other was added");
    write_file(lab.config(), config);
    const auto aborted = scenario.pgteal({"abort"});
    EXPECT_EQ(aborted.exit_code, 0) << aborted;
    EXPECT_EQ(count(), "1");
}

/// Freezes a pooler as soon as pgteal holds the clients of the other one.
class HangInThePause {
public:
    HangInThePause(Scenario& scenario, const std::string& held, const std::string& victim)
        : thread_([&scenario, held, victim] {
              const auto deadline = std::chrono::steady_clock::now() + 20s;
              while (!show_databases(scenario.lab(), held).at("app").paused &&
                     std::chrono::steady_clock::now() < deadline) {
                  std::this_thread::sleep_for(2ms);
              }
              scenario.lab().freeze(victim);
          }) {}
    ~HangInThePause() { thread_.join(); }
    HangInThePause(const HangInThePause&) = delete;
    HangInThePause& operator=(const HangInThePause&) = delete;

private:
    std::thread thread_;
};

TEST(Hardship, a_pooler_that_hangs_in_the_pause_holds_only_its_own_clients) {
    Scenario scenario({"--poolers", "2"});
    auto& lab = scenario.lab();
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    // A transaction keeps the pause open until the other pooler hangs.
    auto open = client(lab, "pgb2", "app");
    ASSERT_TRUE(open.run("BEGIN").ok());
    ASSERT_TRUE(open.run("SELECT 1").ok());
    support::Run run;
    std::thread cutover;
    {
        const HangInThePause hang(scenario, "pgb1", "pgb2");
        cutover = std::thread([&] { run = scenario.pgteal({"cutover"}, {}, 200s); });
    }
    // max_pause is 5 s; the other pooler's clients go on right after.
    const auto began = std::chrono::steady_clock::now();
    while (show_databases(lab, "pgb1").at("app").paused && std::chrono::steady_clock::now() - began < 60s) {
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s)
        << "the healthy pooler's clients were kept waiting";
    EXPECT_EQ(as_client(lab, "pgb1", "app", "SELECT 1"), "1");
    cutover.join();
    EXPECT_EQ(run.exit_code, 4) << run;
    lab.thaw("pgb2");
    const auto resumed = scenario.pgteal({"resume"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed;
    EXPECT_EQ(serving_side(scenario), "blue");
    EXPECT_EQ(as_client(lab, "pgb2", "app", "SELECT 1"), "1");
}

TEST(Hardship, a_pooler_that_is_dead_past_the_switch_can_be_left_behind) {
    Scenario scenario({"--poolers", "2"});
    auto& lab = scenario.lab();
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    const auto killed = scenario.pgteal({"cutover"}, kill_at("switch", "done"));
    ASSERT_TRUE(killed.killed()) << killed;
    lab.kill9("pgb2");
    support::Run run;
    std::thread resume([&] { run = scenario.pgteal({"resume"}, {}, 200s); });
    const auto began = std::chrono::steady_clock::now();
    while (show_databases(lab, "pgb1").at("app").paused && std::chrono::steady_clock::now() - began < 60s) {
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
    EXPECT_EQ(as_client(lab, "pgb1", "app", who_are_you), scenario.value("green", "postgres", who_are_you));
    resume.join();
    EXPECT_EQ(run.exit_code, 4) << run;
    // Its machine is gone for good: taken out of the config.
    auto config = read_file(lab.config());
    const auto second = config.find("[[pooler]]", config.find("[[pooler]]") + 1);
    ASSERT_NE(second, std::string::npos);
    const auto next = config.find("\n[", second + 12);
    config.erase(second, next == std::string::npos ? next : next + 1 - second);
    write_file(lab.config(), config);
    const auto refused = scenario.pgteal({"resume"});
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_THAT(refused.err, HasSubstr("pooler-gone")) << refused;
    write_file(lab.config(), config + "\n[check]\naccept = [\"pooler-gone\"]\n");
    const auto left = scenario.pgteal({"resume"});
    EXPECT_EQ(left.exit_code, 0) << left;
    EXPECT_EQ(serving_side(scenario), "green");
    const auto back = scenario.pgteal({"switch-back"});
    EXPECT_EQ(back.exit_code, 0) << back;
}

TEST(Hardship, an_entry_made_later_is_noticed_and_moved) {
    Scenario scenario;
    auto& lab = scenario.lab();
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    ASSERT_EQ(scenario.pgteal({"cutover"}).exit_code, 0);
    ASSERT_EQ(scenario.pgteal({"switch-back"}).exit_code, 0);
    const auto ini = lab.value("PGB1_INI");
    const auto text = read_file(ini);
    const auto at = text.find("\napp");
    ASSERT_NE(at, std::string::npos);
    const auto line = text.substr(at + 1, text.find('\n', at + 1) - at);
    write_file(ini, text.substr(0, at + 1) + replaced(line, "app", "app_reports") + text.substr(at + 1));
    ASSERT_EQ(std::system(("kill -HUP $(cat " + lab.dir() + "/pgb1/pgbouncer.pid 2>/dev/null || pgrep -f " +
                           ini + ")")
                              .c_str()),
              0);
    for (int i = 0; i < 100 && !show_databases(lab, "pgb1").contains("app_reports"); ++i) {
        std::this_thread::sleep_for(50ms);
    }
    expect_refused(scenario.pgteal({"cutover"}), "pgteal prepare takes note");
    const auto noted = scenario.pgteal({"prepare"});
    ASSERT_EQ(noted.exit_code, 0) << noted;
    const auto moved = scenario.pgteal({"cutover"});
    ASSERT_EQ(moved.exit_code, 0) << moved;
    EXPECT_EQ(as_client(lab, "pgb1", "app_reports", who_are_you),
              scenario.value("green", "postgres", who_are_you));
}

TEST(Hardship, a_setting_of_the_database_outlives_the_fence) {
    Scenario scenario;
    scenario.query("blue", "postgres", "ALTER DATABASE app SET default_transaction_read_only = off");
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    const auto setting = [&](const std::string& side) {
        return scenario.value(
            side, "postgres",
            "SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting JOIN pg_database d ON "
            "d.oid = setdatabase WHERE datname = 'app' AND setrole = 0");
    };
    for (int round = 0; round < 2; ++round) {
        for (const std::string command : {"cutover", "switch-back"}) {
            const auto run = scenario.pgteal({command});
            ASSERT_EQ(run.exit_code, 0) << run;
            EXPECT_THAT(setting(serving_side(scenario)), HasSubstr("default_transaction_read_only=off"));
        }
    }
}

// What our own hints advise: a migration is changed, and the run taken away and prepared again.
TEST(Hardship, migrations_that_changed_are_not_in_the_way_of_an_abort) {
    Scenario scenario;
    auto& lab = scenario.lab();
    const auto file = lab.dir() + "/migrations/app/V1__note.sql";
    const std::string text = "ALTER TABLE workload.events ADD COLUMN note text;\n";
    write_file(file, text);
    const auto before = world(scenario);
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    write_file(file, text + "ALTER TABLE workload.events ADD COLUMN more text;\n");
    const auto edited = scenario.pgteal({"abort"});
    EXPECT_EQ(edited.exit_code, 0) << edited;
    EXPECT_EQ(world(scenario), before);

    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    std::filesystem::remove_all(lab.dir() + "/migrations/app");
    const auto killed = scenario.pgteal({"abort"}, kill_at("subscribe", "undone"));
    ASSERT_TRUE(killed.killed()) << killed;
    const auto resumed = scenario.pgteal({"resume"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed;
    EXPECT_EQ(world(scenario), before);

    std::filesystem::create_directories(lab.dir() + "/migrations/app");
    write_file(file, text);
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    ASSERT_EQ(scenario.pgteal({"cutover"}).exit_code, 0);
    std::filesystem::remove(file);
    const auto back = scenario.pgteal({"switch-back"});
    EXPECT_EQ(back.exit_code, 0) << back;
    const auto finished = scenario.pgteal({"finish"});
    EXPECT_EQ(finished.exit_code, 0) << finished;
}

// A comparison waits for markers in every lane: for a lane that carries nothing it would wait for good.
TEST(Hardship, a_comparison_does_not_wait_for_a_lane_that_carries_nothing) {
    Scenario scenario;
    auto& lab = scenario.lab();
    const auto killed = scenario.pgteal({"prepare"}, kill_at("subscribe", "intent"));
    ASSERT_TRUE(killed.killed()) << killed;
    expect_refused(scenario.pgteal({"compare"}, {}, 60s), "is missing on green");
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    const auto lane = scenario.value("blue", "postgres", "SELECT slot_name FROM pg_replication_slots");

    workload::Session green;
    ASSERT_TRUE(green.connect(lab.dsn("green").with_database("app").conninfo(), 20s));
    const auto on_green = [&green](const std::string& sql) {
        const auto reply = green.run(sql.c_str());
        EXPECT_TRUE(reply.ok()) << reply.message;
    };
    on_green("SET default_transaction_read_only = off");
    on_green("SET pgteal.ddl = on");
    on_green("ALTER SUBSCRIPTION " + lane + " DISABLE");
    const auto disabled = scenario.pgteal({"compare"}, {}, 60s);
    expect_refused(disabled, "lane app.1 (blue > green) is not running");
    // What each of them says is typed, in a session that has neither setting.
    const auto begin = disabled.err.find("SET default_transaction_read_only");
    ASSERT_NE(begin, std::string::npos) << disabled;
    const auto typed = disabled.err.substr(begin, disabled.err.find("ENABLE;") + 7 - begin);
    EXPECT_THAT(scenario.pgteal({"cutover"}).err, HasSubstr(typed));
    EXPECT_THAT(scenario.pgteal({"status"}).out,
                HasSubstr("is disabled.   on green, database app:  " + typed));
    workload::Session fresh;
    ASSERT_TRUE(fresh.connect(lab.dsn("green").with_database("app").conninfo(), 20s));
    for (std::size_t at = 0; at < typed.size();) {
        const auto end = typed.find(';', at);
        const auto reply = fresh.run(typed.substr(at, end - at).c_str());
        EXPECT_TRUE(reply.ok()) << typed << ": " << reply.message;
        at = end + 1;
    }
    const auto equal = scenario.pgteal({"compare"}, {}, 60s);
    EXPECT_EQ(equal.exit_code, 0) << equal;
}

TEST(Hardship, every_change_that_would_stop_a_lane_is_named) {
    Scenario scenario;
    auto& lab = scenario.lab();
    for (const std::string table : {"one", "two", "three"}) {
        scenario.query("blue", "app", "CREATE TABLE public." + table + " (id int PRIMARY KEY, v text)");
    }
    write_file(lab.dir() + "/migrations/app/V1__less.sql",
               "ALTER TABLE public.one DROP COLUMN v;\nALTER TABLE public.two RENAME COLUMN v TO w;\n"
               "ALTER TABLE public.three ADD COLUMN n int NOT NULL;\n");
    const auto before = world(scenario);
    for (const bool json : {false, true}) {
        const auto run = json ? scenario.pgteal_json({"prepare"}) : scenario.pgteal({"prepare"});
        EXPECT_EQ(run.exit_code, 1) << run;
        const auto text = json ? run.out : run.err;
        for (const auto* table : {"public.one", "public.two", "public.three"}) {
            EXPECT_THAT(text, HasSubstr(table)) << run;
        }
    }
    EXPECT_EQ(scenario.pgteal({"abort"}).exit_code, 0);
    EXPECT_EQ(world(scenario), before);
}

} // namespace
} // namespace pgteal::support
