// Reading what decides about lanes, on both majors: complete, and fast enough for the gate.
#include <gmock/gmock.h>

#include "replication/compat/compat.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::compat::test {
namespace {

using pgteal::replication::test::lane_world;
using pgteal::replication::test::LaneScope;
using pgteal::replication::test::LaneWorld;
using testing::ElementsAre;

constexpr const char* everything = R"(
    CREATE TYPE public.mood AS ENUM ('happy', 'sad');
    CREATE DOMAIN public.positive AS int DEFAULT 1 CHECK (VALUE > 0);
    CREATE TABLE public.parent (id bigint PRIMARY KEY);
    CREATE TABLE public.t (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m public.mood, p public.positive NOT NULL,
        n numeric(10,2) DEFAULT 0, s int DEFAULT 7, twice numeric GENERATED ALWAYS AS (n * 2) STORED,
        at timestamptz DEFAULT now(), parent_id bigint, drawn bigserial, gone int,
        CONSTRAINT positive_n CHECK (n >= 0), CONSTRAINT to_parent FOREIGN KEY (parent_id) REFERENCES public.parent);
    ALTER TABLE public.t DROP COLUMN gone;
    ALTER TABLE public.t ADD CONSTRAINT late CHECK (s > 0) NOT VALID;
    CREATE UNIQUE INDEX t_lower ON public.t (lower(n::text)) WHERE s > 1;
    CREATE INDEX t_plain ON public.t (s);
    ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
    CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF TG_OP = ''UPDATE'' THEN INSERT INTO public.parent VALUES (1); END IF; RETURN NEW; END';
    CREATE FUNCTION public.g() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF TG_OP = ''UPDATE'' THEN NEW.s := 1; END IF; RETURN NEW; END';
    CREATE TRIGGER writes BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();
    CREATE TRIGGER harmless BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.g();
    CREATE TRIGGER ordinary BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.g();
    ALTER TABLE public.t ENABLE ALWAYS TRIGGER writes, ENABLE REPLICA TRIGGER harmless;
    CREATE TABLE public.parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (10);
    CREATE UNLOGGED TABLE public.fast (id int);
    CREATE VIEW public.seen AS SELECT 1 AS one;
    ALTER TABLE public.parent REPLICA IDENTITY FULL;
)";

Task<Schema> read(LaneWorld* world, std::string side, std::string database) {
    auto session = co_await world->side(side).session(std::move(database), after(std::chrono::seconds(60)));
    Schema schema = co_await read_schema(*session, after(std::chrono::seconds(60)));
    co_return schema;
}

void expect_everything(const Schema& schema) {
    const Table& t = schema.tables.at("public.t");
    std::vector<std::string> names;
    std::vector<std::string> constant;
    std::vector<std::string> draws;
    for (const auto& column : t.columns) {
        names.push_back(column.name);
        if (column.constant_default) {
            constant.push_back(column.name);
        }
        if (column.draws) {
            draws.push_back(column.name);
        }
    }
    EXPECT_THAT(names, ElementsAre("id", "m", "p", "n", "s", "twice", "at", "parent_id", "drawn"));
    EXPECT_THAT(constant, ElementsAre("n", "s"));
    EXPECT_THAT(draws, ElementsAre("id", "drawn"));
    EXPECT_TRUE(t.column("twice")->generated);
    EXPECT_FALSE(t.column("twice")->has_default);
    EXPECT_TRUE(t.column("p")->has_default && t.column("p")->not_null) << "the domain's default";
    EXPECT_EQ(t.column("n")->type, "numeric(10,2)");
    EXPECT_EQ(schema.base_of(t.column("p")->type), "integer");
    EXPECT_EQ(schema.base_of("public.positive[]"), "integer[]");
    EXPECT_THAT(schema.enums.at("public.mood"), ElementsAre("happy", "sad"));
    EXPECT_THAT(schema.domains.at("public.positive").checks, ElementsAre("CHECK ((VALUE > 0))"));
    EXPECT_TRUE(t.row_security);
    ASSERT_EQ(t.indexes.size(), 2U) << "plain indexes don't matter";
    for (const auto& index : t.indexes) {
        EXPECT_EQ(index.primary, index.name == "t_pkey");
        EXPECT_EQ(index.predicate.empty(), index.primary);
        EXPECT_EQ(index.columns, std::vector<std::string>{index.primary ? "id" : ""});
    }
    std::map<std::string, const Constraint*> constraints;
    for (const auto& one : t.constraints) {
        constraints[one.name] = &one;
    }
    ASSERT_EQ(constraints.size(), 3U);
    EXPECT_EQ(constraints["to_parent"]->references, "public.parent");
    EXPECT_FALSE(constraints["late"]->validated);
    EXPECT_EQ(constraints["late"]->definition, "CHECK ((s > 0))");
    ASSERT_EQ(t.triggers.size(), 2U);
    EXPECT_FALSE(t.triggers[0].writes) << "'UPDATE' in a comparison is no command";
    EXPECT_TRUE(t.triggers[1].writes);
    EXPECT_EQ(schema.tables.at("public.parts_1").root, "public.parts");
    EXPECT_EQ(schema.tables.at("public.parts").kind, 'p');
    EXPECT_EQ(schema.tables.at("public.fast").persistence, 'u');
    EXPECT_EQ(schema.tables.at("public.seen").kind, 'v');
    EXPECT_EQ(schema.tables.at("public.parent").identity, 'f');
    EXPECT_EQ(schema.time_zone, "Europe/Lisbon");
}

} // namespace

namespace {

Task<void> sees_the_same(LaneWorld& world) {
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    for (const std::string side : {"blue", "green"}) {
        co_await world.sql(side, db, everything);
        co_await world.sql(side, "postgres", "ALTER DATABASE " + db + " SET timezone = 'Europe/Lisbon'");
        const Schema schema = co_await read(&world, side, db);
        expect_everything(schema);
    }
    const Schema blue = co_await read(&world, "blue", db);
    const Schema green = co_await read(&world, "green", db);
    const std::vector<Lane> lanes(1, Lane{"run", db, 1, "blue"});
    for (const auto& table : judge(blue, green, direction_of(blue, green, lanes))) {
        for (const auto& reason : table.reasons) {
            // Equal schemas differ in nothing; what the fence does to a trigger is no difference.
            EXPECT_TRUE(reason.object.starts_with("trigger ") || reason.level != Level::error)
                << sentence(table, reason);
        }
    }
}

} // namespace

CO_TEST(CompatRead, SeesTheSameOn15And17) { co_await sees_the_same(lane_world()); }

TEST(CompatRead, SeesTheSameOn13And18) {
    LaneWorld world({"--blue", "13", "--green", "18"});
    run_here([&] { return sees_the_same(world); });
}

CO_TEST(CompatRead, SeesWhatRunsForARowThatArrives) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql_both(db, R"(
        CREATE TYPE public.deep AS (x int); CREATE TYPE public.comp AS (a numeric(4,1), b public.deep, gone int);
        ALTER TYPE public.comp DROP ATTRIBUTE gone, ADD ATTRIBUTE c int;
        CREATE FUNCTION public.norm(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
        CREATE FUNCTION public.loose(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN norm(t); END';
        CREATE FUNCTION public.tied(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.norm(t); END';
        CREATE FUNCTION public.fixed(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = public
            AS 'BEGIN RETURN norm(t); END';
        CREATE TABLE public.t (id int PRIMARY KEY, v text, c public.comp, w text DEFAULT public.loose('x'),
            twice text GENERATED ALWAYS AS (public.loose(v)) STORED, CONSTRAINT k CHECK (public.loose(v) <> '?'),
            CONSTRAINT k2 CHECK (public.tied(v) <> '?'), CONSTRAINT k3 CHECK (public.fixed(v) <> '?'));
        CREATE INDEX i ON public.t (public.loose(v)); CREATE INDEX i2 ON public.t (public.norm(v));
        CREATE TABLE public.r (t public.t);
        CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN IF NEW.id = 1 THEN NEW.v := ''x''; END IF; SELECT 1 INTO NEW.w; RETURN NEW; END';
        CREATE FUNCTION public.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id > 1 THEN RETURN NULL; END IF; RETURN NEW; END';
        CREATE TRIGGER sets BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();
        CREATE TRIGGER drops BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.g();
        ALTER TABLE public.t ENABLE ALWAYS TRIGGER sets, ENABLE ALWAYS TRIGGER drops)");
    for (const std::string side : {"blue", "green"}) {
        const Schema schema = co_await read(&world, side, db);
        const Table& t = schema.tables.at("public.t");
        std::vector<std::string> objects;
        for (const auto& call : t.calls) {
            objects.push_back(call.object + (call.column.empty() ? "" : " default"));
            EXPECT_EQ(call.function, "public.loose");
            EXPECT_EQ(call.names, "norm");
        }
        EXPECT_THAT(objects, testing::UnorderedElementsAre("index i", "constraint k", "column twice",
                                                           "column w default"));
        EXPECT_EQ(t.column("twice")->expression, "public.loose(v)");
        EXPECT_EQ(t.column("w")->expression, "");
        const auto& fields = schema.composites.at("public.comp");
        EXPECT_EQ(fields.size(), 3U);
        EXPECT_EQ(fields.at(0).type, "numeric(4,1)");
        EXPECT_EQ(fields.at(2).position, 4) << "made after the one that was dropped";
        EXPECT_TRUE(schema.composites.contains("public.t")) << "a column has its row type";
        EXPECT_FALSE(schema.composites.contains("public.r"));
        EXPECT_EQ(t.triggers.size(), 2U);
        EXPECT_TRUE(t.triggers.at(0).drops && t.triggers.at(0).sets.empty());
        EXPECT_FALSE(t.triggers.at(1).drops || t.triggers.at(1).opaque);
        EXPECT_THAT(t.triggers.at(1).sets, testing::UnorderedElementsAre("v", "w")) << "id is only compared";
    }
}

CO_TEST(CompatRead, TakesTenThousandObjectsAtOnce) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    // 2500 tables of 8 columns, each with a key, a unique index, a check.
    for (int first = 1; first <= 2500; first += 250) { // a busy machine takes its time for all of them
        const auto range = std::to_string(first) + ".." + std::to_string(first + 249);
        co_await world.sql(
            "green", db,
            "DO $$ BEGIN FOR i IN " + range +
                " LOOP EXECUTE format('CREATE TABLE public.t_%s (id bigint PRIMARY KEY, a text UNIQUE, b int "
                "CHECK (b > 0), c int, d text, e numeric(10,2) DEFAULT 1, f timestamptz DEFAULT now(), g "
                "jsonb)', i); END LOOP; END $$");
    }
    co_await world.sql("green", db, "ANALYZE");
    auto session = co_await world.green->session(db, after(std::chrono::seconds(60)));
    const auto start = Clock::now();
    const Schema schema = co_await read_schema(*session, after(std::chrono::seconds(60)));
    const auto read_ms = to_ms(Clock::now() - start);
    EXPECT_EQ(schema.tables.size(), 2500U);
    const std::vector<Lane> lanes(1, Lane{"run", db, 1, "blue"});
    const auto again = Clock::now();
    EXPECT_TRUE(judge(schema, schema, direction_of(schema, schema, lanes)).empty());
    std::printf("read %.0f ms, judged %.0f ms\n", read_ms, to_ms(Clock::now() - again));
    // Bounded in rows, not in time: one round trip, whatever the number of tables.
    EXPECT_EQ(schema.tables.at("public.t_2500").columns.size(), 8U);
}

} // namespace pgteal::replication::compat::test
