#include "replication/clone/copy_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::replication {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Bytes mb{1024 * 1024};

Table table(const std::string& name, std::int64_t pages) {
    Table result;
    result.schema = "s";
    result.name = name;
    result.pages = pages;
    result.columns = {
        {"id", "bigint", false, true}, {"twice", "bigint", true, false}, {"N\"", "text", false, false}};
    return result;
}

TEST(CopyPlan, PartsOfASplitTableMeetWithoutGapAndTheLastIsOpen) {
    const auto parts = plan_parts({table("big", 1001)}, 2, mb, true);
    ASSERT_GT(parts.size(), 2U);
    std::int64_t next = 0;
    for (const CopyPart& part : parts) {
        EXPECT_FALSE(part.whole);
        EXPECT_EQ(part.first_page, next);
        next = part.end_page;
    }
    EXPECT_EQ(next, 0) << "pages added since must be read too";
}

TEST(CopyPlan, NothingIsSplitForOneJobOrWithoutTidRanges) {
    EXPECT_EQ(plan_parts({table("big", 10000)}, 1, mb, true).size(), 1U);
    EXPECT_EQ(plan_parts({table("big", 10000)}, 4, mb, false).size(), 1U);
    EXPECT_TRUE(plan_parts({table("big", 10000)}, 4, mb, false)[0].whole);
}

TEST(CopyPlan, ATableIsOnlySplitAsFarAsItKeepsTheJobsBusy) {
    // 1000 equal tables: each is far below its share, though above the threshold.
    std::vector<Table> tables;
    for (int i = 0; i < 1000; ++i) {
        tables.push_back(table("t" + std::to_string(i), 256));
    }
    EXPECT_EQ(plan_parts(tables, 2, mb, true).size(), 1000U);
}

TEST(CopyPlan, TheLargestComeFirst) {
    const auto parts = plan_parts({table("a", 1), table("b", 100), table("c", 10)}, 2, mb, true);
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].table, 1U);
    EXPECT_EQ(parts[1].table, 2U);
    EXPECT_EQ(parts[2].table, 0U);
}

TEST(CopyPlan, ATinyHeapWithALargeToastIsNotSplitBelowAPage) {
    Table wide = table("wide", 3);
    wide.toast = Bytes{1000 * mb.count};
    EXPECT_EQ(plan_parts({wide}, 4, mb, true).size(), 3U);
}

TEST(CopyCommands, ListColumnsByNameWithoutGeneratedOnes) {
    const CopyPart whole{};
    EXPECT_EQ(copy_out_command(table("t", 1), whole), R"(COPY "s"."t" ("id", "N""") TO STDOUT)");
    EXPECT_EQ(copy_in_command(table("t", 1), whole), R"(COPY "s"."t" ("id", "N""") FROM STDIN)");
}

TEST(CopyCommands, APartReadsOnlyItsPagesOfThisTableAlone) {
    CopyPart part{0, false, 8, 16, {}};
    EXPECT_EQ(
        copy_out_command(table("t", 99), part),
        R"(COPY (SELECT "id", "N""" FROM ONLY "s"."t" WHERE ctid >= '(8,0)'::pg_catalog.tid AND ctid < '(16,0)'::pg_catalog.tid) TO STDOUT)");
    part.end_page = 0;
    EXPECT_THAT(copy_out_command(table("t", 99), part), Not(HasSubstr("<")));
}

TEST(CopyCommands, ATableWithoutColumnsToCopyHasNoList) {
    Table bare = table("bare", 1);
    bare.columns = {{"g", "int", true, false}};
    EXPECT_EQ(copy_out_command(bare, {}), R"(COPY (SELECT  FROM ONLY "s"."bare") TO STDOUT)");
    EXPECT_EQ(copy_in_command(bare, {}), R"(COPY "s"."bare" FROM STDIN)");
}

TEST(CopyCommands, FreezeOnlyWhatIsEmptiedInTheSameTransaction) {
    const CopyPart whole{};
    const CopyPart piece{0, false, 0, 50, {}};
    EXPECT_THAT(copy_in_command(table("t", 100), whole), HasSubstr("FREEZE"));
    EXPECT_THAT(begin_writing(table("t", 100), whole), HasSubstr(R"(TRUNCATE ONLY "s"."t")"));
    EXPECT_THAT(copy_in_command(table("t", 100), piece), Not(HasSubstr("FREEZE")));
    EXPECT_THAT(begin_writing(table("t", 100), piece), Not(HasSubstr("TRUNCATE")));
    EXPECT_THAT(begin_writing(table("t", 1), whole), Not(HasSubstr("TRUNCATE")));
}

TEST(CopyCommands, RowsThatCreateExtensionMadeAreReplaced) {
    Table config = table("spatial_ref_sys", 1000);
    config.extension_config = true;
    EXPECT_THAT(begin_writing(config, {}), HasSubstr(R"(DELETE FROM ONLY "s"."spatial_ref_sys")"));
    EXPECT_THAT(copy_in_command(config, {}), Not(HasSubstr("FREEZE")));
}

} // namespace
} // namespace pgteal::replication
