// A lane whose apply worker fails, or waits, is said to be that: by status, check and the gate alike.
#include <thread>

#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

using testing::HasSubstr;
using testing::Not;

TEST(StoppedLane, is_named_by_status_check_and_gate_with_what_the_server_tells) {
    Scenario scenario({"--blue", "15", "--green", "17"});
    auto& lab = scenario.lab();
    scenario.query("green", "postgres", "ALTER SYSTEM SET logging_collector = on");
    lab.stop("green");
    lab.start("green");
    scenario.query("blue", "app", "CREATE TABLE public.t (id int PRIMARY KEY, v text)");
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    const auto good = scenario.pgteal({"check"});
    EXPECT_EQ(good.exit_code, 0) << good;

    script(lab, "green", "app", "BEGIN READ WRITE; INSERT INTO public.t VALUES (7, 'green'); COMMIT");
    scenario.query("blue", "app", "INSERT INTO public.t VALUES (7, 'blue')");
    const std::string told =
        "table public.t: duplicate key value violates unique constraint \"t_pkey\" (key (id); the "
        "server's own log has the row)";
    // The worker is there for a moment every few seconds: whenever one looks, it is not streaming.
    for (int i = 0; i < 4; ++i) {
        const auto status = scenario.pgteal({"status"});
        EXPECT_THAT(status.out, Not(HasSubstr("streaming"))) << status;
        EXPECT_THAT(status.out, HasSubstr("Not in step: lane ")) << status;
        EXPECT_THAT(status.out, HasSubstr(told)) << status;
    }
    const auto check = scenario.pgteal_json({"check"});
    EXPECT_EQ(check.exit_code, 3) << check;
    EXPECT_THAT(check.out, HasSubstr("is not running: its apply worker fails")) << check;
    const auto gate = scenario.pgteal({"cutover", "--dry-run"});
    EXPECT_EQ(gate.exit_code, 3) << gate;
    EXPECT_THAT(gate.err, HasSubstr(told)) << gate;

    script(lab, "green", "app", "BEGIN READ WRITE; DELETE FROM public.t WHERE id = 7; COMMIT");
    for (int i = 0; i < 100 && scenario.pgteal({"check"}).exit_code != 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    EXPECT_THAT(scenario.pgteal({"status"}).out, HasSubstr("In step."));
}

TEST(StoppedLane, that_waits_for_a_lock_is_late_and_not_in_step) {
    Scenario scenario({"--blue", "15", "--green", "17"});
    scenario.query("blue", "app",
                   "CREATE TABLE public.t (id int PRIMARY KEY CHECK (id > 0), v text DEFAULT 1 + 1)");
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    auto holder_dsn = scenario.lab().dsn("green").with_database("app").with("application_name", "holder");
    run_here([&]() -> Task<void> {
        auto holder = co_await postgres::Connection::open(std::move(holder_dsn), "green",
                                                          after(std::chrono::seconds(30)));
        co_await holder.script("BEGIN READ WRITE; LOCK TABLE public.t", after(std::chrono::seconds(30)));
        scenario.query("blue", "app", "INSERT INTO public.t VALUES (1, 'blue')");
        const auto status = scenario.pgteal({"status"});
        EXPECT_THAT(status.out, HasSubstr("late: a marker did not arrive")) << status;
        EXPECT_THAT(status.out, HasSubstr("Not in step: lane ")) << status;
        const auto check = scenario.pgteal({"check"});
        EXPECT_EQ(check.exit_code, 3) << check;
        EXPECT_THAT(check.out, HasSubstr("a marker did not arrive")) << check;
        co_await holder.script("ROLLBACK", after(std::chrono::seconds(30)));
    });
}

} // namespace pgteal::support
