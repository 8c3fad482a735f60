// Servers that are killed with kill -9 and come back: during the clone, behind the fence, behind the switch
// point, and in the middle of a switch. Nothing that a client was told is lost.
#include <cstdlib>
#include <thread>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"

namespace pgteal::support {
namespace {

using namespace std::chrono_literals;

void crash_server(Scenario& scenario, const std::string& side) {
    scenario.lab().kill9(side);
    scenario.lab().start(side);
}

std::string serving_side(Scenario& scenario) {
    return std::string(scenario.status().at("serving").as_string());
}

/// Not held, not half-way, and clients get on.
void expect_at_work(Scenario& scenario) {
    const auto again = scenario.pgteal_json({"resume"});
    EXPECT_EQ(again.exit_code, 3) << again;
    const auto status = scenario.status();
    for (const auto& pooler : status.at("poolers").as_array()) {
        for (const auto& entry : pooler.at("entries").as_array()) {
            EXPECT_FALSE(entry.at("paused").as_bool()) << status;
            EXPECT_EQ(entry.at("side").as_string(), status.at("serving").as_string()) << status;
        }
    }
    EXPECT_TRUE(scenario.workload().wait_acknowledged(60, 60s));
}

void expect_nothing_lost(Scenario& scenario) {
    const auto report = scenario.check({.min_per_side = 50, .faults = true});
    EXPECT_TRUE(report.ok()) << to_text(report);
}

/// Clients meet a dead server in between: tried until the gate has nothing against it any more.
support::Run switch_patiently(Scenario& scenario, const std::string& command) {
    auto run = scenario.pgteal({command});
    for (int i = 0; i < 20 && run.exit_code == 3; ++i) {
        std::this_thread::sleep_for(500ms);
        run = scenario.pgteal({command});
    }
    return run;
}

TEST(ServerFaults, in_prepare_are_gone_on_from) {
    Scenario scenario;
    scenario.start_workload(4, 80, 5);
    const std::vector<std::pair<std::string, std::string>> faults{
        {"copy", "green"}, {"build", "green"}, {"subscribe", "blue"}, {"arm-reverse", "green"}};
    for (const auto& [step, side] : faults) {
        const auto killed = scenario.pgteal({"prepare"}, kill_at(step, "action-1"));
        ASSERT_TRUE(killed.killed()) << killed;
        crash_server(scenario, side);
        scenario.say(side + " killed in " + step);
    }
    const auto end = scenario.pgteal({"prepare"});
    ASSERT_EQ(end.exit_code, 0) << end;
    const auto compared = scenario.pgteal_json({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
    const auto moved = switch_patiently(scenario, "cutover");
    ASSERT_EQ(moved.exit_code, 0) << moved;
    expect_at_work(scenario);
    expect_nothing_lost(scenario);
}

// The controller dies at that point and the server with it; both come back.
TEST(ServerFaults, together_with_the_controllers_lose_nothing) {
    Scenario scenario;
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    scenario.start_workload(4, 80, 5);
    struct Case {
        std::string step, point;
        bool from; ///< the side that served is killed, else the other one
        bool forward;
    };
    const std::vector<Case> cases{{"fence", "done", true, false},  {"barrier", "done", false, false},
                                  {"marker", "done", true, false}, {"retarget", "done", false, false},
                                  {"switch", "done", false, true}, {"switch", "action-1", true, true},
                                  {"resume", "done", false, true}, {"turn", "action-1", true, true}};
    for (const auto& one : cases) {
        const auto serving = serving_side(scenario);
        const std::string other = serving == "blue" ? "green" : "blue";
        ASSERT_TRUE(scenario.workload().wait_acknowledged(40, 60s));
        const auto killed =
            scenario.pgteal({serving == "blue" ? "cutover" : "switch-back"}, kill_at(one.step, one.point));
        ASSERT_TRUE(killed.killed()) << killed;
        crash_server(scenario, one.from ? serving : other);
        const auto resumed = scenario.pgteal_json({"resume"});
        ASSERT_EQ(resumed.exit_code, 0) << resumed;
        EXPECT_EQ(serving_side(scenario), one.forward ? other : serving) << resumed;
        expect_at_work(scenario);
        scenario.say((one.from ? serving : other) + " killed at " + one.step + ":" + one.point +
                     ", resumed: " + serving_side(scenario) + " serves");
    }
    const auto compared = scenario.pgteal_json({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
    expect_nothing_lost(scenario);
}

// The controller lives and meets a server that dies under it, now sooner, now later.
TEST(ServerFaults, under_a_live_controller_end_on_one_side) {
    Scenario scenario;
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    scenario.start_workload(4, 80, 5);
    int done = 0;
    for (int round = 0; round < 8; ++round) {
        const auto serving = serving_side(scenario);
        const std::string victim = round % 2 == 0 ? (serving == "blue" ? "green" : "blue") : serving;
        ASSERT_TRUE(scenario.workload().wait_acknowledged(40, 60s));
        std::thread fault([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(60 + round * 35));
            crash_server(scenario, victim);
        });
        const auto run = scenario.pgteal({serving == "blue" ? "cutover" : "switch-back"});
        fault.join();
        EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 1 || run.exit_code == 3 || run.exit_code == 4)
            << run;
        if (run.exit_code == 4) {
            const auto resumed = scenario.pgteal({"resume"});
            ASSERT_EQ(resumed.exit_code, 0) << run << resumed;
        }
        const auto now = serving_side(scenario);
        EXPECT_TRUE(run.exit_code != 0 || now != serving) << run;
        EXPECT_TRUE((run.exit_code != 1 && run.exit_code != 3) || now == serving) << run;
        done += now != serving ? 1 : 0;
        expect_at_work(scenario);
        scenario.say(victim + " killed in a switch from " + serving + ": exit " +
                     std::to_string(run.exit_code) + ", " + now + " serves");
    }
    const auto moved =
        switch_patiently(scenario, serving_side(scenario) == "blue" ? "cutover" : "switch-back");
    ASSERT_EQ(moved.exit_code, 0) << moved;
    expect_at_work(scenario);
    const auto compared = scenario.pgteal_json({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
    expect_nothing_lost(scenario);
}

} // namespace
} // namespace pgteal::support
