// What the linter reads of a database, on both majors: tables of every sort, field by field.
#include <chrono>

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "migration/lint/world/catalog_read.hpp"
#include "tests/migration/lint/side_database.hpp"

namespace pgteal::migration::lint {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class ReadCatalog : public testing::TestWithParam<std::string> {
protected:
    ReadCatalog() : database_(GetParam()) {}

    Catalog read() { return read_catalog(database_.dsn(), GetParam()); }

    test::SideDatabase database_;
};

const CatalogConstraint& constraint(const CatalogTable& table, const std::string& name) {
    for (const auto& one : table.constraints) {
        if (one.name == name) {
            return one;
        }
    }
    throw std::out_of_range("no constraint " + name);
}

const CatalogIndex& index(const CatalogTable& table, const std::string& name) {
    for (const auto& one : table.indexes) {
        if (one.name == name) {
            return one;
        }
    }
    throw std::out_of_range("no index " + name);
}

TEST_P(ReadCatalog, AnEmptyDatabase) {
    const auto catalog = read();
    EXPECT_EQ(catalog.version, database_.major());
    EXPECT_THAT(catalog.search_path, ElementsAre("public"));
    EXPECT_FALSE(catalog.time_zone.empty());
    EXPECT_THAT(catalog.tables, IsEmpty());
    EXPECT_THAT(catalog.types, IsEmpty());
    EXPECT_THAT(catalog.functions, IsEmpty());
    EXPECT_THAT(catalog.index_tables, IsEmpty());
}

TEST_P(ReadCatalog, SettingsThatTheSessionStartsWith) {
    database_.sql("CREATE SCHEMA app; CREATE SCHEMA \"Two Words\"");
    database_.sql("ALTER DATABASE " + database_.name() + " SET search_path = app, \"Two Words\", not_there");
    database_.sql("ALTER DATABASE " + database_.name() + " SET TimeZone = 'Europe/Zurich'");
    const auto catalog = read();
    EXPECT_THAT(catalog.search_path, ElementsAre("app", "Two Words"));
    EXPECT_EQ(catalog.time_zone, "Europe/Zurich");
}

TEST_P(ReadCatalog, Columns) {
    database_.sql(R"(
        CREATE TYPE mood AS ENUM ('ok', 'bad');
        CREATE TABLE t (
            id bigint GENERATED ALWAYS AS IDENTITY,
            "a b" varchar(20) COLLATE "C" NOT NULL DEFAULT 'x',
            gone int,
            amount numeric(10,2),
            twice numeric GENERATED ALWAYS AS (amount * 2) STORED,
            moods mood[],
            at timestamp(3) with time zone,
            plain text);
        ALTER TABLE t DROP COLUMN gone)");
    const auto table = read().tables.at("public.t");
    EXPECT_EQ(table.schema + "." + table.name, "public.t");
    EXPECT_EQ(table.kind + table.persistence + table.replica_identity, "rpd");
    ASSERT_EQ(table.columns.size(), 7U);
    const auto& id = table.columns.at(0);
    EXPECT_EQ(id.name + "|" + id.type + "|" + id.base + "|" + id.identity + "|" + id.generated,
              "id|bigint|bigint|a|");
    EXPECT_TRUE(id.not_null);
    EXPECT_FALSE(id.has_default);
    const auto& ab = *table.column("a b");
    EXPECT_EQ(ab.type + "|" + ab.base + "|" + ab.collation, "character varying(20)|character varying|C");
    EXPECT_TRUE(ab.not_null && ab.has_default);
    EXPECT_EQ(table.column("amount")->type, "numeric(10,2)");
    EXPECT_EQ(table.column("amount")->base, "numeric");
    EXPECT_EQ(table.column("twice")->generated, "s");
    EXPECT_FALSE(table.column("twice")->has_default);
    EXPECT_EQ(table.column("moods")->type, "public.mood[]");
    EXPECT_EQ(table.column("at")->type, "timestamp(3) with time zone");
    EXPECT_EQ(table.column("plain")->collation, "");
    EXPECT_EQ(table.column("gone"), nullptr);
}

TEST_P(ReadCatalog, RowsAndBytes) {
    database_.sql("CREATE TABLE empty(t text); CREATE TABLE fresh(id int); CREATE TABLE counted(id int); "
                  "ALTER TABLE fresh SET (autovacuum_enabled = off);"
                  "INSERT INTO fresh SELECT generate_series(1, 500);"
                  "INSERT INTO counted SELECT generate_series(1, 500); ANALYZE counted");
    const auto catalog = read();
    EXPECT_EQ(catalog.tables.at("public.empty").rows, 0);
    EXPECT_EQ(catalog.tables.at("public.fresh").rows, -1);
    EXPECT_GT(catalog.tables.at("public.fresh").bytes, 500 * 24);
    EXPECT_EQ(catalog.tables.at("public.counted").rows, 500);
    EXPECT_EQ(catalog.tables.at("public.counted").bytes, catalog.tables.at("public.fresh").bytes);
}

TEST_P(ReadCatalog, SizesOfLockedTablesAreEstimated) {
    database_.sql("CREATE TABLE t(id int); INSERT INTO t SELECT generate_series(1, 5000); ANALYZE t");
    pqxx::connection other(database_.dsn().conninfo());
    pqxx::work holder(other);
    holder.exec("LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE");
    const auto begun = Clock::now();
    const auto table = read().tables.at("public.t");
    EXPECT_LT(to_ms(Clock::now() - begun), 30000);
    EXPECT_EQ(table.rows, 5000);
    EXPECT_GT(table.bytes, 5000 * 24);
}

TEST_P(ReadCatalog, Constraints) {
    database_.sql(R"(
        CREATE TABLE p(id int PRIMARY KEY, a int, b int, UNIQUE (b, a), CONSTRAINT ab UNIQUE (a, b) DEFERRABLE);
        CREATE TABLE c(
            id int, x int, y int, during tstzrange,
            CONSTRAINT x_positive CHECK (x > 0 AND y IS NOT NULL),
            CONSTRAINT alone CHECK (x <> 5) NO INHERIT,
            CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&));
        ALTER TABLE c ADD CONSTRAINT later CHECK (y > 0 OR id::text <> ')') NOT VALID;
        ALTER TABLE c ADD CONSTRAINT fk FOREIGN KEY (y, x) REFERENCES p(b, a) NOT VALID;
        ALTER TABLE c ADD CONSTRAINT self FOREIGN KEY (id) REFERENCES p)");
    const auto catalog = read();
    const auto& p = catalog.tables.at("public.p");
    const auto& c = catalog.tables.at("public.c");
    EXPECT_THAT(p.referenced_by, ElementsAre("public.c"));
    EXPECT_EQ(constraint(p, "p_pkey").kind, "p");
    EXPECT_TRUE(constraint(p, "ab").deferrable);
    EXPECT_THAT(constraint(p, "ab").columns, ElementsAre("a", "b"));
    EXPECT_EQ(constraint(c, "x_positive").kind, "c");
    EXPECT_TRUE(constraint(c, "x_positive").validated);
    EXPECT_EQ(constraint(c, "x_positive").expression, "((x > 0) AND (y IS NOT NULL))");
    EXPECT_EQ(constraint(c, "alone").expression, "(x <> 5)");
    EXPECT_EQ(constraint(c, "later").expression, "((y > 0) OR ((id)::text <> ')'::text))");
    EXPECT_FALSE(constraint(c, "later").validated);
    EXPECT_EQ(constraint(c, "no_overlap").kind, "x");
    const auto fk = constraint(c, "fk");
    EXPECT_EQ(fk.kind + " " + fk.references, "f public.p");
    EXPECT_THAT(fk.columns, ElementsAre("y", "x"));
    EXPECT_THAT(fk.referenced_columns, ElementsAre("b", "a"));
    EXPECT_FALSE(fk.validated);
    EXPECT_THAT(fk.definition, testing::StartsWith("FOREIGN KEY (y, x) REFERENCES public.p(b, a)"));
    EXPECT_TRUE(constraint(c, "self").validated);
    EXPECT_THAT(constraint(c, "self").referenced_columns, ElementsAre("id"));
}

TEST_P(ReadCatalog, Indexes) {
    database_.sql(R"(
        CREATE SCHEMA s;
        CREATE TABLE s.t(a int PRIMARY KEY, b text, c int);
        CREATE UNIQUE INDEX mixed ON s.t (c, lower(b)) INCLUDE (a) WHERE c > 0;
        CREATE INDEX hashed ON s.t USING hash (b);
        CREATE INDEX partly ON s.t (a) WHERE b <> '' AND c > a;
        CREATE STATISTICS s.both_of_them ON b, c FROM s.t;
        INSERT INTO s.t VALUES (1, 'x', 1), (2, 'y', 1))");
    // What a CREATE INDEX CONCURRENTLY leaves behind that fails.
    EXPECT_THROW(database_.sql("CREATE UNIQUE INDEX CONCURRENTLY twice ON s.t(c)"), pqxx::sql_error);
    const auto catalog = read();
    const auto& t = catalog.tables.at("s.t");
    ASSERT_EQ(t.indexes.size(), 5U);
    EXPECT_THAT(index(t, "mixed").columns, ElementsAre("c", ""));
    EXPECT_TRUE(index(t, "mixed").unique && index(t, "mixed").partial && index(t, "mixed").valid);
    EXPECT_THAT(index(t, "mixed").uses, ElementsAre("a", "b", "c"));
    EXPECT_THAT(index(t, "hashed").uses, ElementsAre("b"));
    EXPECT_THAT(index(t, "partly").uses, ElementsAre("a", "b", "c"));
    EXPECT_THAT(catalog.statistics_tables, ElementsAre(Pair("s.both_of_them", "s.t")));
    EXPECT_THAT(index(t, "t_pkey").uses, ElementsAre("a"));
    EXPECT_TRUE(index(t, "t_pkey").primary);
    EXPECT_EQ(index(t, "hashed").method, "hash");
    EXPECT_FALSE(index(t, "hashed").unique || index(t, "hashed").partial);
    EXPECT_FALSE(index(t, "twice").valid);
    EXPECT_THAT(catalog.index_tables,
                ElementsAre(Pair("s.hashed", "s.t"), Pair("s.mixed", "s.t"), Pair("s.partly", "s.t"),
                            Pair("s.t_pkey", "s.t"), Pair("s.twice", "s.t")));
}

TEST_P(ReadCatalog, PartitionsAndChildren) {
    database_.sql(R"(
        CREATE TABLE root(id int, at date, kind text) PARTITION BY RANGE (at);
        CREATE TABLE part_1 PARTITION OF root FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        CREATE TABLE part_2 PARTITION OF root FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (lower(kind));
        CREATE TABLE part_2a PARTITION OF part_2 FOR VALUES IN ('a');
        CREATE TABLE rest PARTITION OF root DEFAULT;
        CREATE INDEX by_id ON root(id);
        INSERT INTO root SELECT n, '2026-01-05', 'a' FROM generate_series(1, 100) n;
        INSERT INTO root SELECT n, '2026-02-05', 'a' FROM generate_series(1, 50) n;
        CREATE TABLE keyed(id int PRIMARY KEY) PARTITION BY HASH (id);
        CREATE TABLE keyed_0 PARTITION OF keyed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE TABLE points(k int CONSTRAINT to_keyed REFERENCES keyed);
        CREATE TABLE mother(id int);
        CREATE TABLE child(extra int) INHERITS (mother);
        ANALYZE)");
    const auto catalog = read();
    const auto& root = catalog.tables.at("public.root");
    EXPECT_EQ(root.kind, "p");
    EXPECT_THAT(root.partitions, ElementsAre("public.part_1", "public.part_2", "public.rest"));
    EXPECT_EQ(root.rows, 150);
    EXPECT_EQ(root.bytes, catalog.tables.at("public.part_1").bytes +
                              catalog.tables.at("public.part_2a").bytes +
                              catalog.tables.at("public.rest").bytes);
    EXPECT_EQ(catalog.tables.at("public.part_2").parent, "public.root");
    EXPECT_EQ(catalog.tables.at("public.part_2").rows, 50);
    EXPECT_EQ(catalog.tables.at("public.part_2a").parent, "public.part_2");
    EXPECT_TRUE(catalog.tables.at("public.rest").default_partition);
    EXPECT_FALSE(catalog.tables.at("public.part_1").default_partition);
    EXPECT_THAT(root.dependants.at("at"), ElementsAre("partition key of public.root"));
    EXPECT_THAT(catalog.tables.at("public.part_2").dependants.at("kind"),
                ElementsAre("partition key of public.part_2"));
    EXPECT_EQ(catalog.index_tables.at("public.by_id"), "public.root");
    EXPECT_EQ(catalog.index_tables.at("public.part_1_id_idx"), "public.part_1");

    // One foreign key, however many partitions it points to.
    const auto& points = catalog.tables.at("public.points");
    ASSERT_EQ(points.constraints.size(), 1U);
    EXPECT_EQ(points.constraints.at(0).references, "public.keyed");
    EXPECT_THAT(catalog.tables.at("public.keyed").referenced_by, ElementsAre("public.points"));
    EXPECT_THAT(catalog.tables.at("public.keyed_0").referenced_by, ElementsAre("public.points"));

    EXPECT_THAT(catalog.tables.at("public.mother").partitions, ElementsAre("public.child"));
    EXPECT_EQ(catalog.tables.at("public.mother").kind, "r");
    EXPECT_EQ(catalog.tables.at("public.child").parent, "public.mother");
}

TEST_P(ReadCatalog, Dependants) {
    if (database_.major() < 15) {
        GTEST_SKIP() << "row filters and parsed function bodies are newer";
    }
    database_.sql(R"(
        CREATE TABLE t(a int, b int, c int, d int, e int, f int, g int GENERATED ALWAYS AS (f + 1) STORED, h int);
        CREATE TABLE log(n int);
        CREATE VIEW v AS SELECT a FROM t;
        CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t;
        CREATE RULE r AS ON INSERT TO t WHERE NEW.c > 5 DO ALSO INSERT INTO log VALUES (NEW.c);
        CREATE POLICY p ON t USING (d > 0);
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER g BEFORE UPDATE OF e ON t FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE FUNCTION parsed() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(h) FROM t; END;
        CREATE PUBLICATION pub FOR TABLE t WHERE (b > 0))");
    const auto t = read().tables.at("public.t");
    EXPECT_THAT(t.dependants,
                ElementsAre(Pair("a", ElementsAre("materialized view public.m", "view public.v")),
                            Pair("b", ElementsAre("materialized view public.m", "publication pub")),
                            Pair("c", ElementsAre("rule r on public.t")),
                            Pair("d", ElementsAre("policy p on public.t")),
                            Pair("e", ElementsAre("trigger g on public.t")),
                            Pair("f", ElementsAre("generated column g")),
                            Pair("h", ElementsAre("function public.parsed"))));
    EXPECT_THAT(t.attached, ElementsAre("policy p", "rule r", "trigger g"));
    EXPECT_THAT(read().tables.at("public.v").dependants, IsEmpty());
    EXPECT_THAT(read().tables.at("public.v").attached, IsEmpty());
}

TEST_P(ReadCatalog, OtherKinds) {
    database_.sql(R"(
        CREATE UNLOGGED TABLE u(id int PRIMARY KEY);
        ALTER TABLE u REPLICA IDENTITY USING INDEX u_pkey;
        CREATE TABLE n(id int); ALTER TABLE n REPLICA IDENTITY NOTHING;
        CREATE VIEW v AS SELECT 1 AS one;
        CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
        CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
        CREATE FOREIGN TABLE f(id int) SERVER far;
        CREATE TEMP TABLE mine(id int);
        CREATE SEQUENCE s)");
    const auto catalog = read();
    std::string kinds;
    for (const auto& [name, table] : catalog.tables) {
        kinds += name + " " + table.kind + table.persistence + table.replica_identity + ", ";
    }
    EXPECT_EQ(kinds, "public.f fpn, public.m mpd, public.n rpn, public.u rui, public.v vpn, ");
}

TEST_P(ReadCatalog, Types) {
    database_.sql(R"(
        CREATE TYPE mood AS ENUM ('ok', 'bad');
        ALTER TYPE mood ADD VALUE 'fine, "too"' BEFORE 'bad';
        CREATE TYPE pair AS (x int, y int);
        CREATE DOMAIN free AS varchar(10);
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE DOMAIN present AS text NOT NULL;
        CREATE DOMAIN small AS positive;
        CREATE TABLE t(a mood, b mood[], c positive);
        CREATE TABLE u(a small, p pair, list positive[]);
        CREATE VIEW v AS SELECT a FROM t)");
    const auto types = read().types;
    ASSERT_EQ(types.size(), 6U);
    EXPECT_EQ(types.at("public.mood").kind, "e");
    EXPECT_THAT(types.at("public.mood").labels, ElementsAre("ok", "fine, \"too\"", "bad"));
    EXPECT_THAT(types.at("public.mood").used_by, ElementsAre("public.t"));
    EXPECT_EQ(types.at("public.pair").kind, "c");
    EXPECT_THAT(types.at("public.pair").used_by, ElementsAre("public.u"));
    EXPECT_EQ(types.at("public.free").base, "character varying(10)");
    EXPECT_FALSE(types.at("public.free").constrained);
    EXPECT_TRUE(types.at("public.positive").constrained);
    EXPECT_THAT(types.at("public.positive").used_by, ElementsAre("public.t", "public.u"));
    EXPECT_TRUE(types.at("public.present").constrained);
    EXPECT_EQ(types.at("public.small").base, "public.positive");
    EXPECT_TRUE(types.at("public.small").constrained);
    EXPECT_THAT(types.at("public.small").used_by, ElementsAre("public.u"));
}

TEST_P(ReadCatalog, Functions) {
    database_.sql(R"(
        CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f(text) RETURNS int STABLE LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION g() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1')");
    std::string seen;
    for (const auto& [name, function] : read().functions) {
        seen += name + " " + function.volatility + ", ";
    }
    EXPECT_EQ(seen, "public.f s, public.g i, public.h v, ");
}

TEST_P(ReadCatalog, ChangesNothingAndSaysSoWhenItCantRead) {
    try {
        read_catalog(database_.dsn().with_database("not_there"), GetParam());
        FAIL() << "a database that is not there was read";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unreachable);
        EXPECT_EQ(error.side(), GetParam());
    }
}

TEST_P(ReadCatalog, TenThousandObjectsInSeconds) {
    database_.sql(R"(DO $$ BEGIN
        FOR i IN 1..2000 LOOP
            EXECUTE format('CREATE TABLE many_%s(id int PRIMARY KEY, a text, b int CHECK (b > 0), c date)', i);
            EXECUTE format('CREATE INDEX ON many_%s(a)', i);
            EXECUTE format('CREATE VIEW seen_%s AS SELECT a, b FROM many_%s', i, i);
            IF i % 200 = 0 THEN COMMIT; END IF;
        END LOOP; END $$)");
    const auto begun = Clock::now();
    const auto catalog = read();
    const auto ms = to_ms(Clock::now() - begun);
    EXPECT_EQ(catalog.tables.size(), 4000U);
    EXPECT_EQ(catalog.index_tables.size(), 4000U);
    EXPECT_EQ(catalog.tables.at("public.many_77").dependants.at("b").at(0), "view public.seen_77");
    std::printf(
        "  %d: 10,000 objects (2,000 tables with 4,000 indexes, 2,000 checks, 2,000 views) in %.0f ms\n",
        database_.major(), ms);
    // Far more than it takes, far less than one query a table would.
    EXPECT_LT(ms, 10000);
}

INSTANTIATE_TEST_SUITE_P(On, ReadCatalog, testing::Values("blue", "green"),
                         [](const auto& which) { return which.param; });

} // namespace
} // namespace pgteal::migration::lint
