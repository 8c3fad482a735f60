#include <gtest/gtest.h>

#include "postgres/error.hpp"
#include "replication/compare_sql.hpp"

namespace pgteal::replication {
namespace {

Table table(std::vector<Column> columns) {
    Table result;
    result.schema = "public";
    result.name = "t";
    result.columns = std::move(columns);
    return result;
}

Column column(std::string name, std::string type, bool in_key = false) {
    return {std::move(name), std::move(type), false, in_key};
}

/// The row's text on a side where column v has another type than on the serving one.
std::string row_text(std::string wanted, std::string mine) {
    const PublishedTable published{
        table({column("id", "integer", true), column("v", std::move(wanted))}), {"id", "v"}, true, {}};
    return compared_table(published, table({column("id", "bigint", true), column("v", std::move(mine))})).row;
}

} // namespace

TEST(CompareText, CastsOnlyWhereEqualValuesWouldPrintDifferently) {
    const std::string plain = R"(ROW(t."id", t."v")::text)";
    EXPECT_EQ(row_text("text", "text"), plain);
    EXPECT_EQ(row_text("smallint", "bigint"), plain);
    EXPECT_EQ(row_text("character varying(10)", "text"), plain);
    EXPECT_EQ(row_text("s.colour", "text"), plain);
    EXPECT_EQ(row_text("character(5)", "text"), R"(ROW(t."id", t."v"::character(5))::text)");
    EXPECT_EQ(row_text("numeric(10,2)", "numeric(12,4)"), R"(ROW(t."id", t."v"::numeric(10,2))::text)");
}

TEST(CompareText, WithoutACastEachSidePrintsWhatItHas) {
    const PublishedTable published{
        table({column("id", "integer", true), column("v", "numrange")}), {"id", "v"}, true, {}};
    const Table mine = table({column("id", "bigint", true), column("v", "int4range")});
    EXPECT_EQ(casts_of(published, mine), (std::set<Cast>{{"int4range", "numrange"}}));
    EXPECT_EQ(compared_table(published, mine).row, R"(ROW(t."id", t."v"::numrange)::text)");
    EXPECT_EQ(compared_table(published, mine, casts_of(published, mine)).row, R"(ROW(t."id", t."v")::text)");
}

TEST(CompareText, FindsRowsByTheTypeTheirOwnSideHas) {
    const PublishedTable published{
        table({column("id", "integer", true), column("k", "text", true)}), {"id", "k"}, true, {}};
    const ComparedTable mine =
        compared_table(published, table({column("k", "text"), column("id", "bigint")}));
    EXPECT_EQ(mine.from, R"(ONLY "public"."t" AS t)");
    EXPECT_EQ(mine.key, R"(ARRAY[t."id"::text, t."k"::text]::text)");
    EXPECT_EQ(mine.key_match,
              (std::vector<std::string>{R"(t."id" = (k.p[1])::bigint)", R"(t."k" = (k.p[2])::text)"}));
}

TEST(CompareText, LeavesOutWhatOnlyOneSideHas) {
    const PublishedTable published{
        table({column("id", "integer", true), column("here", "text")}), {"id"}, false, {}};
    EXPECT_EQ(compared_table(published, table({column("id", "integer"), column("there", "text")})).row,
              R"(ROW(t."id")::text)");
}

TEST(CompareText, RowsThatMayRepeatHaveNoKey) {
    PublishedTable published{table({column("id", "integer", true)}), {"id"}, true, {}};
    published.table.identity_full = true;
    EXPECT_EQ(compared_table(published, published.table).key, "");
}

TEST(CompareText, AMissingColumnIsAConflict) {
    const PublishedTable published{table({column("id", "integer", true)}), {"id"}, true, {}};
    EXPECT_THROW(compared_table(published, table({})), Error);
}

TEST(CompareBuckets, HoldAFewThousandRows) {
    EXPECT_EQ(bucket_digits(0), 0);
    EXPECT_EQ(bucket_digits(4000), 0);
    EXPECT_EQ(bucket_digits(4001), 1);
    EXPECT_EQ(bucket_digits(100'000), 2);
    EXPECT_EQ(bucket_digits(1'000'000'000'000), 4);
}

} // namespace pgteal::replication
