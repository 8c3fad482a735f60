// What the linter says of the lanes, from the SQL alone and with little catalogs. Each kind of change is held
// against live servers by tests/scenarios/streams_scenario.cpp.
#include "migration/lint/lint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::migration::lint {
namespace {

Catalog orders() {
    Catalog catalog;
    catalog.version = 17;
    catalog.time_zone = "Europe/Lisbon";
    catalog.search_path = {"public"};
    CatalogTable table;
    table.schema = "public";
    table.name = "orders";
    table.kind = "r";
    table.persistence = "p";
    table.replica_identity = "d";
    const auto column = [](const std::string& name, const std::string& type, bool not_null) {
        CatalogColumn one;
        one.name = name;
        one.type = one.base = type;
        one.not_null = not_null;
        return one;
    };
    table.columns = {column("id", "integer", true), column("note", "text", false),
                     column("code", "text", true), column("at", "timestamp without time zone", false)};
    CatalogConstraint key;
    key.name = "orders_pkey";
    key.kind = "p";
    key.columns = {"id"};
    table.constraints = {key};
    catalog.tables["public.orders"] = table;
    return catalog;
}

/// "forward/reverse" of the gravest finding about lanes; "" when none says anything.
std::string said_of(const Catalog& catalog, const std::string& sql, bool offline = false) {
    Options options;
    options.pg_version = 17;
    options.offline = offline;
    const auto report = lint({parse_file("V1__x.sql", sql)}, offline ? nullptr : &catalog, options);
    Stream forward = Stream::ok;
    Stream reverse = Stream::ok;
    bool any = false;
    for (const auto& finding : report.findings) {
        forward = std::max(forward, finding.forward);
        reverse = std::max(reverse, finding.reverse);
        any = any || !finding.stream_why.empty();
    }
    return any ? std::string(to_string(forward)) + "/" + std::string(to_string(reverse)) : "";
}

std::string said(const std::string& sql, bool offline = false) { return said_of(orders(), sql, offline); }

TEST(StreamJudge, IsQuietWhereLanesHold) {
    for (const std::string sql :
         {"ALTER TABLE orders ADD COLUMN w text", "CREATE INDEX CONCURRENTLY ON orders (note)",
          "CREATE TABLE u (id int PRIMARY KEY, v text NOT NULL)",
          "ALTER TABLE orders ALTER note SET DEFAULT 'x'", "CREATE VIEW v AS SELECT 1",
          "ALTER TABLE orders ALTER note TYPE varchar", "ALTER TABLE orders ALTER code SET NOT NULL",
          "ALTER TABLE orders ALTER note DROP NOT NULL"}) {
        EXPECT_EQ(said(sql), "") << sql;
    }
}

TEST(StreamJudge, NewTablesAndColumnsAreNobodysConcern) {
    EXPECT_EQ(said("CREATE TABLE u (id int); ALTER TABLE u ADD PRIMARY KEY (id); ALTER TABLE u RENAME TO w;"
                   "ALTER TABLE w ALTER id TYPE bigint; INSERT INTO w VALUES (1); DROP TABLE w"),
              "");
    EXPECT_EQ(said("ALTER TABLE orders ADD COLUMN w text; UPDATE orders SET w = note;"
                   "ALTER TABLE orders RENAME w TO x; ALTER TABLE orders DROP COLUMN x"),
              "");
}

TEST(StreamJudge, AContractFileComesAfterTheLanes) {
    EXPECT_EQ(said("-- pgteal: phase contract\nDROP TABLE orders;"), "");
    EXPECT_EQ(said("DROP TABLE orders"), "stops/ok");
}

TEST(StreamJudge, LooksAheadForWhatIsMadeAgain) {
    EXPECT_EQ(said("ALTER TABLE orders DROP CONSTRAINT orders_pkey"), "stops/fails on the publisher");
    EXPECT_EQ(
        said("ALTER TABLE orders DROP CONSTRAINT orders_pkey; ALTER TABLE orders ADD PRIMARY KEY (code)"),
        "stops/stops");
    EXPECT_EQ(said("CREATE TABLE u (LIKE orders); DROP TABLE orders; ALTER TABLE u RENAME TO orders"),
              "diverges/ok");
}

TEST(StreamJudge, KnowsTypesFromTheCatalogAndDoubtsWithoutOne) {
    EXPECT_EQ(said("ALTER TABLE orders ALTER id TYPE bigint"), "ok/stops");
    EXPECT_EQ(said("ALTER TABLE orders ALTER note TYPE varchar(5)"), "stops/ok");
    EXPECT_EQ(said("ALTER TABLE orders ALTER at TYPE timestamptz"), "diverges/diverges");
    EXPECT_EQ(said("ALTER TABLE orders ALTER id TYPE bigint", true), "ok/stops");
    EXPECT_EQ(said("ALTER TABLE orders DROP COLUMN code"), "stops/stops") << "blue needs a value for it";
    EXPECT_EQ(said("ALTER TABLE orders DROP COLUMN note"), "stops/ok");
    EXPECT_EQ(said("ALTER TABLE orders DROP COLUMN id"), "stops/fails on the publisher");
}

TEST(StreamJudge, SequencesCanNotBeDrawnFromBehindTheFence) {
    EXPECT_EQ(said("ALTER TABLE orders ADD COLUMN w bigserial"), "stops/ok with column list");
    EXPECT_EQ(said("ALTER TABLE orders ADD COLUMN w int GENERATED ALWAYS AS IDENTITY"),
              "stops/ok with column list");
}

TEST(StreamJudge, RowsThatBlueHasAreBluesToChange) {
    EXPECT_EQ(said("UPDATE orders SET note = 'x' WHERE id = 1"), "diverges/diverges");
    EXPECT_EQ(said("DELETE FROM orders WHERE id = 1"), "diverges/diverges");
    EXPECT_EQ(said("INSERT INTO orders VALUES (1, 'a', 'b')"), "stops/diverges");
}

TEST(StreamJudge, AttributesOfACompositeTypeGoByTheirPlace) {
    auto catalog = orders();
    auto& type = catalog.types["public.pair"];
    type.schema = "public";
    type.name = "pair";
    type.kind = "c";
    catalog.types["public.unused"] = type;
    type.used_by = {"public.orders"};
    const auto of = [&catalog](const std::string& sql) { return said_of(catalog, sql); };
    EXPECT_EQ(of("ALTER TYPE pair ADD ATTRIBUTE c int"), "stops/stops");
    EXPECT_EQ(of("ALTER TYPE pair DROP ATTRIBUTE c"), "stops/stops");
    EXPECT_EQ(of("ALTER TYPE pair DROP ATTRIBUTE b, ADD ATTRIBUTE c int"), "diverges/diverges");
    EXPECT_EQ(of("ALTER TYPE pair RENAME ATTRIBUTE a TO c"), "");
    EXPECT_EQ(of("ALTER TYPE unused ADD ATTRIBUTE c int"), "");
    EXPECT_EQ(of("CREATE TYPE fresh AS (a int); ALTER TYPE fresh ADD ATTRIBUTE c int"), "");
    EXPECT_EQ(said("ALTER TYPE pair ADD ATTRIBUTE c int", true), "stops/stops") << "it may";
    EXPECT_EQ(said("CREATE TYPE fresh AS (a int); ALTER TYPE fresh ADD ATTRIBUTE c int", true), "");
}

TEST(StreamJudge, AGeneratedColumnIsNotSent) {
    auto catalog = orders();
    catalog.tables["public.orders"].columns[1].generated = "s";
    const std::string drop = "ALTER TABLE orders DROP COLUMN note";
    const std::string add = "; ALTER TABLE orders ADD COLUMN note text";
    EXPECT_EQ(said_of(catalog, drop), "ok/ok");
    EXPECT_EQ(said_of(catalog, drop + add + " GENERATED ALWAYS AS (code) STORED"), "diverges/diverges");
    EXPECT_EQ(said_of(catalog, drop + add), "diverges/diverges");
}

} // namespace
} // namespace pgteal::migration::lint
