// Markers and the barrier on live servers.
#include "replication/marker/markers.hpp"

#include "base/error.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

Task<std::string> barrier_error(LaneWorld& world, Lane lane, Clock::duration limit) {
    std::string seen;
    try {
        co_await world.run("green", await_markers(lane.database, 1, "barrier", limit));
    } catch (const ServerError& error) {
        seen = error.sqlstate() + " " + error.what();
    }
    co_return seen;
}

} // namespace

CO_TEST(Barrier, ComesAfterAllThatWasCommittedBeforeTheMarkerAndIsFlushed) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await world.running_lane("barrier");
    // Isolation and read-only defaults of the database must not stop it.
    co_await world.sql("green", "postgres",
                       "ALTER DATABASE " + lane.database +
                           " SET default_transaction_isolation = 'serializable'");
    co_await world.sql("green", "postgres",
                       "ALTER DATABASE " + lane.database + " SET default_transaction_read_only = on");
    for (int round = 1; round <= 20; ++round) {
        const std::string id = std::to_string(round);
        co_await world.sql("blue", lane.database, "INSERT INTO public.t VALUES (" + id + ", 'x')");
        co_await world.settle(lane);
        EXPECT_EQ(co_await world.value("green", lane.database, "SELECT count(*) FROM public.t"), id);
        const auto inserted = Lsn::parse(world.bindings["insert_" + lane.database].value);
        const auto flushed = Lsn::parse(world.bindings["flush_" + lane.database].value);
        if (!inserted || !flushed) {
            ADD_FAILURE() << "no positions";
            break;
        }
        // The run row's commit is the last of ours; all up to its end is on disk.
        EXPECT_GE(*flushed,
                  *Lsn::parse(co_await world.value(
                      "green", lane.database, "SELECT max(local_lsn) FROM pg_replication_origin_status")));
        EXPECT_EQ(co_await world.value("green", lane.database, "SELECT barrier FROM pgteal.run"),
                  world.bindings["token"].value);
    }
    co_await world.drop(lane);
}

CO_TEST(Barrier, NamesTheLaneThatIsLate) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await world.running_lane("late");
    co_await world.settle(lane);
    co_await world.run("green", disable_subscription(lane));
    world.bindings["token"] = {std::to_string(next_token()), false};
    co_await world.run("blue", write_markers(lane.database, 1, "barrier"));
    const Clock::time_point began = Clock::now();
    const std::string error = co_await barrier_error(world, lane, 300ms);
    EXPECT_GE(Clock::now() - began, 300ms);
    EXPECT_EQ(error.substr(0, 5), "57014");
    EXPECT_NE(error.find(lane.name()), std::string::npos) << error;
    co_await world.run("green", enable_subscription(lane));
    EXPECT_EQ(co_await barrier_error(world, lane, 15s), "");
    co_await world.drop(lane);
}

CO_TEST(Barrier, IsNotFooledByAnOlderMarkerWithALargerToken) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await world.running_lane("clock");
    co_await world.settle(lane);
    // The controller's clock goes back an hour: its next token is smaller than the one that green shows.
    co_await world.run("green", disable_subscription(lane));
    world.bindings["token"] = {std::to_string(next_token() - 3'600'000'000), false};
    co_await world.run("blue", write_markers(lane.database, 1, "barrier"));
    EXPECT_NE(co_await barrier_error(world, lane, 300ms), "");
    co_await world.run("green", enable_subscription(lane));
    EXPECT_EQ(co_await barrier_error(world, lane, 15s), "");
    co_await world.drop(lane);
}

CO_TEST(Lag, IsMeasuredWhileTheLaneRunsAndReportedWhenItStands) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await world.running_lane("lag");
    co_await world.settle(lane);
    std::vector<Lane> lanes;
    lanes.push_back(lane);
    std::map<int, Lag> lag = co_await measure_lag(*world.blue, *world.green, lanes, 10s);
    EXPECT_TRUE(lag.at(1).arrived);
    EXPECT_LT(lag.at(1).time, 10s);
    EXPECT_GT(lag.at(1).time, 0s);

    co_await world.run("green", disable_subscription(lane));
    co_await world.sql("blue", lane.database,
                       "INSERT INTO public.t SELECT i, repeat('x', 1000) FROM generate_series(1, 1000) i");
    lag = co_await measure_lag(*world.blue, *world.green, lanes, 50ms);
    EXPECT_FALSE(lag.at(1).arrived);
    EXPECT_EQ(lag.at(1).time, 50ms);
    EXPECT_GT(lag.at(1).bytes.count, 1'000'000);

    // Whoever measures again and again knows how long the first of the markers that are missing is on its
    // way.
    Outstanding outstanding;
    co_await measure_lag(*world.blue, *world.green, lanes, 50ms, &outstanding);
    co_await sleep_for(300ms);
    lag = co_await measure_lag(*world.blue, *world.green, lanes, 50ms, &outstanding);
    EXPECT_FALSE(lag.at(1).arrived);
    EXPECT_GE(lag.at(1).time, 400ms);
    co_await world.run("green", enable_subscription(lane));
    lag = co_await measure_lag(*world.blue, *world.green, lanes, 10s, &outstanding);
    EXPECT_TRUE(lag.at(1).arrived);
    EXPECT_EQ(outstanding.oldest(lane.object()), std::nullopt);
    co_await world.run("green", disable_subscription(lane));
    lag = co_await measure_lag(*world.blue, *world.green, lanes, 50ms, &outstanding);
    EXPECT_LT(lag.at(1).time, 10s);
    co_await world.drop(lane);
}

} // namespace pgteal::replication::test
