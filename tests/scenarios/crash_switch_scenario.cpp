// kill -9 at every point of the switchover, in both directions, under load: before the switch is on disk the
// old side goes on, after it the new one does, and nothing is lost either way.
#include <algorithm>

#include "tests/scenarios/switch_world.hpp"

namespace pgteal::support {
namespace {

struct Point {
    std::string step;
    std::string name;
    bool forward = false; ///< resume goes on to the new side
};

/// All points of the switchover, in order. Forward from the first one at which the switch is on disk.
std::vector<Point> switchover_points(const Plan& plan) {
    std::vector<Point> points;
    bool recorded = false;
    for (const auto& step : plan.switchover) {
        for (const auto& name : crash_points(step)) {
            recorded = recorded || (step.id == "switch" && name != "intent");
            points.push_back({step.id, name, recorded});
        }
    }
    return points;
}

class CrashInSwitchover : public SwitchWorld {
protected:
    /// Kills a switch to the other side at `point`, resumes, and looks. `serving` and `epoch` follow.
    void crash(const Point& point) {
        const auto to = other_side(serving);
        const auto run = scenario.pgteal({command(to)}, kill_at(point.step, point.name));
        ASSERT_TRUE(run.killed()) << run;
        const auto interrupted = scenario.pgteal_json({command(to)});
        EXPECT_EQ(interrupted.exit_code, 3) << interrupted;
        const auto resumed = scenario.pgteal_json({"resume"});
        ASSERT_EQ(resumed.exit_code, 0) << resumed;
        const auto outcome = resumed.json();
        if (point.forward) {
            serving = to;
            ++epoch;
        }
        EXPECT_EQ(outcome.at("outcome").as_string(), point.forward ? "switched" : "aborted");
        EXPECT_EQ(outcome.at("serving").as_string(), serving);
        expect_rest();
        const auto again = scenario.pgteal_json({"resume"});
        EXPECT_EQ(again.exit_code, 3) << again;
        scenario.say(command(to) + " killed at " + point.step + ":" + point.name + ", resumed: " + serving +
                     " serves, epoch " + std::to_string(epoch));
    }
};

TEST_F(CrashInSwitchover, EndsOnTheSideThatTheJournalNamesAndLosesNothing) {
    const auto points = switchover_points(read_plan(scenario));
    ASSERT_NO_FATAL_FAILURE(prepare());
    for (int direction = 0; direction < 2; ++direction) {
        for (const auto& point : points) {
            if (!point.forward) {
                ASSERT_NO_FATAL_FAILURE(crash(point));
            }
        }
        ASSERT_NO_FATAL_FAILURE(move());
    }
    for (const auto& point : points) {
        if (point.forward) {
            ASSERT_NO_FATAL_FAILURE(crash(point)); // blue to green
            ASSERT_NO_FATAL_FAILURE(crash(point)); // and back
        }
    }
    const auto compared = scenario.pgteal_json({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
    const auto report = scenario.check({.min_per_side = 1000,
                                        .min_per_phase = 10,
                                        .switches = static_cast<int>(epoch - 1),
                                        .max_errors = 0});
    EXPECT_TRUE(report.ok()) << to_text(report);
    scenario.say("checked: " + std::to_string(report.summary.all.acknowledged) +
                 " operations acknowledged, " + std::to_string(epoch - 1) + " switches");
}

// resume is killed as well, wherever it takes a step back or goes on; then resumed.
TEST_F(CrashInSwitchover, ResumeItselfMayBeKilled) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    for (int direction = 0; direction < 2; ++direction) {
        const auto to = other_side(serving);
        const auto back = scenario.pgteal({command(to)}, kill_at("retarget", "done"));
        ASSERT_TRUE(back.killed()) << back;
        for (const std::string step : {"retarget", "fence", "pause"}) {
            for (const std::string point : {"undoing", "action-1", "undone"}) {
                const auto run = scenario.pgteal({"resume"}, kill_at(step, point));
                ASSERT_TRUE(run.killed()) << run;
                scenario.say("resume killed at " + step + ":" + point);
            }
        }
        const auto taken_back = scenario.pgteal_json({"resume"});
        ASSERT_EQ(taken_back.exit_code, 0) << taken_back;
        expect_rest();

        const auto forth = scenario.pgteal({command(to)}, kill_at("switch", "action-1"));
        ASSERT_TRUE(forth.killed()) << forth;
        for (const std::string step : {"switch", "resume", "confirm", "turn"}) {
            for (const std::string point : {"intent", "action-1", "done"}) {
                const auto run = scenario.pgteal({"resume"}, kill_at(step, point));
                ASSERT_TRUE(run.killed()) << run;
                scenario.say("resume killed at " + step + ":" + point);
            }
        }
        const auto gone_on = scenario.pgteal_json({"resume"});
        ASSERT_EQ(gone_on.exit_code, 0) << gone_on;
        serving = to;
        ++epoch;
        expect_rest();
        scenario.say("resumed: " + serving + " serves");
    }
    const auto report =
        scenario.check({.min_per_side = 50, .min_per_phase = 10, .switches = 2, .max_errors = 0});
    EXPECT_TRUE(report.ok()) << to_text(report);
}

// The new side dies between the record of the switch and its opening, and somebody helps the clients by hand.
TEST_F(CrashInSwitchover, AnOldSideThatWasOpenedByHandIsNotLeftWithItsWrites) {
    scenario.query("blue", "app", "CREATE TABLE public.by_hand (id int PRIMARY KEY)");
    ASSERT_NO_FATAL_FAILURE(prepare());
    const auto fence = [this](const std::string& side, const std::string& setting, int limit) {
        for (const std::string database : {"app", "second"}) {
            scenario.query(side, "postgres",
                           "ALTER DATABASE " + database + " " + setting + " default_transaction_read_only" +
                               (limit == 0 ? " = on" : ""));
            scenario.query(side, "postgres",
                           "ALTER DATABASE " + database + " CONNECTION LIMIT " + std::to_string(limit));
        }
    };

    const auto killed = scenario.pgteal({"cutover"}, kill_at("switch", "action-1"));
    ASSERT_TRUE(killed.killed()) << killed;
    scenario.lab().stop("green");
    fence("blue", "RESET", -1);
    scenario.query("blue", "app", "INSERT INTO public.by_hand VALUES (1)");
    const auto unknown = scenario.pgteal({"resume"});
    EXPECT_EQ(unknown.exit_code, 4) << unknown;
    scenario.lab().start("green");
    const auto taken_back = scenario.pgteal_json({"resume"});
    ASSERT_EQ(taken_back.exit_code, 0) << taken_back;
    EXPECT_EQ(taken_back.json().at("outcome").as_string(), "aborted");
    expect_rest();
    scenario.say("green never served: blue serves, epoch 1");

    ASSERT_NO_FATAL_FAILURE(move());
    EXPECT_EQ(scenario.value("green", "app", "SELECT count(*) FROM public.by_hand"), "1");

    const auto opened = scenario.pgteal({"switch-back"}, kill_at("switch", "done"));
    ASSERT_TRUE(opened.killed()) << opened;
    fence("green", "RESET", -1);
    const auto both = scenario.pgteal({"resume"});
    EXPECT_EQ(both.exit_code, 4) << both;
    EXPECT_NE(both.err.find("blue was opened too"), std::string::npos) << both;
    EXPECT_NE(both.err.find("CONNECTION LIMIT 0"), std::string::npos) << both;
    fence("green", "SET", 0);
    const auto forth = scenario.pgteal_json({"resume"});
    ASSERT_EQ(forth.exit_code, 0) << forth;
    serving = "blue";
    ++epoch;
    expect_rest();
    const auto report =
        scenario.check({.min_per_side = 50, .min_per_phase = 10, .switches = 2, .max_errors = 0});
    EXPECT_TRUE(report.ok()) << to_text(report);
}

} // namespace
} // namespace pgteal::support
