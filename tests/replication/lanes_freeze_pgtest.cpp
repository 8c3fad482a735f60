// The freeze of DDL: what applications do all day goes on, what would make the sides differ does not.
#include "postgres/error.hpp"
#include "replication/control.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// "" when the role app may run it in a session of its own, otherwise the error's SQLSTATE.
Task<std::string> as_app(postgres::Connection& connection, std::string text) {
    std::string sqlstate;
    try {
        co_await connection.script(std::move(text), soon());
    } catch (const ServerError& error) {
        sqlstate = error.sqlstate();
        EXPECT_NE(error.hint().find("pgteal finish"), std::string::npos) << error.what();
    }
    if (connection.in_transaction()) {
        co_await connection.script("ROLLBACK", soon());
    }
    co_return sqlstate;
}

Task<void> freeze_as_app(LaneWorld& world) {
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql("blue", "postgres", "ALTER DATABASE " + db + " OWNER TO app");
    co_await world.run("blue", create_control_schema(db, 1));
    postgres::Connection app =
        co_await postgres::Connection::open(world.lab.app_dsn("blue", db), "blue", soon());
    co_await app.script(
        "CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, v text); CREATE VIEW s.v AS SELECT * FROM "
        "s.t;"
        " CREATE MATERIALIZED VIEW s.m AS SELECT * FROM s.t; CREATE SEQUENCE s.q; CREATE TABLE s.old (c int)",
        soon());
    EXPECT_FALSE(co_await frozen(*world.blue, db, soon()));
    co_await world.run("blue", freeze_ddl(db));
    co_await world.run("blue", freeze_ddl(db));
    EXPECT_TRUE(co_await frozen(*world.blue, db, soon()));

    const std::vector<std::string> refused{
        "CREATE TABLE s.n (id int)",
        "CREATE TABLE s.n AS SELECT 1 AS a",
        "SELECT 1 AS a INTO s.n",
        "ALTER TABLE s.t ADD COLUMN w int",
        "ALTER TABLE s.t RENAME COLUMN v TO w",
        "ALTER TABLE s.old ALTER COLUMN c TYPE bigint",
        "DROP TABLE s.old",
        "DROP VIEW s.v",
        "DROP SCHEMA s CASCADE",
        "CREATE INDEX ON s.t (v)",
        "COMMENT ON TABLE s.t IS 'x'",
        "GRANT SELECT ON s.t TO PUBLIC",
        "ALTER SEQUENCE s.q RESTART WITH 5",
        "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA r",
        "DROP OWNED BY CURRENT_USER",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY",
        "CREATE RULE r AS ON DELETE TO s.t DO INSTEAD NOTHING",
        "BEGIN; CREATE TEMP TABLE x (); DROP TABLE s.old, x",
        "DO 'BEGIN CREATE TABLE s.n (); END'",
    };
    for (const std::string& text : refused) {
        EXPECT_EQ(co_await as_app(app, text), "55000") << text;
    }
    const std::vector<std::string> allowed{
        "CREATE TEMP TABLE x (id serial PRIMARY KEY, v text DEFAULT 'a' CHECK (v <> '')); CREATE INDEX ON x "
        "(v); ALTER TABLE x ADD COLUMN w int DEFAULT 1;"
        " ALTER TABLE x ALTER COLUMN w TYPE bigint; COMMENT ON TABLE x IS 'temp'; ALTER TABLE x ALTER COLUMN "
        "w DROP DEFAULT; DROP TABLE x",
        "BEGIN; CREATE TEMP TABLE y (id int REFERENCES x2) ON COMMIT DROP; COMMIT",
        "CREATE TEMP TABLE z AS SELECT 1 AS a; SELECT 2 AS b INTO TEMP w; DISCARD TEMP",
        "CREATE TEMP VIEW tv AS SELECT * FROM s.t; DROP VIEW tv; CREATE TEMP SEQUENCE tq; DROP SEQUENCE tq",
        "CREATE TEMP TABLE g (id int); CREATE FUNCTION pg_temp.trg() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NULL; END';"
        " CREATE TRIGGER gt AFTER INSERT ON g EXECUTE FUNCTION pg_temp.trg(); DROP TRIGGER gt ON g; DROP "
        "FUNCTION pg_temp.trg(); DROP TABLE g",
        "REFRESH MATERIALIZED VIEW s.m",
        "ANALYZE s.t",
        "REINDEX TABLE s.t",
        "VACUUM s.t",
        "TRUNCATE s.t",
        "LOCK TABLE s.t",
        "INSERT INTO s.t VALUES (1, 'a'); SELECT nextval('s.q')",
        "CREATE TABLE IF NOT EXISTS s.t (id int)",
    };
    co_await as_app(app, "CREATE TEMP TABLE x2 (id int PRIMARY KEY)");
    for (const std::string& text : allowed) {
        const std::string wrapped = text.starts_with("LOCK") ? "BEGIN; " + text + "; COMMIT" : text;
        EXPECT_EQ(co_await as_app(app, wrapped), "") << text;
    }
    // Ours pass, and a superuser without the setting does not.
    co_await world.sql("blue", db, "CREATE TABLE public.ours (); DROP TABLE public.ours");
    postgres::Connection super =
        co_await postgres::Connection::open(world.lab.dsn("blue").with_database(db), "blue", soon());
    EXPECT_EQ(co_await as_app(super, "SET session_replication_role = replica; CREATE TABLE public.theirs ()"),
              "55000");

    co_await world.run("blue", unfreeze_ddl(db));
    EXPECT_FALSE(co_await frozen(*world.blue, db, soon()));
    EXPECT_EQ(co_await as_app(app, "CREATE TABLE s.n (); DROP TABLE s.n"), "");
    co_await world.run("blue", freeze_ddl(db));
    co_await world.run("blue", drop_control_schema(db));
    EXPECT_EQ(co_await as_app(app, "CREATE TABLE s.n (); DROP TABLE s.n"), "");
}

} // namespace

CO_TEST(Freeze, RefusesWhatReplicationWouldMissOn15) { co_await freeze_as_app(lane_world()); }

TEST(Freeze, RefusesWhatReplicationWouldMissOn13) {
    LaneWorld world({"--blue", "13", "--green", "18"});
    run_here([&] { return freeze_as_app(world); });
}

TEST(Freeze, RefusesWhatReplicationWouldMissOn18) {
    LaneWorld world({"--blue", "18", "--green", "18"});
    run_here([&] { return freeze_as_app(world); });
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
    co_await world.drop(lane);
}

} // namespace pgteal::replication::test
