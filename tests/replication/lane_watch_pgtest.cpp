// Lanes that carry nothing are found before and while something waits for them.
#include "replication/marker/lane_watch.hpp"

#include "base/error.hpp"
#include "replication/compare/compare.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// "<code> <side>: <message>", "" when it is let through.
Task<std::string> refusal(LaneWorld& world, Lane lane) {
    std::string seen;
    std::vector<Lane> lanes;
    lanes.push_back(lane);
    try {
        co_await require_running(*world.blue, *world.green, std::move(lanes));
    } catch (const Error& error) {
        seen = std::string(name(error.code())) + " " + error.side() + ": " + error.what();
    }
    co_return seen;
}

Task<std::string> comparison(LaneWorld& world, Lane lane) {
    std::string seen = "equal";
    std::vector<Lane> lanes;
    lanes.push_back(lane);
    std::vector<PublishedTable> tables;
    {
        postgres::Server::Session blue = co_await world.blue->session(lane.database, soon());
        postgres::Server::Session green = co_await world.green->session(lane.database, soon());
        const std::vector<Table> serving = co_await read_tables(*blue, soon());
        const std::vector<Table> standing = co_await read_tables(*green, soon());
        tables = published(serving, standing);
    }
    std::function<void(int, int)> silent;
    try {
        co_await compare_database(*world.blue, *world.green, lane.database, std::move(lanes),
                                  std::move(tables), 1, after(120s), std::move(silent));
    } catch (const Error& error) {
        seen = std::string(name(error.code())) + " " + error.side() + ": " + error.what();
    }
    co_return seen;
}

Task<std::string> caught_up(LaneWorld& world, Lane lane, int* told) {
    std::string seen = "caught up";
    std::vector<Lane> lanes;
    lanes.push_back(lane);
    const std::function<void(Bytes)> waiting = [told](Bytes) { ++*told; };
    try {
        co_await await_caught_up(*world.blue, *world.green, std::move(lanes), after(120s), waiting);
    } catch (const Error& error) {
        seen = std::string(name(error.code())) + " " + error.side() + ": " + error.what();
    }
    co_return seen;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

CO_TEST(LaneWatch, RefusesALaneThatIsDisabledOrGone) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await world.running_lane("halted");
    std::string seen = co_await refusal(world, lane);
    EXPECT_EQ(seen, "");
    co_await world.run("green", disable_subscription(lane));
    seen = co_await refusal(world, lane);
    EXPECT_TRUE(has(seen, "refused green: lane " + lane.name() + " (blue > green) is not running")) << seen;
    EXPECT_TRUE(has(seen, "disabled")) << seen;
    seen = co_await comparison(world, lane);
    EXPECT_TRUE(has(seen, "conflict green: ") && has(seen, "disabled")) << seen;
    // The snapshot of the side that serves ended with it, as soon as the server has seen that we are gone.
    for (int attempt = 0; attempt < 100 && seen != "0"; ++attempt) {
        co_await sleep_for(50ms);
        seen =
            co_await world.value("blue", lane.database,
                                 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                                 "AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = "
                                 "'client backend'");
    }
    EXPECT_EQ(seen, "0");
    co_await world.run("green", drop_subscription(lane));
    seen = co_await refusal(world, lane);
    EXPECT_TRUE(has(seen, "subscription " + lane.object() + " is missing on green")) << seen;
    co_await world.drop(lane);
}

CO_TEST(LaneWatch, EndsAWaitForALaneWhoseWorkerFails) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await world.running_lane("failing");
    co_await world.sql("green", lane.database, "INSERT INTO public.t VALUES (1, 'in the way')");
    co_await world.sql("blue", lane.database, "INSERT INTO public.t VALUES (1, 'x')");
    int told = 0;
    const auto began = Clock::now();
    std::string seen = co_await caught_up(world, lane, &told);
    EXPECT_TRUE(has(seen, "conflict green: lane " + lane.name() + " (blue > green) is not running")) << seen;
    EXPECT_TRUE(has(seen, "apply worker")) << seen;
    EXPECT_GE(told, 2) << "the wait was silent";
    EXPECT_LT(Clock::now() - began, 100s); // and not the 120 s that it might wait
    seen = co_await comparison(world, lane);
    EXPECT_TRUE(has(seen, "conflict green: ") && has(seen, "apply worker")) << seen;

    co_await world.sql("green", lane.database, "DELETE FROM public.t");
    seen = co_await caught_up(world, lane, &told);
    EXPECT_EQ(seen, "caught up");
    seen = co_await comparison(world, lane);
    EXPECT_EQ(seen, "equal");
    co_await world.drop(lane);
}

} // namespace pgteal::replication::test
