// With catalogs the linter knows instead of guessing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/migration/lint/linted.hpp"

namespace pgteal::migration::lint::test {
namespace {

using testing::HasSubstr;

Report known(const std::string& sql, int version = 15) {
    const auto catalog = shop();
    Options options;
    options.offline = false;
    options.pg_version = version;
    return linted(sql, options, &catalog);
}

std::string rules(const std::string& sql) { return rules_in(known(sql)); }

TEST(LintKnown, TypesAreFreeOrNot) {
    EXPECT_EQ(rules("ALTER TABLE orders ALTER note TYPE varchar(40)"), "");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER note TYPE text"), "");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER note TYPE text USING note::text"), "");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER note TYPE label"), "");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER note TYPE varchar(10)"), "change-type-rewrite");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER at TYPE timestamptz"), "change-type-breaking");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER at TYPE timestamp(3)"), "change-type-rewrite");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER id TYPE bigint"), "change-type-rewrite");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER total TYPE numeric(12,4)"), "change-type-rewrite");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER id TYPE positive"), "change-type-rewrite");
    EXPECT_EQ(rules("ALTER TABLE customers ALTER name TYPE varchar"), "change-type-dependants");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER customer_id TYPE text"), "change-type-impossible");
}

TEST(LintKnown, ACheckedColumnIsReadAgain) {
    EXPECT_EQ(rules("ALTER TABLE orders ALTER total TYPE numeric(14,2)"), "change-type-recheck");
}

TEST(LintKnown, AZoneOtherThanUtcRewrites) {
    auto catalog = shop();
    catalog.time_zone = "Europe/Zurich";
    Options options;
    options.offline = false;
    EXPECT_EQ(rules_in(linted("ALTER TABLE orders ALTER at TYPE timestamptz", options, &catalog)),
              "change-type-breaking change-type-rewrite");
}

TEST(LintKnown, AValidatedCheckProvesNotNull) {
    EXPECT_EQ(rules("ALTER TABLE orders ALTER total SET NOT NULL"), "");
    EXPECT_EQ(rules("ALTER TABLE orders ALTER note SET NOT NULL"), "set-not-null");
    EXPECT_EQ(rules("ALTER TABLE customers ALTER id SET NOT NULL"), "");
    EXPECT_EQ(effects_of(known("ALTER TABLE orders ALTER total SET NOT NULL")),
              "public.orders ACCESS EXCLUSIVE");
}

TEST(LintKnown, AnUnvalidatedCheckIsNamedInTheFix) {
    auto catalog = shop();
    catalog.tables["public.orders"].constraints[1].validated = false;
    Options options;
    options.offline = false;
    const auto report = linted("ALTER TABLE orders ALTER total SET NOT NULL", options, &catalog);
    ASSERT_NE(find(report, "set-not-null"), nullptr);
    EXPECT_THAT(find(report, "set-not-null")->fix, HasSubstr("VALIDATE CONSTRAINT total_there"));
}

TEST(LintKnown, FunctionsAreWhatTheyAre) {
    EXPECT_EQ(rules("ALTER TABLE orders ADD COLUMN a int DEFAULT fixed()"), "");
    EXPECT_EQ(rules("ALTER TABLE orders ADD COLUMN a int DEFAULT dice()"), "add-column-volatile-default");
    EXPECT_EQ(rules("ALTER TABLE orders ADD COLUMN a positive"), "add-column-constrained-domain");
    EXPECT_EQ(rules("ALTER TABLE orders ADD COLUMN a label"), "");
}

TEST(LintKnown, SmallTablesAreSaidToBeSmall) {
    const auto report = known("CREATE INDEX i ON settings (value)");
    ASSERT_NE(find(report, "create-index"), nullptr);
    EXPECT_EQ(find(report, "create-index")->level, Level::info);
    EXPECT_THAT(find(report, "create-index")->why, HasSubstr("small (40 rows, 16 kB)"));
    const auto large = known("CREATE INDEX i ON orders (note)");
    EXPECT_EQ(find(large, "create-index")->level, Level::error);
    EXPECT_THAT(find(large, "create-index")->why, HasSubstr("20,000,000 rows, 3.7 GB"));
}

TEST(LintKnown, AnEmptyTableTakesANotNullColumn) {
    EXPECT_EQ(rules("ALTER TABLE nobody ADD COLUMN a int NOT NULL"), "");
    EXPECT_EQ(rules("ALTER TABLE orders ADD COLUMN a int NOT NULL"), "add-column-not-null");
}

TEST(LintKnown, OtherEndsOfForeignKeysAreLocked) {
    EXPECT_EQ(effects_of(known("ALTER TABLE orders DROP CONSTRAINT orders_customer")),
              "public.orders ACCESS EXCLUSIVE; public.customers ACCESS EXCLUSIVE");
    EXPECT_EQ(effects_of(known("DROP TABLE orders")),
              "public.orders ACCESS EXCLUSIVE; public.customers ACCESS EXCLUSIVE");
    EXPECT_EQ(effects_of(known("TRUNCATE customers CASCADE")),
              "public.customers ACCESS EXCLUSIVE; public.orders ACCESS EXCLUSIVE");
    EXPECT_EQ(effects_of(known("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES customers")),
              "public.orders SHARE ROW EXCLUSIVE scan; public.customers SHARE ROW EXCLUSIVE");
    EXPECT_EQ(effects_of(known("CREATE TABLE n (c bigint PRIMARY KEY REFERENCES customers)")),
              "public.customers SHARE ROW EXCLUSIVE");
    EXPECT_EQ(effects_of(known("INSERT INTO orders (id) VALUES (1)")),
              "public.orders ROW EXCLUSIVE; public.customers ROW SHARE");
}

TEST(LintKnown, WithAndExplainAnalyzeChangeRows) {
    EXPECT_EQ(effects_of(known("WITH x AS (DELETE FROM orders RETURNING id) SELECT * FROM x, settings")),
              "public.settings ACCESS SHARE; public.orders ROW EXCLUSIVE");
    EXPECT_EQ(effects_of(known("EXPLAIN ANALYZE DELETE FROM settings")), "public.settings ROW EXCLUSIVE");
    EXPECT_EQ(effects_of(known("EXPLAIN UPDATE settings SET key = 'x'")), "public.settings ROW EXCLUSIVE");
    const auto report = known("EXPLAIN ANALYZE WITH x AS (DELETE FROM orders) SELECT 1");
    ASSERT_NE(find(report, "delete-without-where"), nullptr);
    EXPECT_EQ(find(report, "delete-without-where")->forward, Stream::diverges);
    EXPECT_EQ(find(known("EXPLAIN DELETE FROM orders"), "stream-rows"), nullptr);
}

TEST(LintKnown, ClusterWithoutANameIsEachClusteredTable) {
    EXPECT_EQ(effects_of(known("CLUSTER")), "");
    const auto report = known("ALTER TABLE orders CLUSTER ON orders_pkey; CLUSTER");
    EXPECT_EQ(effects_of(report, 1), "public.orders ACCESS EXCLUSIVE rewrite scan");
    ASSERT_NE(find(report, "rewrite-table"), nullptr);
    EXPECT_EQ(find(report, "rewrite-table")->relation, "public.orders");
    EXPECT_EQ(effects_of(known("ALTER TABLE orders CLUSTER ON orders_pkey; "
                               "ALTER TABLE orders SET WITHOUT CLUSTER; CLUSTER"),
                         2),
              "");
}

TEST(LintKnown, ANewColumnThatLosesItsDefaultStopsTheLane) {
    const auto says = [](const std::string& sql) {
        return find(known(sql), "stream-drop-default") != nullptr;
    };
    EXPECT_TRUE(
        says("ALTER TABLE orders ADD d int NOT NULL DEFAULT 1; ALTER TABLE orders ALTER d DROP DEFAULT"));
    EXPECT_TRUE(says("ALTER TABLE orders ADD d int DEFAULT 1;"
                     "ALTER TABLE orders ALTER d SET NOT NULL, ALTER d DROP DEFAULT"));
    EXPECT_TRUE(says("ALTER TABLE orders ADD d int DEFAULT 1; ALTER TABLE orders ALTER d SET NOT NULL;"
                     "ALTER TABLE orders ALTER d SET DEFAULT NULL"));
    EXPECT_FALSE(says("ALTER TABLE orders ADD d int DEFAULT 1; ALTER TABLE orders ALTER d DROP DEFAULT"));
    EXPECT_FALSE(says("ALTER TABLE orders ALTER id DROP DEFAULT"));
    EXPECT_FALSE(
        says("ALTER TABLE orders ADD d int NOT NULL DEFAULT 1; ALTER TABLE orders ALTER d DROP DEFAULT;"
             "ALTER TABLE orders ALTER d SET DEFAULT 2"));
    const auto report =
        known("ALTER TABLE orders ADD d int DEFAULT 1; ALTER TABLE orders ALTER d DROP DEFAULT;"
              "ALTER TABLE orders ALTER d SET NOT NULL");
    const auto* finding = find(report, "set-not-null");
    finding = finding != nullptr ? finding : find(report, "stream-set-not-null");
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->forward, Stream::stops);
}

TEST(LintKnown, AForeignKeyWithoutAnIndexIsSeen) {
    EXPECT_EQ(rules("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (note) REFERENCES settings NOT VALID"),
              "foreign-key-without-index never-validated");
    EXPECT_EQ(rules("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES settings NOT VALID"),
              "never-validated");
    EXPECT_EQ(rules("DROP INDEX orders_pkey"), "drop-index");
    EXPECT_EQ(effects_of(known("DROP INDEX CONCURRENTLY orders_pkey")),
              "public.orders SHARE UPDATE EXCLUSIVE");
}

TEST(LintKnown, ATableThatIsThereIsNotNew) {
    EXPECT_EQ(rules("CREATE TABLE orders (id int); CREATE INDEX ON orders (note)"),
              "create-index table-exists");
    EXPECT_EQ(rules("DROP TABLE settings; CREATE TABLE settings (id int); CREATE INDEX ON settings (id)"),
              "drop-table");
}

TEST(LintKnown, DomainsLockTheTablesThatUseThem) {
    EXPECT_EQ(effects_of(known("ALTER DOMAIN positive ADD CHECK (VALUE < 9)")), "public.orders SHARE scan");
    EXPECT_EQ(rules("ALTER DOMAIN label SET NOT NULL"), "");
    EXPECT_EQ(rules("ALTER DOMAIN positive SET NOT NULL"), "domain-constraint");
}

TEST(LintKnown, AnInvalidIndexIsNotPassedOver) {
    auto catalog = shop();
    Options options;
    options.offline = false;
    const std::string sql = "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_pkey ON orders (id)";
    EXPECT_EQ(rules_in(linted(sql, options, &catalog)), "");
    catalog.tables["public.orders"].indexes[0].valid = false;
    const auto report = linted(sql, options, &catalog);
    ASSERT_NE(find(report, "concurrently-if-not-exists"), nullptr);
    EXPECT_THAT(find(report, "concurrently-if-not-exists")->why, HasSubstr("INVALID"));
}

TEST(LintKnown, NotNullOf18IsTheFixThere) {
    const auto fix = [](int version) {
        const auto report = known("ALTER TABLE orders ALTER note SET NOT NULL", version);
        return find(report, "set-not-null")->fix;
    };
    EXPECT_THAT(fix(15), HasSubstr("CHECK (note IS NOT NULL) NOT VALID"));
    EXPECT_THAT(fix(18), HasSubstr("NOT NULL note NOT VALID"));
}

TEST(LintKnown, WhatOfflineCouldNotKnowIsSaid) {
    const auto report =
        linted("ALTER TABLE orders ALTER note TYPE text; ALTER TABLE orders ALTER at SET NOT NULL;"
               "DROP INDEX some_index; ALTER TABLE orders ADD a int DEFAULT f()");
    EXPECT_THAT(report.unknown,
                testing::UnorderedElementsAre(HasSubstr("present type of public.orders.note"),
                                              HasSubstr("public.orders.at is not null"),
                                              HasSubstr("public.some_index"), HasSubstr("f() is volatile")));
    EXPECT_TRUE(known("ALTER TABLE orders ALTER note TYPE text").unknown.empty());
}

TEST(LintKnown, NamesAreLookedUpInTheSearchPath) {
    auto catalog = shop();
    catalog.search_path = {"app", "public"};
    Options options;
    options.offline = false;
    EXPECT_EQ(effects_of(linted("ALTER TABLE orders ADD a int", options, &catalog)),
              "public.orders ACCESS EXCLUSIVE");
    EXPECT_EQ(effects_of(linted("SET search_path = app; ALTER TABLE other ADD a int", options, &catalog), 1),
              "app.other ACCESS EXCLUSIVE");
}

} // namespace
} // namespace pgteal::migration::lint::test
