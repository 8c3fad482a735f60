// Partitions that clients make, attach and detach while lanes run, with [freeze] partitions = "carry": rows
// of them in the same transaction, both ways, on all majors.
#include "replication/lane/partitions.hpp"

#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/lane/control.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// Of a client's who is no superuser, on both sides alike.
const char* const tables = R"(
    DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ana') THEN CREATE ROLE ana; CREATE ROLE reader; END IF; END $$;
    CREATE SCHEMA a AUTHORIZATION ana;
    SET ROLE ana;
    CREATE TABLE a.days (id int, day date NOT NULL, note text DEFAULT 'x', twice int GENERATED ALWAYS AS (id * 2) STORED,
                         PRIMARY KEY (id, day), CONSTRAINT positive CHECK (id > 0)) PARTITION BY RANGE (day);
    CREATE TABLE a.days_1 PARTITION OF a.days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE INDEX ON a.days (note);
    CREATE FUNCTION a.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER t AFTER INSERT ON a.days FOR EACH ROW EXECUTE FUNCTION a.f();
    CREATE TABLE a.plain (v int) PARTITION BY LIST (v);
    CREATE TABLE a.plain_1 PARTITION OF a.plain FOR VALUES IN (1);
    ALTER TABLE a.plain_1 REPLICA IDENTITY FULL;
    CREATE TYPE a.mood AS ENUM ('good', 'bad');
    CREATE TABLE a."Moods" (id int, m a.mood, PRIMARY KEY (id, m)) PARTITION BY LIST (m);
    CREATE TABLE a.good PARTITION OF a."Moods" FOR VALUES IN ('good');
    CREATE TABLE a.deep (id int, k text, PRIMARY KEY (id, k)) PARTITION BY HASH (id);
    CREATE TABLE a.deep_0 PARTITION OF a.deep FOR VALUES WITH (modulus 2, remainder 0);
    CREATE TABLE a.other (id int PRIMARY KEY);
    CREATE TABLE a.alone (id int, day date NOT NULL, note text DEFAULT 'x', twice int GENERATED ALWAYS AS (id * 2) STORED,
                          PRIMARY KEY (id, day), CONSTRAINT positive CHECK (id > 0));
    CREATE DOMAIN a.dom AS int CHECK (VALUE > 0);
    CREATE TABLE a.bydom (d a.dom) PARTITION BY LIST (d);
    CREATE TABLE a.byexpr (v int) PARTITION BY LIST ((v + 1));
    CREATE TABLE a.bare (v int, note text) PARTITION BY LIST (v);
    CREATE TABLE a.referred (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE a.referred_1 PARTITION OF a.referred FOR VALUES FROM (0) TO (10);
    CREATE TABLE a.refers (id int PRIMARY KEY REFERENCES a.referred);
    CREATE TABLE a.owns (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE a.own (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
    RESET ROLE)";

Task<void> both_lanes(LaneWorld* world, Lane forward, Lane back) {
    co_await world->lay(forward);
    co_await world->run("blue", freeze_ddl(forward.database, true));
    co_await world->run("green", enable_subscription(forward));
    co_await world->lay(back);
    co_await world->run("green", freeze_ddl(forward.database, true));
    co_await world->run("green", enlist_partitions(forward.database));
    co_await world->run("blue", enlist_partitions(forward.database));
    co_await world->settle(forward);
}

Task<void> turn(LaneWorld* world, Lane from, Lane to) {
    co_await world->settle(from);
    co_await world->run(other(from.publisher), disable_subscription(from));
    // What the lane brought is none of the other direction's.
    const std::string end =
        co_await world->value(to.publisher, to.database, "SELECT pg_current_wal_flush_lsn()");
    world->bindings["position"] = {end, false};
    co_await world->run(to.publisher, advance_slot(to, "position"));
    co_await world->run(other(to.publisher), enable_subscription(to));
}

/// As ana, in one transaction: logged in as her, as far as the freeze can see.
Task<void> as_ana(LaneWorld* world, std::string side, std::string db, std::string text) {
    co_await world->sql(std::move(side), std::move(db),
                        "BEGIN; SELECT set_config('event_triggers', 'on', true) WHERE "
                        "current_setting('server_version_num')::int >= 170000;"
                        "SET LOCAL SESSION AUTHORIZATION ana;" +
                            std::move(text) + "; COMMIT");
}

/// All rows of all tables, partitions with their parents, bounds, owners, grants, indexes and identities.
const char* const everything = R"(
    SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
      SELECT format('%s %s of %s %s %s %s %s', c.relkind, c.oid::regclass, (SELECT h.inhparent::regclass FROM pg_inherits h WHERE h.inhrelid = c.oid),
                    pg_get_expr(c.relpartbound, c.oid), pg_get_userbyid(c.relowner), c.relacl, c.relreplident::text || coalesce(c.reloptions::text, '')
                    || (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid) || (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND (c.relkind = 'r' OR NOT t.tgisinternal))) AS line
        FROM pg_class c WHERE c.relnamespace = 'a'::regnamespace AND c.relkind IN ('r', 'p')
      UNION ALL SELECT 'days ' || d.tableoid::regclass::text || d::text FROM a.days d
      UNION ALL SELECT 'alone ' || d::text FROM ONLY a.alone d
      UNION ALL SELECT 'bare ' || d.tableoid::regclass::text || d::text FROM a.bare d
      UNION ALL SELECT 'referred ' || d.tableoid::regclass::text || d::text FROM a.referred d
      UNION ALL SELECT 'plain ' || d.tableoid::regclass::text || d::text FROM a.plain d
      UNION ALL SELECT 'moods ' || d.tableoid::regclass::text || d::text FROM a."Moods" d
      UNION ALL SELECT 'deep ' || d.tableoid::regclass::text || d::text FROM a.deep d) l)";

Task<void> expect_same(LaneWorld* world, Lane lane) {
    co_await world->settle(lane);
    const std::string blue = co_await world->value("blue", lane.database, everything);
    const std::string green = co_await world->value("green", lane.database, everything);
    EXPECT_EQ(blue, green);
    EXPECT_NE(blue, "");
}

/// Publications and subscriptions of both directions list the same tables on both sides.
Task<void> expect_listed(LaneWorld* world, Lane forward, Lane back, std::string table) {
    const std::vector<Lane> lanes{forward, back};
    for (const auto& lane : lanes) {
        const auto state =
            co_await read_lane(world->side(lane.publisher), world->side(other(lane.publisher)), lane, soon());
        EXPECT_EQ(state.published, state.subscribed) << lane.publisher;
        EXPECT_NE(std::ranges::find(state.published, table), state.published.end())
            << lane.publisher << " doesn't publish " << table << ": "
            << testing::PrintToString(state.published);
    }
}

const std::vector<std::string> first_turn{
    "CREATE TABLE a.days_2 PARTITION OF a.days FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') WITH "
    "(fillfactor = 70);"
    "INSERT INTO a.days VALUES (1, '2026-02-02'); UPDATE a.days SET note = 'y' WHERE id = 1;"
    "INSERT INTO a.days VALUES (2, '2026-02-03')",
    // In a subtransaction, and one that is rolled back.
    "SAVEPOINT s; CREATE TABLE a.days_3 PARTITION OF a.days FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');"
    "INSERT INTO a.days VALUES (3, '2026-03-03'); RELEASE s; SAVEPOINT s;"
    "CREATE TABLE a.days_4 PARTITION OF a.days FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');"
    "INSERT INTO a.days VALUES (4, '2026-04-03'); ROLLBACK TO s; INSERT INTO a.days VALUES (5, '2026-03-05')",
    // The way of many tools.
    "CREATE TABLE a.days_5 (LIKE a.days INCLUDING ALL); ALTER TABLE a.days_5 SET (autovacuum_enabled = off);"
    "ALTER TABLE a.days ATTACH PARTITION a.days_5 FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');"
    "INSERT INTO a.days VALUES (6, '2026-05-03')",
    "CREATE TABLE a.plain_2 PARTITION OF a.plain FOR VALUES IN (2, NULL); INSERT INTO a.plain VALUES (2), "
    "(NULL);"
    "UPDATE a.plain SET v = NULL WHERE v = 2; DELETE FROM a.plain WHERE v IS NULL; INSERT INTO a.plain "
    "VALUES (2)",
    "CREATE TABLE a.\"Bad; day\" PARTITION OF a.\"Moods\" FOR VALUES IN ('bad'); INSERT INTO a.\"Moods\" "
    "VALUES (1, 'bad')",
    "CREATE TABLE a.deep_1 PARTITION OF a.deep FOR VALUES WITH (modulus 2, remainder 1) PARTITION BY LIST "
    "(k);"
    "CREATE TABLE a.deep_1_a PARTITION OF a.deep_1 FOR VALUES IN ('a', 'o''b'); CREATE TABLE a.deep_1_x "
    "PARTITION OF a.deep_1 DEFAULT;"
    "INSERT INTO a.deep SELECT i, c FROM generate_series(1, 9) i, unnest('{a,\"o''b\",z}'::text[]) c",
    // However the client writes dates and strings.
    "SET LOCAL datestyle = 'SQL, DMY'; SET LOCAL standard_conforming_strings = off; SET LOCAL timezone = "
    "'Asia/Tokyo';"
    "CREATE TABLE a.days_9 PARTITION OF a.days FOR VALUES FROM ('03/09/2026') TO ('01/10/2026');"
    "INSERT INTO a.days VALUES (12, '04/09/2026');"
    "CREATE TABLE a.deep_1_q PARTITION OF a.deep_1 FOR VALUES IN (E'\\\\''); DROP TABLE a.days; --');"
    "INSERT INTO a.deep SELECT i, E'\\\\''); DROP TABLE a.days; --' FROM generate_series(1, 9) i",
    // Nothing tells its rows apart.
    "CREATE TABLE a.bare_1 PARTITION OF a.bare FOR VALUES IN (1); INSERT INTO a.bare VALUES (1), (1);"
    "UPDATE a.bare SET note = 'z'",
    "INSERT INTO a.referred VALUES (1); ALTER TABLE a.referred DETACH PARTITION a.referred_1;"
    "CREATE TABLE a.referred_2 PARTITION OF a.referred FOR VALUES FROM (0) TO (20); INSERT INTO a.referred "
    "VALUES (2); INSERT INTO a.refers VALUES (2)",
    "INSERT INTO a.alone VALUES (7, '2026-07-07'), (8, '2026-07-08')",
    "ALTER TABLE a.days ATTACH PARTITION a.alone FOR VALUES FROM ('2026-07-01') TO ('2026-08-01'); INSERT "
    "INTO a.days VALUES (9, '2026-07-09')",
    "INSERT INTO a.days_1 VALUES (10, '2026-01-09'); ALTER TABLE a.days DETACH PARTITION a.days_1; INSERT "
    "INTO a.days_1 VALUES (11, '2026-01-10')"};

const std::vector<std::string> second_turn{
    "CREATE TABLE a.days_8 PARTITION OF a.days FOR VALUES FROM ('2026-08-01') TO ('2026-09-01'); INSERT INTO "
    "a.days VALUES (20, '2026-08-02')",
    "ALTER TABLE a.days ATTACH PARTITION a.days_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); INSERT "
    "INTO a.days VALUES (21, '2026-01-02')",
    "ALTER TABLE a.days DETACH PARTITION a.days_2; UPDATE a.days_2 SET note = 'late'; DELETE FROM a.days "
    "WHERE id = 6",
    "CREATE TABLE a.plain_d PARTITION OF a.plain DEFAULT; INSERT INTO a.plain VALUES (77); DELETE FROM "
    "a.plain WHERE v = 77; INSERT INTO a.plain VALUES (78)"};

const std::vector<std::string> refused{
    "CREATE TABLE a.free (id int)",
    "CREATE TABLE a.free (LIKE a.days INCLUDING ALL)",
    "CREATE UNLOGGED TABLE a.days_u PARTITION OF a.days FOR VALUES FROM ('2027-01-01') TO ('2027-02-01')",
    "CREATE TABLE a.days_n PARTITION OF a.days (CHECK (id < 1000)) FOR VALUES FROM ('2027-01-01') TO "
    "('2027-02-01')",
    "CREATE TABLE a.days_n PARTITION OF a.days (note DEFAULT 'z') FOR VALUES FROM ('2027-01-01') TO "
    "('2027-02-01')",
    "CREATE TABLE a.days_n PARTITION OF a.days FOR VALUES FROM ('2027-01-01') TO ('2027-02-01'); CREATE "
    "INDEX ON a.days_n (id)",
    "CREATE TABLE a.days_n PARTITION OF a.days FOR VALUES FROM ('2027-01-01') TO ('2027-02-01'); ALTER TABLE "
    "a.days ADD COLUMN z int",
    "CREATE TABLE a.days_n (LIKE a.days INCLUDING ALL); INSERT INTO a.days_n VALUES (1, '2027-01-02');"
    "ALTER TABLE a.days ATTACH PARTITION a.days_n FOR VALUES FROM ('2027-01-01') TO ('2027-02-01')",
    "CREATE TABLE a.days_n (LIKE a.days INCLUDING ALL); CREATE INDEX ON a.days_n (id);"
    "ALTER TABLE a.days ATTACH PARTITION a.days_n FOR VALUES FROM ('2027-01-01') TO ('2027-02-01')",
    "CREATE TABLE a.days_n (LIKE a.days INCLUDING ALL); ALTER TABLE a.days_n ENABLE ROW LEVEL SECURITY;"
    "ALTER TABLE a.days ATTACH PARTITION a.days_n FOR VALUES FROM ('2027-01-01') TO ('2027-02-01')",
    "CREATE TABLE a.bare_n PARTITION OF a.bare FOR VALUES IN (9) PARTITION BY LIST (note COLLATE \"POSIX\")",
    "ALTER TABLE a.owns ATTACH PARTITION a.own FOR VALUES FROM (0) TO (10)",
    "CREATE TABLE a.dom_1 PARTITION OF a.bydom FOR VALUES IN (1)",
    "CREATE TABLE a.expr_1 PARTITION OF a.byexpr FOR VALUES IN (1)",
    "CREATE TABLE a.tree (id int) PARTITION BY LIST (id)",
    "ALTER TABLE a.days ADD COLUMN z int",
    "ALTER TABLE a.days_1 ADD CHECK (id < 100000)",
    "ALTER TABLE a.days RENAME TO nights",
    "DROP TABLE a.days_1",
    "CREATE TABLE a.heir () INHERITS (a.other)"};

Task<void> carry_both_ways(LaneWorld* world) {
    const LaneScope scope(*world);
    const std::string db = co_await world->fresh_database();
    const Lane forward{"carry", db, 1, "blue"};
    const Lane back{"carry", db, 1, "green"};
    co_await world->sql_both(db, tables);
    co_await world->sql("blue", db, "CREATE PUBLICATION theirs; ALTER PUBLICATION theirs OWNER TO ana");
    co_await both_lanes(world, forward, back);
    for (const auto& text : first_turn) {
        co_await as_ana(world, "blue", db, text);
    }
    co_await as_ana(world, "blue", db, "ALTER PUBLICATION theirs ADD TABLE a.other"); // no schema: let pass
    for (const auto& text : refused) {
        std::string said;
        try {
            co_await as_ana(world, "blue", db, text);
        } catch (const ServerError& error) {
            said = error.sqlstate() + " " + error.hint() + " " + error.what();
        }
        co_await world->sql("blue", db, "ROLLBACK");
        EXPECT_EQ(said.substr(0, 5), "55000") << text;
        const bool refused_here = said.find("pgteal finish") != std::string::npos;
        const bool to_attach = said.find("Attach it first") != std::string::npos;
        const bool by_17_itself = !refused_here && said.find("identity column") != std::string::npos;
        EXPECT_EQ(refused_here + to_attach + by_17_itself, 1) << text << ": " << said;
    }
    co_await expect_same(world, forward);
    co_await expect_listed(world, forward, back, "a.deep_1_x");
    co_await turn(world, forward, back);
    for (const auto& text : second_turn) {
        co_await as_ana(world, "green", db, text);
    }
    co_await expect_same(world, back);
    co_await expect_listed(world, forward, back, "a.days_8");
    co_await turn(world, back, forward);
    co_await as_ana(
        world, "blue", db,
        "INSERT INTO a.days VALUES (30, '2026-08-03'), (31, '2026-05-09'); INSERT INTO a.plain VALUES (79)");
    co_await expect_same(world, forward);
    const auto left =
        co_await world->value("blue", db, "SELECT count(*) FROM pgteal.partitions WHERE doing OR waits");
    EXPECT_EQ(left, "0");
    co_await world->drop(forward);
    co_await world->drop(back);
}

} // namespace

CO_TEST(Partitions, AreCarriedBothWaysFrom15To17) { co_await carry_both_ways(&lane_world()); }

CO_TEST(Partitions, AreCarriedBothWaysFrom13To18) {
    LaneWorld world({"--blue", "13", "--green", "18"});
    co_await carry_both_ways(&world);
}

// Made while the tables are being copied: the lane's publication and slot may be there, its subscription is
// not.
CO_TEST(Partitions, BornBeforeTheSubscriptionAreBroughtByItsOwnCopy) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"early", db, 1, "blue"};
    co_await world.sql_both(db, tables);
    for (const std::string side : {"blue", "green"}) {
        co_await world.run(side, create_control_schema(db, 1));
    }
    co_await world.run("blue", freeze_ddl(db, true));
    co_await as_ana(&world, "blue", db, first_turn[0]); // in no publication yet
    const auto born = co_await born_partitions(*world.blue, db, soon());
    EXPECT_EQ(born, std::set<std::string>{"a.days_2"});
    auto session = co_await world.blue->session(db, soon());
    const auto all = co_await read_tables(*session, soon());
    co_await world.run("blue", create_publication(lane, published(all, all)));
    co_await world.run("blue", enlist_partitions(db));
    co_await as_ana(&world, "blue", db, first_turn[3]); // in no slot yet
    co_await world.run("blue", create_slot(lane));
    co_await as_ana(&world, "blue", db, first_turn[4]);
    co_await as_ana(&world, "blue", db, first_turn[8]); // one that was there
    co_await as_ana(&world, "blue", db, first_turn[5]); // partitioned itself
    const auto only = co_await partitioned_only_on(*world.blue, *world.green, db, soon());
    EXPECT_EQ(only, std::vector<std::string>{});
    co_await world.run("blue", read_partition_markers(db, 1));
    co_await world.run("green", make_partitions(db));
    co_await world.run("green", make_partitions(db));
    co_await as_ana(&world, "blue", db, first_turn[2]); // in the stream, before it runs
    co_await world.run("green", create_subscription(lane, Listed::as_read));
    co_await world.run("green", enable_subscription(lane));
    for (int tries = 0; tries < 200; ++tries) {
        const auto state = co_await read_lane(*world.blue, *world.green, lane, soon());
        if (state.not_ready.empty()) {
            break;
        }
        co_await sleep_for(100ms);
    }
    co_await expect_same(&world, lane);
    co_await world.drop(lane);
}

// What partition functions do, they do as a superuser: from catalogs and rows that others write.
CO_TEST(Partitions, MakeNobodyASuperuser) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane forward{"hostile", db, 1, "blue"};
    const Lane back{"hostile", db, 1, "green"};
    co_await world.sql_both(db, tables);
    const std::string evil =
        "CREATE FUNCTION a.evil(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN EXECUTE 'ALTER ROLE "
        "ana "
        "SUPERUSER'; RETURN $1; EXCEPTION WHEN insufficient_privilege THEN RETURN $1; END$$;"
        "ALTER FUNCTION a.evil(int) OWNER TO ana; CREATE ROLE writer; GRANT pg_write_all_data TO writer";
    co_await world.sql("blue", db, evil);
    const std::string quotes =
        "ALTER DATABASE " + postgres::quote_identifier(db) + " SET standard_conforming_strings = off";
    co_await world.sql("green", db, quotes);
    co_await both_lanes(&world, forward, back);

    std::string said;
    const std::vector<std::string> attempts{
        "ana; CREATE TABLE a.days_n (LIKE a.days INCLUDING ALL); CREATE STATISTICS a.s ON (id + a.evil(1)), "
        "note FROM a.days_n; ALTER TABLE a.days ATTACH PARTITION a.days_n FOR VALUES FROM ('2027-01-01') TO "
        "('2027-02-01')",
        "writer; INSERT INTO pgteal.marker_1 (kind, detail) VALUES ('partition x', '{}')",
        "writer; INSERT INTO pgteal.partitions VALUES (1, 0, true, true, false, true)",
        "writer; INSERT INTO pgteal.copied VALUES ('x', 'y', '0/0')",
        "writer; UPDATE pgteal.run SET epoch = 99",
        "writer; DELETE FROM pgteal.marker_1",
        "writer; TRUNCATE pgteal.seen"};
    for (const auto& attempt : attempts) {
        said.clear();
        try {
            const std::string text = "BEGIN; SELECT set_config('event_triggers', 'on', true) WHERE "
                                     "current_setting('server_version_num')::int >= 170000; SET LOCAL "
                                     "session_replication_role = origin; SET LOCAL SESSION "
                                     "AUTHORIZATION " +
                                     attempt + "; COMMIT";
            co_await world.sql("blue", db, text);
        } catch (const ServerError& error) {
            said = error.sqlstate();
        }
        co_await world.sql("blue", db, "ROLLBACK");
        EXPECT_TRUE(said == "55000" || said == "42501") << attempt << ": " << said;
    }

    co_await as_ana(
        &world, "blue", db,
        "CREATE TABLE a.deep_1 PARTITION OF a.deep FOR VALUES WITH (modulus 2, remainder 1) PARTITION BY "
        "LIST (k);"
        "CREATE TABLE a.deep_1_q PARTITION OF a.deep_1 FOR VALUES IN (E'\\\\''); ALTER ROLE ana SUPERUSER; "
        "--')");
    co_await expect_same(&world, forward);
    for (const std::string side : {"blue", "green"}) {
        said = co_await world.value(side, db,
                                    "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper AND "
                                    "rolname IN ('ana', 'writer')");
        EXPECT_EQ(said, "") << side;
    }
    co_await world.drop(forward);
    co_await world.drop(back);
}

// From 15 on a publication that is changed is locked to the end of the transaction.
CO_TEST(Partitions, OfTwoClientsDoNotWaitForOneAnother) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane forward{"two", db, 1, "blue"};
    const Lane back{"two", db, 1, "green"};
    co_await world.sql_both(db, tables);
    co_await both_lanes(&world, forward, back);
    auto one = co_await world.blue->session(db, soon());
    auto two = co_await world.blue->session(db, soon());
    const std::string begin =
        "BEGIN; SET LOCAL lock_timeout = '5s'; SELECT set_config('event_triggers', 'on', "
        "true) WHERE current_setting('server_version_num')::int >= 170000; SET LOCAL "
        "SESSION AUTHORIZATION ana; ";
    const std::vector<std::string> turns{
        begin + "CREATE TABLE a.days_2 PARTITION OF a.days FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');"
                "INSERT INTO a.days VALUES (1, '2026-02-02')",
        begin +
            "CREATE TABLE a.plain_2 PARTITION OF a.plain FOR VALUES IN (2); INSERT INTO a.plain VALUES (2);"
            "CREATE TABLE a.bare_2 PARTITION OF a.bare FOR VALUES IN (2); INSERT INTO a.bare VALUES (2)",
        "CREATE TABLE a.\"Bad; day\" PARTITION OF a.\"Moods\" FOR VALUES IN ('bad'); COMMIT", "COMMIT"};
    for (std::size_t i = 0; i < turns.size(); ++i) {
        auto& session = i % 2 == 0 ? one : two;
        std::string text = turns[i];
        co_await session->script(std::move(text), soon());
    }
    co_await expect_same(&world, forward);
    co_await expect_listed(&world, forward, back, "a.bare_2");
    co_await world.drop(forward);
    co_await world.drop(back);
}

} // namespace pgteal::replication::test
