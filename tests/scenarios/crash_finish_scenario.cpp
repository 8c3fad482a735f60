// kill -9 in finish: whatever was dropped by then, resume drops the rest.
#include <gtest/gtest.h>

#include "tests/support/crash.hpp"

namespace pgteal::support {
namespace {

using namespace std::chrono_literals;

class CrashInFinish : public testing::TestWithParam<std::string> {};

TEST_P(CrashInFinish, LeavesNothingBehindOnEitherSide) {
    const auto serving = GetParam();
    Scenario scenario({"--databases", "app,second"});
    scenario.start_workload();
    const auto plan = read_plan(scenario);
    std::vector<std::string> way{"prepare", "cutover"};
    if (serving == "blue") {
        way.emplace_back("switch-back");
    }
    for (const auto& command : way) {
        const auto run = scenario.pgteal({command});
        ASSERT_EQ(run.exit_code, 0) << run;
        ASSERT_TRUE(scenario.workload().wait_acknowledged(200, 30s));
    }
    ASSERT_NE(traces(scenario, "blue") + traces(scenario, "green"), "");

    std::size_t crashes = 0;
    const auto crash = [&](const std::string& step, const std::string& point) {
        const std::string command = crashes++ % 2 == 0 ? "finish" : "resume";
        const auto run = scenario.pgteal({command}, kill_at(step, point));
        ASSERT_TRUE(run.killed()) << run;
        scenario.say(command + " killed at " + step + ":" + point);
    };
    for (const auto& step : plan.finish) {
        ASSERT_NO_FATAL_FAILURE(crash(step.id, "intent"));
        // Both sides are worked on at once: what one was told is done even when the crash is counted on the
        // other, so that nothing may be left to do before the last action's turn.
        for (std::size_t n = 1;
             n <= step.actions && !(traces(scenario, "blue") + traces(scenario, "green")).empty(); ++n) {
            ASSERT_NO_FATAL_FAILURE(crash(step.id, "action-" + std::to_string(n)));
        }
        EXPECT_GT(crashes, step.actions / 2);
        ASSERT_NO_FATAL_FAILURE(crash(step.id, "done"));
    }
    const auto end = scenario.pgteal_json({"resume"});
    ASSERT_EQ(end.exit_code, 0) << end;
    EXPECT_EQ(end.json().at("outcome").as_string(), "finished");
    EXPECT_EQ(end.json().at("serving").as_string(), serving);
    EXPECT_EQ(traces(scenario, "blue") + traces(scenario, "green"), "");
    const auto standing = serving == "green" ? std::string("blue") : std::string("green");
    EXPECT_EQ(scenario.query(standing, "postgres",
                             "SELECT datconnlimit FROM pg_database WHERE datname IN ('app', 'second')"),
              (std::vector<std::string>{"0", "0"}));
    const auto again = scenario.pgteal({"resume"});
    EXPECT_EQ(again.exit_code, 3) << again;
    const auto finished = scenario.pgteal({"finish"});
    EXPECT_EQ(finished.exit_code, 3) << finished;

    ASSERT_TRUE(scenario.workload().wait_acknowledged(200, 30s));
    const auto report =
        scenario.check({.min_per_side = 200, .switches = serving == "green" ? 1 : 2, .max_errors = 0}, false);
    EXPECT_TRUE(report.ok()) << to_text(report);
    scenario.say("finished after " + std::to_string(crashes) + " crashes, and checked");
}

INSTANTIATE_TEST_SUITE_P(Serving, CrashInFinish, testing::Values("green", "blue"),
                         [](const auto& serving) { return serving.param; });

} // namespace
} // namespace pgteal::support
