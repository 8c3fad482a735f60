#include <gtest/gtest.h>

#include "base/error.hpp"
#include "replication/compare/compare_slices.hpp"
#include "replication/compare/compare_sql.hpp"

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
    EXPECT_EQ(mine.key_match, (std::vector<std::string>{R"(t."id" OPERATOR(pg_catalog.=) (k.p[1])::bigint)",
                                                        R"(t."k" OPERATOR(pg_catalog.=) (k.p[2])::text)"}));
}

TEST(CompareText, NeverCastsFromOrToATypeOfAUser) {
    const PublishedTable published{
        table({column("k", "s.colour", true), column("v", "s.colour")}), {"k", "v"}, true, {}};
    const Table mine = table({column("k", "s.colour"), column("v", "integer")});
    const SidesTypes types{{{"k", ""}, {"v", ""}}, {{"k", ""}}};
    EXPECT_EQ(casts_of(published, mine, types), std::set<Cast>());
    const ComparedTable compared = compared_table(published, mine, {}, types);
    EXPECT_EQ(compared.row, R"(ROW(t."k", t."v")::text)");
    EXPECT_EQ(compared.key, R"(ARRAY[pg_catalog.concat(t."k")]::text)");
    EXPECT_EQ(compared.key_match,
              (std::vector<std::string>{R"(pg_catalog.concat(t."k") OPERATOR(pg_catalog.=) (k.p[1]))"}));
}

TEST(CompareText, ADomainIsComparedAsWhatItIsOver) {
    const PublishedTable published{table({column("k", "s.code", true)}), {"k"}, true, {}};
    const SidesTypes types{{{"k", "numeric(10,2)"}}, {}};
    const ComparedTable mine = compared_table(published, table({column("k", "numeric(12,4)")}), {}, types);
    EXPECT_EQ(mine.key, R"(ARRAY[t."k"::numeric(10,2)::text]::text)");
    const SidesTypes itself{types.wanted, types.wanted};
    EXPECT_EQ(compared_table(published, published.table, {}, itself).key_match.front(),
              R"(t."k" OPERATOR(pg_catalog.=) (k.p[1])::numeric(10,2))");
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

TEST(CompareSlices, AreRangesOfBlocks) {
    EXPECT_EQ(slice_condition(0, 64, 150000),
              "t.ctid >= '(0,0)'::pg_catalog.tid AND t.ctid < '(64,0)'::pg_catalog.tid");
    EXPECT_NE(slice_condition(64, 65, 130000).find("generate_series(64, 64)"), std::string::npos);
}

TEST(CompareSlices, TakeAboutTheSameTime) {
    using namespace std::chrono_literals;
    EXPECT_EQ(next_blocks(64, 150ms, 150000), 64);
    EXPECT_EQ(next_blocks(64, 1ms, 150000), 256);
    EXPECT_EQ(next_blocks(100, 300ms, 150000), 50);
    EXPECT_EQ(next_blocks(100, 60s, 150000), 10);
    EXPECT_EQ(next_blocks(1, 60s, 150000), 1);
    EXPECT_EQ(next_blocks(256, 1ms, 130000), 256);
}

} // namespace pgteal::replication
