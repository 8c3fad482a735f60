// kill -9 while the clone is made, and while it is taken away again.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"

namespace pgteal::support {
namespace {

using namespace std::chrono_literals;

void write_migration(Scenario& scenario) {
    const auto folder = scenario.lab().dir() + "/migrations/app";
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/V1__note.sql") << "ALTER TABLE workload.items ADD COLUMN note text;\n"
                                               "CREATE INDEX items_note ON workload.items (note);\n";
}

TEST(CrashInPrepare, GoesOnFromEveryPointToTheEndOfAnUndisturbedRun) {
    Scenario scenario({"--databases", "app,second"});
    write_migration(scenario);
    scenario.query("blue", "app",
                   "CREATE TABLE public.years (id int, year int, note varchar(9) COLLATE \"C\", PRIMARY KEY "
                   "(id, year)) PARTITION BY "
                   "LIST (year)");
    scenario.query("blue", "app", "CREATE TABLE public.y1 PARTITION OF public.years FOR VALUES IN (1)");
    scenario.query("blue", "app", "CREATE TABLE public.y2 PARTITION OF public.years FOR VALUES IN (2)");
    scenario.query("blue", "app", "CREATE INDEX ON public.years (note)");
    // Both depend on the key, a third one on the first.
    const std::string grouped = " AS SELECT y.*, count(*) AS n FROM public.years y GROUP BY y.id, y.year";
    scenario.query("blue", "app", "CREATE VIEW public.\"Per year\"" + grouped);
    scenario.query("blue", "app", "CREATE MATERIALIZED VIEW public.kept" + grouped);
    scenario.query("blue", "app", "CREATE VIEW public.reader AS SELECT note FROM public.\"Per year\"");
    scenario.query("blue", "app", "GRANT SELECT ON public.\"Per year\" TO app");
    scenario.query("blue", "app",
                   "INSERT INTO public.years SELECT n, 1 + n % 2, 'n' FROM generate_series(1, 99) n");
    scenario.start_workload();
    const auto plan = read_plan(scenario);
    int crashes = 0;
    for (const auto& step : plan.prepare) {
        auto points = crash_points(step);
        if (step.id == "build") {
            // Interrupted before, it ends earlier restores and takes away what they made; the third action is
            // pg_restore, so that the next try finds all of it there.
            points.insert(points.end() - 1, "action-3");
        }
        for (const auto& point : points) {
            const std::string command = crashes % 2 == 0 ? "prepare" : "resume";
            const auto run = scenario.pgteal({command}, kill_at(step.id, point));
            ASSERT_TRUE(run.killed()) << run;
            ++crashes;
            scenario.say(command + " killed at " + step.id + ":" + point);
        }
    }
    const auto unrecorded = scenario.pgteal({"prepare"}, kill_at("prepare", "unrecorded"));
    ASSERT_TRUE(unrecorded.killed()) << unrecorded;
    // What changes from here on would not show: neither status nor a cutover takes it for prepared.
    EXPECT_NE(scenario.pgteal({"status"}).out.find("Go on with:   pgteal prepare"), std::string::npos);
    EXPECT_EQ(scenario.pgteal({"cutover"}).exit_code, 3);
    const auto end = scenario.pgteal({"resume"});
    ASSERT_EQ(end.exit_code, 0) << end;
    const auto again = scenario.pgteal_json({"resume"});
    EXPECT_EQ(again.exit_code, 3) << again;
    EXPECT_EQ(again.error_code(), "wrong_state");
    const auto repeated = scenario.pgteal({"prepare"});
    EXPECT_EQ(repeated.exit_code, 0) << repeated;
    scenario.say("prepared after " + std::to_string(crashes) + " crashes");

    const auto compared = scenario.pgteal_json({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
    EXPECT_TRUE(compared.json().at("equal").as_bool());
    EXPECT_EQ(
        scenario.value("green", "app", "SELECT count(*) FROM pg_indexes WHERE indexname = 'items_note'"),
        "1");

    for (const std::string view : {"\"Per year\"", "kept", "reader"}) {
        EXPECT_EQ(scenario.value("green", "app", "SELECT count(note) FROM public." + view), "99") << view;
    }
    EXPECT_EQ(
        scenario.value("green", "app", "SELECT has_table_privilege('app', 'public.\"Per year\"', 'SELECT')"),
        "t");

    const auto moved = scenario.pgteal({"cutover"});
    ASSERT_EQ(moved.exit_code, 0) << moved;
    EXPECT_TRUE(scenario.workload().wait_acknowledged(1000, 60s));
    const auto report = scenario.check({.min_per_side = 1000, .switches = 1, .max_errors = 0});
    EXPECT_TRUE(report.ok()) << to_text(report);
    scenario.say("cut over and checked");
}

// Killed in the middle of a copy of several tables: those that were finished stay as they are, those that
// were not are copied under a later snapshot, and what clients wrote meanwhile is applied once to each.
TEST(CrashInCopy, FinishedTablesAreNotCopiedAgain) {
    Scenario scenario;
    constexpr int tables = 6;
    const auto each = [&](const std::string& sql) {
        for (int i = 1; i <= tables; ++i) {
            auto one = sql;
            for (auto at = one.find('@'); at != std::string::npos; at = one.find('@')) {
                one.replace(at, 1, std::to_string(i));
            }
            scenario.query("blue", "app", one);
        }
    };
    each("CREATE TABLE public.part_@ (id bigint PRIMARY KEY, word text)");
    each("INSERT INTO public.part_@ SELECT n, repeat('x', 150) FROM generate_series(1, 200000 - @ * 100) n");
    write_file(scenario.lab().config(), replaced(read_file(scenario.lab().config()), "jobs = 2", "jobs = 1"));
    scenario.start_workload();

    support::Run run;
    std::thread prepare([&] { run = scenario.pgteal({"prepare"}); });
    const std::string look = "SELECT count(*) FROM pgteal.copied WHERE tablename LIKE '%part_%'";
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    int finished = 0;
    while (finished < 2 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(10ms);
        if (scenario.value("green", "postgres", "SELECT count(*) FROM pg_database WHERE datname = 'app'") ==
                "1" &&
            scenario.value("green", "app", "SELECT to_regclass('pgteal.copied') IS NOT NULL") == "t") {
            finished = std::stoi(scenario.value("green", "app", look));
        }
    }
    std::system(("pkill -9 -f 'pgteal -c " + scenario.lab().config() + " prepare'").c_str());
    prepare.join();
    ASSERT_TRUE(run.killed()) << run;
    const auto kept = scenario.query(
        "green", "app",
        "SELECT tablename, pg_relation_filenode(tablename::regclass) FROM pgteal.copied ORDER BY 1");
    ASSERT_GE(kept.size(), 2U);
    ASSERT_LT(finished, tables) << "the copy was over before it was killed";
    scenario.say("killed with " + std::to_string(kept.size()) + " tables copied");

    // Each kind of change, in tables of both sorts, between the two snapshots.
    each("INSERT INTO public.part_@ VALUES (1000000, 'between')");
    each("UPDATE public.part_@ SET word = 'changed' WHERE id % 1000 = 0");
    each("DELETE FROM public.part_@ WHERE id % 1000 = 1");
    const auto resumed = scenario.pgteal({"resume"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed;
    for (const auto& row : kept) {
        const auto name = row.substr(0, row.find('|'));
        EXPECT_EQ(scenario.value("green", "app", "SELECT pg_relation_filenode('" + name + "'::regclass)"),
                  row.substr(row.find('|') + 1))
            << name << " was copied again";
    }
    EXPECT_EQ(scenario.value("green", "app", "SELECT count(DISTINCT at) FROM pgteal.copied"), "2");
    EXPECT_EQ(scenario.value("blue", "postgres", "SELECT count(*) FROM pg_replication_slots WHERE temporary"),
              "0");
    each("UPDATE public.part_@ SET word = 'after' WHERE id = 7");
    const auto compared = scenario.pgteal_json({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
    const auto moved = scenario.pgteal({"cutover"});
    ASSERT_EQ(moved.exit_code, 0) << moved;
    EXPECT_TRUE(scenario.workload().wait_acknowledged(500, 60s));
    const auto report = scenario.check({.min_per_side = 300, .switches = 1, .max_errors = 0});
    EXPECT_TRUE(report.ok()) << to_text(report);
}

TEST(CrashInAbort, LeavesEverythingAsFoundOnceItIsResumed) {
    Scenario scenario({"--databases", "app,second", "--poolers", "2"});
    write_migration(scenario);
    const auto before = world(scenario);
    scenario.start_workload();
    const auto plan = read_plan(scenario);

    // Half-way in prepare, at each of these points.
    for (const auto& [step, point] : std::vector<std::pair<std::string, std::string>>{
             {"claim", "action-1"}, {"schema", "intent"}, {"copy", "action-1"}, {"subscribe", "done"}}) {
        const auto crashed = scenario.pgteal({"prepare"}, kill_at(step, point));
        ASSERT_TRUE(crashed.killed()) << crashed;
        EXPECT_NE(world(scenario), before);
        const auto removed = scenario.pgteal({"abort"});
        ASSERT_EQ(removed.exit_code, 0) << removed;
        EXPECT_EQ(world(scenario), before) << "prepare was killed at " << step << ":" << point;
        scenario.say("prepare killed at " + step + ":" + point + ", aborted: as found");
    }

    // In the first cutover, with the poolers' files installed already, and then in abort itself.
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    const auto crashed = scenario.pgteal({"cutover"}, kill_at("retarget", "done"));
    ASSERT_TRUE(crashed.killed()) << crashed;
    scenario.say("cutover killed at retarget:done");
    std::vector<std::string> undone{"retarget", "fence", "pause"};
    for (auto step = plan.prepare.rbegin(); step != plan.prepare.rend(); ++step) {
        if (step->actions > 0) {
            undone.push_back(step->id);
        }
    }
    const auto removing = [&] { return scenario.status().at("step").as_string() == "removing"; };
    for (const auto& step : undone) {
        for (const std::string point : {"undoing", "undone"}) {
            // Before the removal began, resume would only take the switchover back.
            const std::string command = point == "undone" && removing() ? "resume" : "abort";
            const auto run = scenario.pgteal({command}, kill_at(step, point));
            ASSERT_TRUE(run.killed()) << run;
            scenario.say(command + " killed at " + step + ":" + point);
        }
    }
    const auto end = scenario.pgteal_json({"resume"});
    ASSERT_EQ(end.exit_code, 0) << end;
    EXPECT_EQ(end.json().at("outcome").as_string(), "removed");
    EXPECT_EQ(world(scenario), before);
    const auto again = scenario.pgteal({"resume"});
    EXPECT_EQ(again.exit_code, 3) << again;
    EXPECT_TRUE(scenario.workload().wait_acknowledged(200, 30s));
    const auto report = scenario.check({.min_per_side = 1000, .switches = 0, .max_errors = 0}, false);
    EXPECT_TRUE(report.ok()) << to_text(report);
    scenario.say("aborted: as found, and checked");
}

} // namespace
} // namespace pgteal::support
