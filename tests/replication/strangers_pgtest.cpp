// Others beside the run: a subscriber of theirs that gets all tables, and a schema pgteal that isn't
// pgteal's.
#include "base/error.hpp"
#include "replication/lane/control.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// Whether the row arrives at the subscriber within some seconds.
Task<bool> arrives(LaneWorld& world, std::string db, int id, int tenths) {
    const std::string row = "SELECT FROM public.t WHERE id = " + std::to_string(id);
    co_await world.sql("blue", db, "INSERT INTO public.t VALUES (" + std::to_string(id) + ")");
    co_await world.sql("green", db,
                       "DO $$ BEGIN FOR i IN 1.." + std::to_string(tenths) + " LOOP EXIT WHEN EXISTS (" +
                           row + "); PERFORM pg_catalog.pg_sleep(0.1); END LOOP; END $$");
    const std::string there = co_await world.value("green", db, "SELECT EXISTS (" + row + ")");
    co_return there == "t";
}

} // namespace

CO_TEST(Strangers, SubscriberOfAllTablesGoesOnWithPgtealsTables) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql_both(db, "CREATE TABLE public.t (id int PRIMARY KEY)");
    co_await world.sql("blue", db, "CREATE PUBLICATION theirs FOR ALL TABLES");
    co_await world.sql(
        "blue", db, "SELECT pg_catalog.pg_create_logical_replication_slot('theirs_" + db + "', 'pgoutput')");
    const postgres::SqlText subscribe =
        "CREATE SUBSCRIPTION theirs CONNECTION " + postgres::late_literal("conninfo_blue") +
        " PUBLICATION theirs WITH (create_slot = false, slot_name = 'theirs_" + db + "', copy_data = false)";
    const postgres::Statement statement{db, subscribe, {}};
    co_await world.run("green", statement);
    EXPECT_TRUE(co_await arrives(world, db, 1, 150));

    // What the check speaks of: it stops, and stays so when the tables are gone again.
    co_await world.run("blue", create_control_schema(db, 2));
    co_await world.run("blue", drop_control_schema(db));
    EXPECT_FALSE(co_await arrives(world, db, 2, 30));
    // The SQL that the check prints, typed by somebody who has no more than that.
    co_await world.sql("green", db, subscriber_tables(2));
    EXPECT_TRUE(co_await arrives(world, db, 3, 150));

    co_await world.run("blue", create_control_schema(db, 2));
    world.bindings["token"] = {"7", false};
    co_await world.sql("blue", db,
                       "UPDATE pgteal.marker_2 SET token = 7; UPDATE pgteal.run SET epoch = 2; INSERT INTO "
                       "pgteal.probe VALUES ('a', 'b'); INSERT INTO pgteal.copied VALUES ('l', 't', '0/1')");
    EXPECT_TRUE(co_await arrives(world, db, 4, 150));
    // Subscribers that refresh meanwhile get the rows as well.
    co_await world.sql("green", db, "ALTER SUBSCRIPTION theirs REFRESH PUBLICATION");
    co_await world.sql("blue", db, "UPDATE pgteal.marker_2 SET token = 8");
    EXPECT_TRUE(co_await arrives(world, db, 5, 150));
    // After abort: theirs is as it was.
    co_await world.run("blue", drop_control_schema(db));
    EXPECT_TRUE(co_await arrives(world, db, 6, 150));
    co_await world.sql("green", db, "ALTER SUBSCRIPTION theirs REFRESH PUBLICATION");
    co_await world.sql("green", db, "DROP SCHEMA pgteal CASCADE");
    EXPECT_TRUE(co_await arrives(world, db, 7, 150));
    EXPECT_EQ(co_await world.value("green", db, "SELECT count(*) FROM public.t"), "7");
    co_await world.sql("green", db, "DROP SUBSCRIPTION theirs");
}

CO_TEST(Strangers, SchemaOfAnotherIsNotWrittenTo) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    // Each would run with a superuser's rights as soon as pgteal writes its row.
    const std::vector<std::string> traps{
        "CREATE SCHEMA pgteal AUTHORIZATION app; SET ROLE app; CREATE FUNCTION public.trap() RETURNS boolean "
        "LANGUAGE plpgsql AS 'BEGIN ALTER ROLE app CREATEDB; RETURN true; END'; CREATE TABLE pgteal.run (one "
        "boolean PRIMARY KEY CHECK (public.trap()), run_id text)",
        "CREATE SCHEMA pgteal; GRANT ALL ON SCHEMA pgteal TO app; SET ROLE app; CREATE TABLE pgteal.probe (a "
        "int)",
        "CREATE SCHEMA pgteal; GRANT ALL ON SCHEMA pgteal TO app; SET ROLE app; CREATE FUNCTION "
        "pgteal.may_change_schema() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    };
    for (const std::string& trap : traps) {
        co_await world.sql("blue", db,
                           "GRANT ALL ON SCHEMA public TO app; BEGIN; " + trap + "; RESET ROLE; COMMIT");
        std::string said;
        try {
            co_await world.run("blue", create_control_schema(db, 1));
        } catch (const ServerError& error) {
            said = error.sqlstate() + " " + error.hint();
        }
        EXPECT_EQ(said.substr(0, 6), "55000 ") << trap;
        co_await world.sql("blue", db,
                           "ROLLBACK; ALTER SCHEMA pgteal RENAME TO pgteal_of_others; DROP SCHEMA "
                           "pgteal_of_others CASCADE; DROP FUNCTION IF EXISTS public.trap()");
    }
    EXPECT_EQ(co_await world.value("blue", "postgres",
                                   "SELECT rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = 'app'"),
              "f");
}

} // namespace pgteal::replication::test
