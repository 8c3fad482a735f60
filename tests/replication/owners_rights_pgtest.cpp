// Code of a table's owner gets no more rights than hers: in the copy, in apply and in compare.
#include "base/error.hpp"
#include "replication/clone/clone.hpp"
#include "replication/compare/compare.hpp"
#include "replication/lane/owners_code.hpp"
#include "tests/replication/eve.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
CO_TEST(OwnersRights, TheCopyWritesWithThem) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const std::string tables =
        "CREATE TABLE eve.checked (id int GENERATED ALWAYS AS IDENTITY, \"v\"\"1\" varchar(9) DEFAULT 'x', "
        "g int GENERATED ALWAYS AS (eve.twice(id)) STORED, CHECK (eve.checks(id)));"
        "CREATE TABLE eve.typed (id int, c eve.code, p eve.pair, a eve.code[], x xml, t timestamptz);"
        "CREATE TABLE eve.parts (id int) PARTITION BY LIST (eve.twice(id));"
        "CREATE TABLE eve.parts_2 PARTITION OF eve.parts FOR VALUES IN (2);"
        "CREATE TABLE eve.quiet (id int CHECK (id > 0), v text)";
    for (const std::string side : {"blue", "green"}) {
        co_await world.run(side, create_control_schema(db, 1));
        co_await as_eve(&world, side, db, std::string(hostile) + tables);
    }
    co_await as_eve(
        &world, "blue", db,
        "INSERT INTO eve.checked (\"v\"\"1\") SELECT NULLIF(i % 3, 0) FROM generate_series(1, 500) i;"
        "INSERT INTO eve.typed VALUES (1, 7, (1, 2), '{3,NULL}', '<a/>', '2024-01-02 03:04+00'),"
        " (2, NULL, NULL, '{}', NULL, NULL);"
        "INSERT INTO eve.parts VALUES (1); INSERT INTO eve.quiet VALUES (1, 'a')");
    co_await world.sql("green", db, "TRUNCATE eve.ran, eve.later");
    co_await world.sql("blue", db, "TRUNCATE eve.ran, eve.later");
    postgres::Connection walsender = co_await world.blue->replication(db, soon());
    const auto slot = co_await walsender.script(
        "CREATE_REPLICATION_SLOT owners TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT", soon());
    std::vector<Table> all = co_await tables_on(&world, "blue", db);
    std::erase_if(all, [](const Table& table) { return table.name == "ran" || table.name == "later"; });
    const auto copied = co_await copy_tables(*world.blue, *world.green, db, all,
                                             slot.at(0).get<std::string>(0, "snapshot_name"), 2, false, {});
    EXPECT_EQ(copied.size(), 4U);

    const std::string is = co_await superuser(&world, "green");
    EXPECT_EQ(is, "f");
    const std::vector<std::string> ran =
        co_await lines(&world, "green", db, "SELECT DISTINCT who FROM eve.ran");
    EXPECT_EQ(ran, std::vector<std::string>{"eve"});
    const std::string rows =
        "SELECT (SELECT string_agg(t::text, ' ' ORDER BY id) FROM eve.checked t)"
        " || (SELECT string_agg(concat(t.id, c, p, a, x, t.t), ' ' ORDER BY id) FROM eve.typed t)"
        " || (SELECT string_agg(t::text, ' ') FROM eve.quiet t)"
        " || (SELECT string_agg(t::text, ' ') FROM eve.parts t)";
    const std::string on_blue = co_await world.value("blue", db, rows);
    const std::string on_green = co_await world.value("green", db, rows);
    EXPECT_EQ(on_blue, on_green);
    EXPECT_NE(on_green, "");
    // Nothing of the copy's stays, and none of her settings in any session that goes on being used.
    const std::string left = co_await world.value(
        "green", db,
        "SELECT count(*) FROM pg_catalog.pg_class WHERE relkind = 'm' OR relname LIKE 'pgteal_rows%'");
    EXPECT_EQ(left, "0");
    std::vector<postgres::Server::Session> sessions;
    for (int i = 0; i < 4; ++i) {
        sessions.push_back(co_await world.green->session(db, soon()));
        const auto path = co_await sessions.back()->script("SHOW search_path; SHOW datestyle", soon());
        EXPECT_EQ(path.at(0).text(0, 0), "");
        EXPECT_EQ(path.at(1).text(0, 0).substr(0, 3), "ISO");
    }
}

CO_TEST(OwnersRights, ApplyHasThemFrom16On) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const std::string tables =
        "CREATE TABLE eve.t (id int PRIMARY KEY CHECK (eve.checks(id)), c eve.code, v text);"
        "CREATE INDEX ON eve.t (eve.twice(id));"
        "CREATE TRIGGER fires BEFORE INSERT OR UPDATE ON eve.t FOR EACH ROW EXECUTE FUNCTION eve.fires();"
        "ALTER TABLE eve.t ENABLE ALWAYS TRIGGER fires";
    for (const std::string side : {"blue", "green"}) {
        co_await as_eve(&world, side, db, std::string(hostile) + tables);
    }
    const Lane lane{"owners", db, 1, "blue"};
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await as_eve(&world, "blue", db, "INSERT INTO eve.t VALUES (1, 2, 'a')");
    co_await world.settle(lane);
    const std::string rows = co_await world.value("green", db, "SELECT v FROM eve.t");
    EXPECT_EQ(rows, "a");
    const std::string is = co_await superuser(&world, "green");
    EXPECT_EQ(is, "f");
    const std::string ran =
        co_await world.value("green", db, "SELECT string_agg(DISTINCT who, ' ') FROM eve.ran");
    EXPECT_EQ(ran, "eve");
    const std::string who = co_await world.value(
        "green", "postgres",
        "SELECT subrunasowner FROM pg_catalog.pg_subscription WHERE subname = '" + lane.object() + "'");
    EXPECT_EQ(who, "f");
    co_await world.drop(lane);
}

CO_TEST(OwnersRights, ForcedRowSecurityLetsALaneRun) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    for (const std::string side : {"blue", "green"}) {
        co_await as_eve(
            &world, side, db,
            "CREATE TABLE eve.secret (id int PRIMARY KEY); ALTER TABLE eve.secret ENABLE ROW LEVEL "
            "SECURITY; ALTER TABLE eve.secret FORCE ROW LEVEL SECURITY");
    }
    const Lane lane{"forced", db, 1, "blue"};
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await world.sql("blue", db, "INSERT INTO eve.secret VALUES (1)");
    co_await world.settle(lane);
    const std::string rows = co_await world.value("green", db, "SELECT count(*) FROM eve.secret");
    EXPECT_EQ(rows, "1");
    co_await world.drop(lane);
}

CO_TEST(OwnersRights, WhatRunsForARowIsFound) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    for (const std::string side : {"blue", "green"}) {
        co_await as_eve(
            &world, side, db,
            std::string(hostile) +
                "CREATE DOMAIN eve.over AS eve.code[]; CREATE DOMAIN eve.positive AS int CHECK (VALUE > 0);"
                "CREATE FUNCTION eve.less(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';"
                "CREATE OPERATOR eve.<<< (LEFTARG = int, RIGHTARG = int, FUNCTION = eve.less);"
                "CREATE TABLE eve.a_quiet (id int PRIMARY KEY CHECK (id > 0 AND id IN (1, 2)), p "
                "eve.positive, "
                "at timestamptz CHECK (at < now()), t text GENERATED ALWAYS AS ('x' || 'y') STORED);"
                "CREATE TABLE eve.b (id int CHECK (id OPERATOR(eve.<<<) 7), o eve.over, p eve.pair,"
                " x int CHECK (query_to_xml('SELECT 1', true, true, '') IS NOT NULL),"
                " g int GENERATED ALWAYS AS (eve.twice(id)) STORED);"
                "CREATE INDEX b_index ON eve.b (x) WHERE eve.fine(x);"
                "CREATE TABLE eve.c (id int CHECK (id::text::eve.code IS NOT NULL)) PARTITION BY LIST "
                "(eve.twice(id));"
                "CREATE TABLE eve.c_1 PARTITION OF eve.c FOR VALUES IN (2);"
                "CREATE TABLE eve.d (id int PRIMARY KEY); REVOKE DELETE ON eve.d FROM eve;"
                "ALTER TABLE eve.d ENABLE ROW LEVEL SECURITY; ALTER TABLE eve.d FORCE ROW LEVEL SECURITY;"
                "CREATE TABLE eve.e (id int PRIMARY KEY); CREATE CONSTRAINT TRIGGER later AFTER INSERT ON "
                "eve.e "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION eve.at_the_end(); ALTER TABLE "
                "eve.e "
                "ENABLE REPLICA TRIGGER later");
        postgres::Server::Session session = co_await world.side(side).session(db, soon());
        const std::vector<OwnersCode> parts = co_await read_owners_code(*session, soon());
        std::vector<std::string> found;
        for (const OwnersCode& part : parts) {
            found.push_back(part.table + " " + part.kind + " " + part.name + " " + part.code +
                            (part.late ? " late" : ""));
        }
        const std::vector<std::string> expected{"eve.b check b_check query_to_xml(text,boolean,boolean,text)",
                                                "eve.b check b_id_check eve.less(integer,integer)",
                                                "eve.b column o eve.checks(integer)",
                                                "eve.b column p eve.checks(integer)",
                                                "eve.b generated g eve.twice(integer)",
                                                "eve.b index b_index eve.fine(integer)",
                                                "eve.c_1 check c_id_check eve.checks(integer)",
                                                "eve.c_1 partition c eve.twice(integer)",
                                                "eve.d privileges eve.d DELETE",
                                                "eve.d row security eve.d ",
                                                "eve.e trigger later eve.at_the_end() late"};
        EXPECT_EQ(found, expected) << side;
    }
}

CO_TEST(OwnersRights, CompareRunsNothingOfUsers) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const std::string types =
        "CREATE TYPE eve.mood AS ENUM ('sad', 'glad'); CREATE TYPE eve.pair AS (a int, b int);"
        "CREATE FUNCTION eve.fine(numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;"
        "CREATE DOMAIN eve.price AS numeric(10,2) CHECK (eve.fine(VALUE));"
        "CREATE FUNCTION eve.text(eve.mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'hers'; END $$;"
        "CREATE FUNCTION eve.mood(text) RETURNS eve.mood LANGUAGE plpgsql AS $$ BEGIN RAISE 'hers'; END $$;"
        "CREATE FUNCTION eve.text(eve.pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'hers'; END $$;"
        "CREATE FUNCTION eve.same(eve.mood, eve.mood) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE "
        "'hers'; END $$;"
        "CREATE OPERATOR eve.= (LEFTARG = eve.mood, RIGHTARG = eve.mood, FUNCTION = eve.same);"
        "CREATE CAST (eve.mood AS text) WITH FUNCTION eve.text(eve.mood) AS IMPLICIT;"
        "CREATE CAST (eve.pair AS text) WITH FUNCTION eve.text(eve.pair) AS IMPLICIT;"
        "CREATE CAST (text AS eve.mood) WITH FUNCTION eve.mood(text) AS IMPLICIT;";
    co_await as_eve(&world, "blue", db,
                    types + "CREATE TABLE eve.t (m eve.mood, p eve.pair, d eve.price, v text, e eve.mood, "
                            "PRIMARY KEY (m, p, d))");
    co_await as_eve(&world, "green", db,
                    types +
                        "CREATE TABLE eve.t (m eve.mood, p eve.pair, d numeric(14,4), v text, e varchar(20), "
                        "PRIMARY KEY (m, p, d))");
    for (const std::string side : {"blue", "green"}) {
        co_await as_eve(
            &world, side, db,
            "INSERT INTO eve.t VALUES ('sad', '(1,2)', 1.5, 'a', 'glad'), ('glad', '(1,2)', 2, 'b', 'sad')");
        co_await as_eve(&world, side, db,
                        "CREATE OR REPLACE FUNCTION eve.fine(numeric) RETURNS boolean LANGUAGE plpgsql AS "
                        "$$ BEGIN RAISE 'hers'; END $$");
    }
    const auto compared = [](LaneWorld* on, std::string database) -> Task<Comparison> {
        const std::vector<Table> serving = co_await tables_on(on, "blue", database);
        const std::vector<Table> standing = co_await tables_on(on, "green", database);
        std::vector<PublishedTable> pairs = published(serving, standing);
        std::function<void(int, int)> silent;
        Comparison result = co_await compare_database(*on->blue, *on->green, database, {}, std::move(pairs),
                                                      1, soon(), std::move(silent));
        co_return result;
    };
    const Comparison equal = co_await compared(&world, db);
    EXPECT_TRUE(equal.equal);
    EXPECT_EQ(equal.rows, 2);
    co_await world.sql("green", db, "UPDATE eve.t SET v = 'x' WHERE d = 2");
    const Comparison damaged = co_await compared(&world, db);
    EXPECT_EQ(damaged.tables.at(0).differences.size(), 1U);
}

} // namespace pgteal::replication::test
