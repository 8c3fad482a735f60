// The freeze of DDL: what applications do all day goes on, what would make the sides differ does not. By
// object and by who is logged in; names and settings of users decide nothing.
#include "base/error.hpp"
#include "replication/lane/control.hpp"
#include "replication/marker/continuity.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// "" when it may be run in this session, otherwise the error's SQLSTATE: 55000 is the freeze's.
Task<std::string> outcome(postgres::Connection& connection, std::string text) {
    std::string sqlstate;
    try {
        co_await connection.script(std::move(text), soon());
    } catch (const ServerError& error) {
        sqlstate = error.sqlstate();
        if (sqlstate == "55000") {
            EXPECT_NE(error.hint().find("pgteal finish"), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find("REVOKE"), std::string::npos)
                << "it says what is not frozen: " << error.what();
        }
    }
    if (connection.in_transaction()) {
        co_await connection.script("ROLLBACK", soon());
    }
    co_return sqlstate;
}

const char* const objects = R"(
    CREATE SCHEMA s;
    CREATE TABLE s.t (id int PRIMARY KEY, v text, w int);
    CREATE TABLE s.old (c int);
    CREATE VIEW s.v AS SELECT * FROM s.t;
    CREATE MATERIALIZED VIEW s.m AS SELECT * FROM s.t;
    CREATE SEQUENCE s.q;
    CREATE TYPE s.comp AS (a int);
    CREATE TYPE s.mood AS ENUM ('a');
    CREATE DOMAIN s.dom AS int;
    CREATE TABLE s.parts (id int) PARTITION BY RANGE (id);
    CREATE TABLE s.parts_1 PARTITION OF s.parts FOR VALUES FROM (1) TO (2);
    CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TABLE s."x on pg_temp.o" (id int);
    CREATE TABLE s."pg_temp.o" (id int);
    CREATE INDEX "i on pg_temp.y" ON s.t (w);
    CREATE RULE "r on pg_temp.y" AS ON DELETE TO s.old DO INSTEAD NOTHING;
    CREATE TRIGGER "t on pg_temp.y" AFTER INSERT ON s.t EXECUTE FUNCTION s.f();
    CREATE POLICY "p on pg_temp.y" ON s.t;
)";

/// Called by others, it runs as the superuser who owns it.
const char* const definer = "CREATE FUNCTION public.definer(command text) RETURNS void LANGUAGE plpgsql "
                            "SECURITY DEFINER SET pgteal.ddl = on AS 'BEGIN EXECUTE command; END'";

const std::vector<std::string> refused_by_object{
    "CREATE TABLE s.n (id int)",
    "CREATE TABLE s.n (LIKE s.t INCLUDING ALL)",
    "CREATE TABLE s.n AS SELECT 1 AS a",
    "SELECT 1 AS a INTO s.n",
    "CREATE UNLOGGED TABLE s.n (id int)",
    "CREATE TABLE s.n PARTITION OF s.parts DEFAULT",
    "ALTER TABLE s.parts DETACH PARTITION s.parts_1",
    "CREATE SCHEMA r CREATE TABLE x (id int)",
    "CREATE VIEW s.n AS SELECT 1",
    "CREATE OR REPLACE VIEW s.v AS SELECT * FROM s.t",
    "CREATE MATERIALIZED VIEW s.n AS SELECT 1",
    "CREATE SEQUENCE s.n",
    "CREATE TYPE s.n AS ENUM ('a')",
    "CREATE DOMAIN s.n AS int",
    "CREATE FUNCTION s.n() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE AGGREGATE s.n (int) (sfunc = int4pl, stype = int)",
    "CREATE OPERATOR s.== (leftarg = int, rightarg = int, function = int4eq)",
    "CREATE COLLATION s.n FROM \"C\"",
    "CREATE STATISTICS s.n ON id, w FROM s.t",
    "CREATE TEXT SEARCH DICTIONARY s.n (TEMPLATE = simple)",
    "CREATE TEXT SEARCH CONFIGURATION s.n (COPY = simple)",
    "CREATE CAST (s.comp AS text) WITH INOUT",
    "CREATE INDEX ON s.t (v)",
    "CREATE RULE n AS ON DELETE TO s.t DO INSTEAD NOTHING",
    "CREATE TRIGGER n AFTER INSERT ON s.t EXECUTE FUNCTION s.f()",
    "CREATE POLICY n ON s.t",
    "ALTER TABLE s.t ADD COLUMN n int",
    "ALTER TABLE ONLY s.t ADD CHECK (id > 0)",
    "ALTER TABLE s.t RENAME COLUMN v TO n",
    "ALTER TABLE s.t RENAME TO n",
    "ALTER TABLE s.t SET SCHEMA public",
    "ALTER TABLE s.t OWNER TO CURRENT_USER",
    "ALTER TABLE s.t ALTER COLUMN v SET DEFAULT 'a'",
    "ALTER TABLE s.t SET (fillfactor = 50)",
    "ALTER TABLE s.t REPLICA IDENTITY FULL",
    "ALTER TABLE s.t DISABLE TRIGGER ALL",
    "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE s.t DROP COLUMN w CASCADE",
    "ALTER TABLE s.old ALTER COLUMN c TYPE bigint",
    "ALTER INDEX s.t_pkey RENAME TO n",
    "ALTER SEQUENCE s.q RESTART WITH 5",
    "ALTER SCHEMA s RENAME TO n",
    "ALTER TYPE s.comp ADD ATTRIBUTE b int",
    "ALTER TYPE s.mood ADD VALUE 'b'",
    "ALTER DOMAIN s.dom SET NOT NULL",
    "ALTER FUNCTION s.f() STABLE",
    "ALTER TRIGGER \"t on pg_temp.y\" ON s.t RENAME TO n",
    "DROP TABLE s.old",
    "DROP TABLE s.parts_1",
    "DROP VIEW s.v",
    "DROP FUNCTION s.f() CASCADE",
    "DROP TYPE s.comp",
    "DROP SCHEMA s CASCADE",
    "DROP OWNED BY CURRENT_USER",
    "DO 'BEGIN CREATE TABLE s.n (); END'",
    "BEGIN; GRANT SELECT ON s.t TO PUBLIC; ALTER TABLE s.t ADD COLUMN n int; COMMIT",
    "BEGIN; CREATE PUBLICATION n FOR TABLE s.t; CREATE TABLE s.n (); COMMIT",
    "CREATE SCHEMA n CREATE TABLE x (id int) GRANT SELECT ON x TO PUBLIC",
    "BEGIN; CREATE TEMP TABLE n (); ALTER TABLE s.t ADD COLUMN n int; COMMIT",
    // With what is temporary in one command, or hanging on it.
    "BEGIN; CREATE TEMP TABLE n (); DROP TABLE s.old, n",
    "BEGIN; CREATE TEMP TABLE n (); CREATE FUNCTION s.n(n) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "BEGIN; CREATE TYPE pg_temp.n AS (a int); ALTER TABLE s.t ADD COLUMN n pg_temp.n",
    // Users' names that look like temporary ones.
    "CREATE TABLE s.\"n on pg_temp.y\" (id int)",
    "CREATE TABLE s.\"pg_temp.y\" (id int)",
    "CREATE TABLE s.pg_temp (id int)",
    "CREATE INDEX \"n on pg_temp.y\" ON s.t (v)",
    "CREATE RULE \"n on pg_temp.y\" AS ON DELETE TO s.t DO INSTEAD NOTHING",
    "CREATE TRIGGER \"n on pg_temp.y\" AFTER INSERT ON s.t EXECUTE FUNCTION s.f()",
    "CREATE POLICY \"n on pg_temp.y\" ON s.t",
    "CREATE FUNCTION s.\"for pg_temp.f\"() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TYPE s.\"n on pg_temp_1.y\" AS ENUM ()",
    "ALTER TABLE s.\"x on pg_temp.o\" ADD COLUMN n int",
    "DROP TABLE s.\"x on pg_temp.o\"",
    "DROP TABLE s.\"pg_temp.o\"",
    "DROP INDEX s.\"i on pg_temp.y\"",
    "DROP RULE \"r on pg_temp.y\" ON s.old",
    "DROP TRIGGER \"t on pg_temp.y\" ON s.t",
    "DROP POLICY \"p on pg_temp.y\" ON s.t",
};

/// The role app has each way to change them that a user has.
const std::vector<std::string> refused_settings{
    "SET pgteal.ddl = on; CREATE TABLE s.n ()",
    "SET pgteal.ddl = on; DROP TABLE s.old",
    "SELECT public.definer('CREATE TABLE s.n ()')",
    "SELECT public.definer('DROP TABLE s.old')",
    "SET standard_conforming_strings = off; SET transform_null_equals = on; SET quote_all_identifiers = on; "
    "SET "
    "search_path = s; CREATE TABLE n ()",
    // Looked up instead of the catalogs' own, these would say that app is a superuser, or fail.
    "CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (false); CREATE DOMAIN pg_temp.regclass AS "
    "pg_catalog.text CHECK (false); CREATE TEMP TABLE pg_roles (rolname name, rolsuper bool); INSERT INTO "
    "pg_temp.pg_roles VALUES ('app', true); CREATE TEMP TABLE pg_class (oid oid, relnamespace oid); "
    "SET search_path = pg_temp, s; CREATE TABLE s.n ()",
};

const std::vector<std::string> passes{
    // pgteal carries these.
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES REVOKE SELECT ON "
    "TABLES FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES IN "
    "SCHEMA "
    "s REVOKE SELECT ON TABLES FROM PUBLIC",
    "GRANT SELECT ON s.t TO PUBLIC; GRANT SELECT (v) ON s.t TO PUBLIC; REVOKE ALL ON s.t FROM PUBLIC",
    "GRANT SELECT ON ALL TABLES IN SCHEMA s TO PUBLIC; REVOKE ALL ON ALL TABLES IN SCHEMA s FROM PUBLIC",
    "COMMENT ON TABLE s.t IS 'x'; COMMENT ON SCHEMA s IS 'x'; COMMENT ON TABLE s.t IS NULL",
    "COMMENT ON COLUMN s.\"x on pg_temp.o\".id IS 'a'",
    // And these are no business of the other side's.
    "CREATE PUBLICATION n FOR TABLE s.t; ALTER PUBLICATION n ADD TABLE s.old; ALTER PUBLICATION n DROP TABLE "
    "s.t; ALTER PUBLICATION n SET TABLE s.t; ALTER PUBLICATION n SET (publish = 'insert'); ALTER PUBLICATION "
    "n "
    "RENAME TO m; COMMENT ON PUBLICATION m IS 'x'; DROP PUBLICATION m",
    "CREATE TEMP TABLE x (id serial PRIMARY KEY, v text DEFAULT 'a' CHECK (v <> '')); CREATE INDEX ON x (v); "
    "ALTER TABLE x ADD COLUMN w int DEFAULT 1; ALTER TABLE x ALTER COLUMN w TYPE bigint; COMMENT ON TABLE x "
    "IS 'temp'; ALTER TABLE x ALTER COLUMN w DROP DEFAULT; DROP TABLE x",
    "CREATE TEMP TABLE r (id int PRIMARY KEY); BEGIN; CREATE TEMP TABLE y (id int REFERENCES r) ON COMMIT "
    "DROP; COMMIT; DROP TABLE r",
    "CREATE TEMP TABLE z AS SELECT 1 AS a; SELECT 2 AS b INTO TEMP w; DISCARD TEMP",
    "CREATE TEMP TABLE y (id int); CREATE VIEW vv AS SELECT * FROM y; CREATE TEMP VIEW tv AS SELECT * FROM "
    "s.t; REINDEX TABLE y; DROP TABLE y CASCADE; DROP VIEW tv",
    "CREATE TEMP SEQUENCE tq; ALTER SEQUENCE tq RESTART; DROP SEQUENCE tq",
    "CREATE TEMP TABLE g (id int); CREATE FUNCTION pg_temp.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
    "RETURN NULL; END'; CREATE TRIGGER gt AFTER INSERT ON g EXECUTE FUNCTION pg_temp.trg(); COMMENT ON "
    "TRIGGER gt ON g IS 'x'; ALTER TRIGGER gt ON g RENAME TO gu; DROP TRIGGER gu ON g; DROP FUNCTION "
    "pg_temp.trg(); DROP TABLE g",
    "CREATE TEMP TABLE y (id int, v text); CREATE RULE r AS ON DELETE TO y DO INSTEAD NOTHING; ALTER RULE r "
    "ON y RENAME TO q; DROP RULE q ON y; CREATE POLICY p ON y; ALTER POLICY p ON y USING (true); DROP POLICY "
    "p ON y; ALTER TABLE y ENABLE ROW LEVEL SECURITY; DROP TABLE y",
    "CREATE TEMP TABLE y (id int); CREATE TRIGGER gt AFTER INSERT ON y EXECUTE FUNCTION s.f(); DROP TABLE y",
    "CREATE TEMP TABLE y (id int, v text); CREATE STATISTICS pg_temp.st ON id, v FROM y; DROP STATISTICS "
    "pg_temp.st; CREATE STATISTICS s.st ON id, v FROM y; DROP TABLE y",
    "CREATE TEMP TABLE y (id int); ALTER TABLE y ADD CONSTRAINT k CHECK (id > 0); COMMENT ON CONSTRAINT k ON "
    "y IS 'a'; ALTER TABLE y RENAME CONSTRAINT k TO l; ALTER TABLE y DROP CONSTRAINT l; ALTER TABLE y RENAME "
    "TO yy; ALTER TABLE yy RENAME id TO i; DROP TABLE yy",
    "CREATE TYPE pg_temp.ty AS (a int); ALTER TYPE pg_temp.ty ADD ATTRIBUTE b int; COMMENT ON TYPE "
    "pg_temp.ty IS 'a'; DROP TYPE pg_temp.ty; CREATE DOMAIN pg_temp.d AS int CHECK (VALUE > 0); ALTER DOMAIN "
    "pg_temp.d SET NOT NULL; DROP DOMAIN pg_temp.d",
    "CREATE TYPE pg_temp.e AS ENUM ('a')",
    "ALTER TYPE pg_temp.e ADD VALUE 'b'",
    "DROP TYPE pg_temp.e",
    "CREATE FUNCTION pg_temp.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION pg_temp.f(int) "
    "IMMUTABLE; DROP FUNCTION pg_temp.f(int)",
    "CREATE TEMP TABLE p (a int) PARTITION BY RANGE (a); CREATE TEMP TABLE p1 PARTITION OF p FOR VALUES FROM "
    "(1) TO (2); ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (1) TO "
    "(2); DROP TABLE p",
    "CREATE TEMP TABLE y () INHERITS (s.t); DROP TABLE y; CREATE TEMP TABLE y (c s.comp); DROP TABLE y",
    "SET standard_conforming_strings = off; SET quote_all_identifiers = on; CREATE TEMP TABLE \"a.b on s.t\" "
    "(id int); CREATE TRIGGER \"g on s.t\" AFTER INSERT ON \"a.b on s.t\" EXECUTE FUNCTION s.f(); DROP "
    "TRIGGER \"g on s.t\" ON \"a.b on s.t\"; DROP TABLE \"a.b on s.t\"; RESET ALL",
    "REFRESH MATERIALIZED VIEW s.m",
    "ANALYZE s.t",
    "REINDEX TABLE s.t",
    "VACUUM s.t",
    "TRUNCATE s.t",
    "BEGIN; LOCK TABLE s.t; COMMIT",
    "INSERT INTO s.t VALUES (1, 'a'); SELECT nextval('s.q')",
    "CREATE TABLE IF NOT EXISTS s.t (id int)",
    "DROP TABLE IF EXISTS s.n",
};

/// These commit on their way: refused only at their end, they would have happened.
const std::vector<std::string> refused_before_they_begin{
    "CREATE INDEX CONCURRENTLY n ON s.t (v)",
    "/* a */ ;; CREATE UNIQUE INDEX/**/CONCURRENTLY n ON s.t (v)",
    "DROP INDEX CONCURRENTLY s.\"i on pg_temp.y\"",
    "create index Concurrently n on s.t (v)",
};

const std::vector<std::string> forbidden{
    "ALTER EVENT TRIGGER pgteal_freeze_ddl DISABLE",
    "DROP EVENT TRIGGER pgteal_freeze_drop",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION pgteal.may_change_schema() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "ALTER FUNCTION pgteal.freeze_ddl() SET pgteal.ddl = on",
};

Task<void> expect_all(postgres::Connection& connection, const std::vector<std::string>& texts,
                      std::string sqlstate) {
    for (const std::string& text : texts) {
        EXPECT_EQ(co_await outcome(connection, text), sqlstate) << text;
    }
}

Task<void> superusers(postgres::Connection& super) {
    const std::vector<std::string> without{
        "CREATE TABLE s.n ()",
        "SET session_replication_role = replica; CREATE TABLE s.n ()",
        "SET ROLE app; CREATE TABLE s.n ()",
        "CREATE FOREIGN DATA WRAPPER n",
        "CREATE ACCESS METHOD n TYPE INDEX HANDLER bthandler",
        "ALTER EXTENSION plpgsql ADD TABLE s.t",
        "CREATE SUBSCRIPTION n CONNECTION 'host=nowhere' PUBLICATION n WITH (connect = false)",
    };
    co_await expect_all(super, without, "55000");
    // A lane's publication is told by what it publishes.
    const std::vector<std::string> of_lanes{
        "ALTER PUBLICATION lane ADD TABLE s.old",
        "ALTER PUBLICATION lane DROP TABLE s.t",
        "ALTER PUBLICATION lane SET TABLE s.t",
        "ALTER PUBLICATION lane DROP TABLE pgteal.marker_1",
        "ALTER PUBLICATION lane SET (publish = 'insert')",
        "ALTER PUBLICATION lane OWNER TO app",
        "ALTER PUBLICATION lane RENAME TO n",
        "DROP PUBLICATION lane",
        "CREATE PUBLICATION n FOR TABLE pgteal.marker_1",
    };
    co_await super.script(
        "SET pgteal.ddl = on; CREATE PUBLICATION lane FOR TABLE s.t, pgteal.marker_1; RESET "
        "pgteal.ddl",
        soon());
    co_await expect_all(super, of_lanes, "55000");
    co_await super.script("SET pgteal.ddl = on; DROP PUBLICATION lane; RESET pgteal.ddl", soon());
    EXPECT_EQ(co_await outcome(super, "CREATE PUBLICATION n FOR ALL TABLES; DROP PUBLICATION n"), "");
    EXPECT_EQ(co_await outcome(super, "SET pgteal.ddl = off; CREATE TABLE s.n ()"), "55000");
    EXPECT_EQ(co_await outcome(super, "SET pgteal.ddl = on; SET SESSION AUTHORIZATION app; CREATE TABLE s.n "
                                      "()"),
              "55000");
    EXPECT_EQ(co_await outcome(super, "SET pgteal.ddl = on; SET ROLE app; CREATE "
                                      "TABLE s.n (); DROP TABLE s.n; RESET ROLE; GRANT SELECT ON s.t TO "
                                      "PUBLIC; REVOKE SELECT ON s.t FROM PUBLIC"),
              "");
}

Task<void> freeze_on(LaneWorld& world, std::string side, std::string db) {
    co_await world.run(side, create_control_schema(db, 1));
    co_await world.sql(side, db, definer);
    postgres::Connection app = co_await postgres::Connection::open(world.lab.app_dsn(side, db), side, soon());
    co_await app.script(objects, soon());
    EXPECT_FALSE(co_await frozen(world.side(side), db, soon()));
    co_await world.run(side, freeze_ddl(db));
    co_await world.run(side, freeze_ddl(db));
    EXPECT_TRUE(co_await frozen(world.side(side), db, soon()));

    co_await expect_all(app, refused_by_object, "55000");
    co_await expect_all(app, refused_before_they_begin, "55000");
    if (app.server_version() >= 140000) {
        EXPECT_EQ(co_await outcome(app, "ALTER TABLE s.parts DETACH PARTITION s.parts_1 CONCURRENTLY"),
                  "55000");
        EXPECT_EQ(
            co_await world.value(side, db, "SELECT bool_or(inhdetachpending) FROM pg_catalog.pg_inherits"),
            "f");
    }
    EXPECT_EQ(co_await world.value(side, db,
                                   "SELECT string_agg(i.indexrelid::regclass::text, ', ' ORDER BY "
                                   "i.indexrelid) FROM pg_catalog.pg_index i WHERE i.indrelid = "
                                   "'s.t'::regclass AND i.indisvalid AND i.indislive"),
              "s.t_pkey, s.\"i on pg_temp.y\"");
    co_await expect_all(app, passes, "");
    co_await expect_all(app, forbidden, "42501");
    // Ours pass.
    co_await world.sql(side, db, "CREATE TABLE public.ours (); DROP TABLE public.ours");
    postgres::Connection super =
        co_await postgres::Connection::open(world.lab.dsn(side).with_database(db), side, soon());
    co_await superusers(super);
    // Last, since they leave their settings behind.
    for (const std::string& text : refused_settings) {
        postgres::Connection one =
            co_await postgres::Connection::open(world.lab.app_dsn(side, db), side, soon());
        EXPECT_EQ(co_await outcome(one, text), "55000") << text;
    }

    co_await world.run(side, unfreeze_ddl(db));
    EXPECT_FALSE(co_await frozen(world.side(side), db, soon()));
    EXPECT_EQ(co_await world.value(side, db,
                                   "SELECT count(*) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n "
                                   "ON n.oid = p.pronamespace WHERE n.nspname = 'pgteal' AND p.proname ~ "
                                   "'freeze|refuse_ddl|may_change|relation_of|is_of_lane'"),
              "0");
    EXPECT_EQ(co_await outcome(app, "CREATE TABLE s.n (); DROP TABLE s.n"), "");
    co_await world.run(side, freeze_ddl(db));
    co_await world.run(side, drop_control_schema(db));
    EXPECT_EQ(co_await outcome(app, "CREATE TABLE s.n (); DROP TABLE s.n"), "");
}

Task<void> freeze_on_both(LaneWorld& world) {
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    // The lab knows the role's password for both, and makes it on blue only.
    const std::string secret = co_await world.value(
        "blue", "postgres", "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = 'app'");
    co_await world.sql("green", "postgres", "CREATE ROLE app LOGIN PASSWORD '" + secret + "'");
    for (const std::string side : {"blue", "green"}) {
        co_await world.sql(side, "postgres", "ALTER DATABASE " + db + " OWNER TO app");
        SCOPED_TRACE(co_await world.value(side, db, "SELECT version()"));
        co_await freeze_on(world, side, db);
    }
    world.green->close_idle();
    co_await world.sql("green", "postgres", "DROP DATABASE " + db);
    co_await world.sql("green", "postgres", "DROP ROLE app");
}

} // namespace

CO_TEST(Freeze, RefusesWhatReplicationWouldMissOn15And17) { co_await freeze_on_both(lane_world()); }

TEST(Freeze, RefusesWhatReplicationWouldMissOn13And14) {
    LaneWorld world({"--blue", "13", "--green", "14"});
    run_here([&] { return freeze_on_both(world); });
}

TEST(Freeze, RefusesWhatReplicationWouldMissOn16And18) {
    LaneWorld world({"--blue", "16", "--green", "18"});
    run_here([&] { return freeze_on_both(world); });
}

CO_TEST(Freeze, DoesNotHinderApply) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"freeze", db, 1, "blue"};
    co_await world.sql_both(db, "CREATE TABLE public.t (id int PRIMARY KEY, v text)");
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await world.run("blue", freeze_ddl(db));
    co_await world.run("green", freeze_ddl(db));
    // Fenced as the standing side is.
    co_await world.sql("green", "postgres",
                       "ALTER DATABASE " + db + " SET default_transaction_read_only = on");
    co_await world.sql(
        "blue", db,
        "INSERT INTO public.t VALUES (1, 'a'); TRUNCATE public.t; INSERT INTO public.t VALUES (2, 'b')");
    co_await world.settle(lane);
    EXPECT_EQ(co_await world.value("green", db, "SELECT string_agg(id || v, ',') FROM public.t"), "2b");

    // What an operator skips is left out of the sides' comparison from then on.
    const std::vector<Lane> lanes{lane};
    auto gaps = co_await gaps_seen(*world.green, lanes, soon());
    EXPECT_EQ(gaps, std::vector<std::string>{""});
    co_await world.sql("green", db,
                       "BEGIN; SET LOCAL event_triggers = on; ALTER SUBSCRIPTION " + lane.object() +
                           " SKIP (lsn = 'FFFFFFF/0'); COMMIT");
    gaps = co_await gaps_seen(*world.green, lanes, soon());
    EXPECT_NE(gaps, std::vector<std::string>{""});
    co_await world.drop(lane);
}

} // namespace pgteal::replication::test
