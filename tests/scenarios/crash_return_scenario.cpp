// kill -9 in a switch that nobody is served by: at every point of going back by itself, of staying there all
// the same when something was written, and of the confirmation that comes before going back by the procedure.
#include <functional>
#include <thread>

#include "tests/scenarios/switch_world.hpp"
#include "tests/scenarios/world.hpp"

namespace pgteal::support {
namespace {

using namespace std::chrono_literals;

class CrashInReturn : public SwitchWorld {
protected:
    void SetUp() override {
        const auto config = scenario.lab().config();
        write_file(config, replaced(read_file(config), "max_pause = \"5s\"", "max_pause = \"29s\""));
        scenario.query("blue", "app", "CREATE TABLE public.by_hand (id int PRIMARY KEY)");
        for (const std::string side : {"blue", "green"}) {
            hba_[side] = scenario.value(side, "postgres", "SHOW hba_file");
            let_in_[side] = read_file(hba_[side]);
        }
        ASSERT_NO_FATAL_FAILURE(prepare());
    }

    /// From now on the application's logins are refused there; pgteal's own are not.
    void refuse(const std::string& side) {
        write_file(hba_[side], "host app,second app 127.0.0.1/32 reject\n" + let_in_[side]);
        scenario.query(side, "postgres", "SELECT pg_reload_conf()");
    }
    void let_in(const std::string& side) {
        write_file(hba_[side], let_in_[side]);
        scenario.query(side, "postgres", "SELECT pg_reload_conf()");
    }

    /// A switch to the other side, which refuses the application from when its clients are held. `meanwhile`
    /// runs beside it from then on.
    support::Run switch_to_nobody(const Scenario::Environment& env,
                                  const std::function<void()>& meanwhile = {}) {
        const auto to = other_side(serving);
        support::Run run;
        for (int attempt = 0; attempt < 3;
             ++attempt) { // a transaction too old for the gate on a busy machine
            auto held = client(scenario.lab(), "pgb1", "app");
            EXPECT_TRUE(held.run("BEGIN").ok());
            EXPECT_TRUE(held.run("SELECT 1").ok());
            std::thread moving([&] { run = scenario.pgteal_json({command(to)}, env, 200s); });
            const auto until = std::chrono::steady_clock::now() + 25s;
            while (!show_databases(scenario.lab(), "pgb2").at("app").paused &&
                   std::chrono::steady_clock::now() < until) {
                std::this_thread::sleep_for(10ms);
            }
            refuse(to);
            std::this_thread::sleep_for(100ms);
            EXPECT_TRUE(held.run("COMMIT").ok());
            held = {};
            if (meanwhile) {
                meanwhile();
            }
            moving.join();
            if (run.exit_code != 3) {
                break;
            }
            let_in(to);
        }
        return run;
    }

    /// Killed at `point` on the way back from a side that refuses; mended; resumed. `stays`: blue and green
    /// keep their parts, as the switch was put back.
    void crash(const std::string& step, const std::string& point, bool stays) {
        const auto to = other_side(serving);
        const auto run = switch_to_nobody(kill_at(step, point));
        ASSERT_TRUE(run.killed()) << run;
        let_in(to);
        const auto resumed = scenario.pgteal_json({"resume"});
        ASSERT_EQ(resumed.exit_code, 0) << resumed;
        EXPECT_EQ(resumed.json().at("outcome").as_string(), stays ? "aborted" : "switched") << resumed;
        if (!stays) {
            serving = to;
            ++epoch;
        }
        EXPECT_EQ(resumed.json().at("serving").as_string(), serving);
        rest(command(to) + " killed at " + step + ":" + point);
    }

    void rest(const std::string& after_what) {
        expect_rest();
        const auto again = scenario.pgteal_json({"resume"});
        EXPECT_EQ(again.exit_code, 3) << again;
        scenario.say(after_what + ": " + serving + " serves, epoch " + std::to_string(epoch));
    }

    void expect_nothing_lost() {
        scenario.say("compares");
        const auto compared = scenario.pgteal_json({"compare"});
        scenario.say("compared");
        EXPECT_EQ(compared.exit_code, 0) << compared;
        const auto report = scenario.check({.min_per_side = 50, .faults = true});
        EXPECT_TRUE(report.ok()) << to_text(report);
        scenario.say("checked: " + std::to_string(report.summary.all.acknowledged) +
                     " operations acknowledged");
    }

private:
    std::map<std::string, std::string> hba_;
    std::map<std::string, std::string> let_in_;
};

TEST_F(CrashInReturn, EndsWithOneSideOpenAndLosesNothing) {
    // Each is one switch further: there and back by turns.
    ASSERT_NO_FATAL_FAILURE(crash("unswitch", "action-1", false)); // one of two databases is fenced
    ASSERT_NO_FATAL_FAILURE(crash("unswitch", "action-5", false)); // and one was put back
    ASSERT_NO_FATAL_FAILURE(crash("unswitch", "done", false));
    ASSERT_NO_FATAL_FAILURE(crash("fence", "undoing", false)); // the poolers are led back, nobody is let go
    ASSERT_NO_FATAL_FAILURE(crash("fence", "undone", true));
    expect_nothing_lost();
}

TEST_F(CrashInReturn, WithAWriteBehindItGoesByTheProcedure) {
    const auto write = [this] {
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (scenario.value("green", "app", "SELECT serving FROM pgteal.run") != "green" &&
               std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(5ms);
        }
        scenario.query("green", "app", "INSERT INTO public.by_hand VALUES (1)");
    };
    const auto run = switch_to_nobody(kill_at("switch-stays", "intent"), write);
    ASSERT_TRUE(run.killed()) << run;
    // The application is refused all the while; the last resume goes all the way.
    for (const std::string point :
         {"confirm:intent", "confirm:action-1", "return:intent", "fence:action-1"}) {
        const auto colon = point.find(':');
        const auto killed =
            scenario.pgteal_json({"resume"}, kill_at(point.substr(0, colon), point.substr(colon + 1)));
        ASSERT_TRUE(killed.killed()) << killed;
        scenario.say("resume killed at " + point);
        const auto refused = scenario.pgteal({"finish"});
        EXPECT_EQ(refused.exit_code, 3) << refused;
        if (point == "return:intent") { // no attempt is under way, and green serves nobody
            EXPECT_NE(refused.err.find("no client was seen to reach green since the switch"),
                      std::string::npos)
                << refused;
        }
    }
    const auto resumed = scenario.pgteal_json({"resume"});
    EXPECT_EQ(resumed.exit_code, 1) << resumed;
    EXPECT_NE(resumed.out.find("so blue serves again"), std::string::npos) << resumed;
    let_in("green");
    epoch = 3;
    rest("resume went back");
    EXPECT_EQ(scenario.value("blue", "app", "SELECT count(*) FROM public.by_hand"), "1");
    // And when the new side lets clients in meanwhile, they stay.
    const auto returning = switch_to_nobody(kill_at("unswitch", "intent"));
    ASSERT_TRUE(returning.killed()) << returning;
    const auto going = scenario.pgteal_json({"resume"}, kill_at("fence", "action-1"));
    ASSERT_TRUE(going.killed()) << going;
    let_in("green");
    const auto stays = scenario.pgteal_json({"resume"});
    EXPECT_EQ(stays.exit_code, 0) << stays;
    EXPECT_EQ(stays.json().at("serving").as_string(), "green") << stays;
    serving = "green";
    epoch = 4;
    rest("let in, and resumed");
    ASSERT_NO_FATAL_FAILURE(move());
    expect_nothing_lost();
}

} // namespace
} // namespace pgteal::support
