// Lanes from end to end: both directions, turned round by moving the origin, and nothing left behind.
#include "replication/lane/lanes.hpp"

#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/lane/control.hpp"
#include "replication/marker/markers.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

using Names = std::vector<std::string>;

/// Whatever pgteal makes in replication catalogs, counted on one side.
constexpr const char* left_over =
    "SELECT (SELECT count(*) FROM pg_replication_slots WHERE slot_name ~ '^pgteal')"
    " + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_subscription)"
    " + (SELECT count(*) FROM pg_replication_origin)";

/// A switchover as far as lanes take part in it: barrier, other direction off, origin to X, this direction
/// on.
Task<void> turn_round(LaneWorld& world, Lane off, Lane on) {
    co_await world.settle(off);
    const std::string from = off.publisher;
    const std::string to = other(from);
    co_await world.run(to, disable_subscription(off));
    co_await world.run(from, advance_origin(on, "insert_" + off.database));
    co_await world.run(from, enable_subscription(on));
}

Task<void> lane_both_ways(LaneWorld& world, bool narrower_blue) {
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane forward{"app-15-to-17", db, 1, "blue"};
    const Lane reverse{"app-15-to-17", db, 1, "green"};
    co_await world.sql_both(db, "CREATE TABLE public.t (id int PRIMARY KEY, v text); CREATE TABLE "
                                "public.\"Odd \"\"one\" (id int PRIMARY KEY)");
    if (narrower_blue) {
        co_await world.sql("green", db, "ALTER TABLE public.t ADD COLUMN added text DEFAULT 'new'");
    }
    co_await world.lay(forward);
    co_await world.lay(reverse);

    LaneState state = co_await read_lane(*world.blue, *world.green, forward, soon());
    EXPECT_TRUE(state.publication && state.slot && state.subscription);
    EXPECT_FALSE(state.enabled || state.worker || state.slot_active);
    EXPECT_EQ(state.published, (Names{"public.Odd \"one", "public.t"}));
    EXPECT_EQ(state.subscribed, state.published);
    EXPECT_EQ(state.not_ready, Names{});
    EXPECT_EQ(state.slot_status, "reserved");
    EXPECT_TRUE(state.confirmed_flush.has_value());

    co_await world.run("green", enable_subscription(forward));
    co_await world.sql("blue", db,
                       "INSERT INTO public.t SELECT i, 'blue' FROM generate_series(1, 10) i; UPDATE public.t "
                       "SET v = 'b' WHERE id = 3");
    co_await turn_round(world, forward, reverse);
    EXPECT_EQ(co_await world.value("green", db,
                                   "SELECT string_agg(id || v, ',' ORDER BY id) FROM public.t WHERE id < 4"),
              "1blue,2blue,3b");

    // The reverse slot holds those ten inserts too: were they sent, the deleted one would be back and the
    // others stop apply.
    co_await world.sql("blue", db, "DELETE FROM public.t WHERE id = 10");
    co_await world.sql(
        "green", db,
        "INSERT INTO public.t (id, v) VALUES (11, 'green'); UPDATE public.t SET v = 'g' WHERE id = 1");
    co_await world.settle(reverse, "canary");
    EXPECT_EQ(
        co_await world.value(
            "blue", db, "SELECT string_agg(id || v, ',' ORDER BY id) FROM public.t WHERE id IN (1, 10, 11)"),
        "1g,11green");
    state = co_await read_lane(*world.green, *world.blue, reverse, soon());
    EXPECT_TRUE(state.enabled && state.worker && state.slot_active);
    EXPECT_EQ(state.apply_errors, 0);

    // And back, from where green stands now.
    co_await world.sql("blue", db, "INSERT INTO public.t VALUES (10, 'again')");
    co_await turn_round(world, reverse, forward);
    co_await world.sql("blue", db, "INSERT INTO public.t VALUES (12, 'blue')");
    co_await world.settle(forward, "canary");
    EXPECT_EQ(co_await world.value(
                  "green", db, "SELECT string_agg(id || v, ',' ORDER BY id) FROM public.t WHERE id >= 10"),
              "10blue,11green,12blue");

    // A worker that is killed goes on where it was.
    co_await world.sql("green", db,
                       "SELECT pg_terminate_backend(pid) FROM pg_stat_subscription WHERE pid IS NOT NULL");
    co_await world.sql("blue", db, "INSERT INTO public.t VALUES (13, 'killed')");
    co_await world.settle(forward, "canary");
    EXPECT_EQ(co_await world.value("green", db, "SELECT v FROM public.t WHERE id = 13"), "killed");

    co_await world.drop(forward);
    co_await world.drop(reverse);
    for (const std::string side : {"blue", "green"}) {
        co_await world.run(side, drop_control_schema(db));
        EXPECT_EQ(co_await world.value(side, "postgres", left_over), "0") << side;
        EXPECT_EQ(
            co_await world.value(side, db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgteal'"),
            "0");
    }
}

} // namespace

CO_TEST(Lanes, CarryBothWaysFrom15To17WithAColumnThatOnlyGreenHas) {
    co_await lane_both_ways(lane_world(), true);
}

TEST(Lanes, CarryBothWaysFrom13To18) {
    LaneWorld world({"--blue", "13", "--green", "18"});
    run_here([&] { return lane_both_ways(world, false); });
}

TEST(Lanes, CarryBothWaysFrom14To16) {
    LaneWorld world({"--blue", "14", "--green", "16"});
    run_here([&] { return lane_both_ways(world, true); });
}

CO_TEST(Markers, AreAwaitedInADatabaseWhateverItsName) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    for (const std::string name :
         {"a$pgteal$; ALTER ROLE eve SUPERUSER; --", "it's \\ :'token' \"q\"", "\u00fc"}) {
        co_await world.sql("blue", "postgres", "CREATE DATABASE " + postgres::quote_identifier(name));
        co_await world.run("blue", create_control_schema(name, 1));
        world.bindings["token"] = {"7", false};
        std::string message;
        try {
            co_await world.run("blue", await_markers(name, 1, "barrier", std::chrono::milliseconds(1)));
        } catch (const ServerError& error) {
            message = error.what();
        }
        EXPECT_NE(message.find("in lane " + name + ".1"), std::string::npos) << message;
        co_await world.run("blue", write_markers(name, 1, "barrier"));
        co_await world.sql("blue", name, "UPDATE pgteal.run SET run_id = 'x'");
        co_await world.run("blue", await_markers(name, 1, "barrier", std::chrono::seconds(5)));
    }
}

CO_TEST(Lanes, SlotMadeThroughAWalsenderExportsItsSnapshot) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"snap", db, 1, "blue"};
    co_await world.sql("blue", db,
                       "CREATE TABLE public.t (id int PRIMARY KEY); INSERT INTO public.t VALUES (1)");
    const postgres::Statement statement = create_slot_with_snapshot(lane);
    postgres::Connection walsender = co_await world.blue->replication(db, soon());
    const std::vector<postgres::Result> results = co_await walsender.script(statement.text.plain(), soon());
    EXPECT_EQ(statement.gives.size(), 4U);
    EXPECT_EQ(results.back().text(0, 0), lane.object());
    EXPECT_EQ(statement.gives.at(1), "consistent_" + lane.object());
    EXPECT_TRUE(Lsn::parse(results.back().text(0, 1)).has_value());
    EXPECT_EQ(statement.gives.at(2), "snapshot_" + lane.object());
    // What was committed after the slot is not in its snapshot.
    co_await world.sql("blue", db, "INSERT INTO public.t VALUES (2)");
    EXPECT_EQ(co_await world.value("blue", db,
                                   "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '" +
                                       results.back().get<std::string>(0, 2) +
                                       "'; SELECT count(*) FROM public.t"),
              "1");
    co_await world.run("blue", drop_slot(lane));
    EXPECT_EQ(co_await world.value("blue", "postgres", left_over), "0");
}

CO_TEST(Lanes, IdleSlotMovesForwardAndNeverBack) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"idle", db, 1, "blue"};
    co_await world.sql_both(db, "CREATE TABLE public.t (id int PRIMARY KEY)");
    co_await world.lay(lane);
    const LaneState before = co_await read_lane(*world.blue, *world.green, lane, soon());
    co_await world.sql("blue", db, "INSERT INTO public.t SELECT generate_series(1, 1000)");
    const std::string position = co_await world.value("blue", db, "SELECT pg_current_wal_flush_lsn()");
    world.bindings["position"] = {position, false};
    co_await world.run("blue", advance_slot(lane, "position"));
    const LaneState moved = co_await read_lane(*world.blue, *world.green, lane, soon());
    EXPECT_GT(moved.confirmed_flush, before.confirmed_flush);
    world.bindings["position"] = {to_string(*before.confirmed_flush), false};
    co_await world.run("blue", advance_slot(lane, "position"));
    const LaneState after_back = co_await read_lane(*world.blue, *world.green, lane, soon());
    EXPECT_EQ(after_back.confirmed_flush, moved.confirmed_flush);
    co_await world.drop(lane);
}

CO_TEST(Lanes, StrayObjectsAreThoseOfThisRunThatNoLaneOwns) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane one{"run", db, 1, "blue"};
    const Lane two{"run", db, 2, "blue"};
    const Lane foreign{"run-2", db, 1, "blue"};
    co_await world.run("blue", create_slot(one));
    co_await world.run("blue", create_slot(two));
    co_await world.run("blue", create_slot(foreign));
    std::vector<Lane> lanes;
    lanes.push_back(one);
    const std::vector<std::string> stray =
        co_await stray_objects(*world.blue, db, "run", std::move(lanes), soon());
    EXPECT_EQ(stray, Names{two.object()});
    co_await world.drop(one);
    co_await world.drop(two);
    co_await world.drop(foreign);
}

CO_TEST(Lanes, OriginOfAMissingSubscriptionIsAnError) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.run("blue", create_control_schema(db, 1));
    world.bindings["position"] = {"0/1", false};
    const Lane lane{"run", db, 1, "green"};
    const postgres::Statement statement = advance_origin(lane, "position");
    std::string sqlstate;
    try {
        co_await world.run("blue", statement);
    } catch (const ServerError& error) {
        sqlstate = error.sqlstate();
    }
    EXPECT_EQ(sqlstate, "42704");
}

CO_TEST(Lanes, DropsAreHarmlessWhenThereIsNothing) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"none", db, 1, "blue"};
    co_await world.drop(lane);
    co_await world.run("blue", drop_control_schema(db));
    EXPECT_EQ(co_await world.value("blue", "postgres", left_over), "0");
}

CO_TEST(Lanes, ControlSchemaMayBeMadeAgainAndGrow) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    EXPECT_FALSE(co_await control_schema_exists(*world.blue, db, 1, soon()));
    co_await world.run("blue", create_control_schema(db, 1));
    co_await world.sql("blue", db, "UPDATE pgteal.run SET epoch = 7");
    co_await world.run("blue", create_control_schema(db, 3));
    EXPECT_TRUE(co_await control_schema_exists(*world.blue, db, 3, soon()));
    EXPECT_FALSE(co_await control_schema_exists(*world.blue, db, 4, soon()));
    EXPECT_EQ(co_await world.value("blue", db, "SELECT epoch FROM pgteal.run"), "7");
    // Whoever the pooler logs in as can leave a trace.
    EXPECT_EQ(co_await world.value("blue", db,
                                   "CREATE ROLE nobody_special; SET ROLE nobody_special;"
                                   " INSERT INTO pgteal.probe VALUES ('app', 'x');"
                                   " RESET ROLE; DROP ROLE nobody_special; SELECT token FROM pgteal.probe"),
              "x");
}

} // namespace pgteal::replication::test
