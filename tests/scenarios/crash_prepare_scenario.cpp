// kill -9 while the clone is made, and while it is taken away again.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

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
    scenario.start_workload();
    const auto plan = read_plan(scenario);
    int crashes = 0;
    for (const auto& step : plan.prepare) {
        for (const auto& point : crash_points(step)) {
            const std::string command = crashes % 2 == 0 ? "prepare" : "resume";
            const auto run = scenario.pgteal({command}, kill_at(step.id, point));
            ASSERT_TRUE(run.killed()) << run;
            ++crashes;
            scenario.say(command + " killed at " + step.id + ":" + point);
        }
    }
    const auto unrecorded = scenario.pgteal({"prepare"}, kill_at("prepare", "unrecorded"));
    ASSERT_TRUE(unrecorded.killed()) << unrecorded;
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

    const auto moved = scenario.pgteal({"cutover"});
    ASSERT_EQ(moved.exit_code, 0) << moved;
    EXPECT_TRUE(scenario.workload().wait_acknowledged(1000, 60s));
    const auto report = scenario.check({.min_per_side = 1000, .switches = 1, .max_errors = 0});
    EXPECT_TRUE(report.ok()) << to_text(report);
    scenario.say("cut over and checked");
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
