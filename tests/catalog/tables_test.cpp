#include "catalog/tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::replication {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Table table(const std::string& name, std::int64_t pages,
            std::vector<Column> columns = {{"id", "bigint", false, true}}) {
    Table result;
    result.schema = "public";
    result.name = name;
    result.pages = pages;
    result.columns = std::move(columns);
    return result;
}

std::vector<std::string> names(const std::vector<Table>& tables) {
    std::vector<std::string> result;
    for (const Table& t : tables) {
        result.push_back(t.name);
    }
    return result;
}

TEST(Tables, NamesAreQuotedForSqlAndPlainForPeople) {
    Table t = table("Order \"x\"", 0);
    t.schema = "Shop";
    EXPECT_EQ(t.qualified(), "\"Shop\".\"Order \"\"x\"\"\"");
    EXPECT_EQ(t.display(), "Shop.Order \"x\"");
}

TEST(CopiedAsOne, KeepsATableWithItsKinOrNotAtAll) {
    auto orders = table("orders", 1);
    auto customers = table("customers", 1);
    const auto alone = table("alone", 1);
    orders.relatives = {"1", "2"};
    customers.relatives = {"2"};
    const std::vector<Table> all{orders, customers, alone};
    const auto a = orders.qualified();
    const auto b = customers.qualified();
    const auto c = alone.qualified();
    using At = std::map<std::string, Lsn>;
    EXPECT_THAT(copied_as_one(all, At{}), IsEmpty());
    EXPECT_THAT(copied_as_one(all, At{{a, Lsn{7}}, {b, Lsn{7}}, {c, Lsn{9}}}), ElementsAre(c, b, a));
    EXPECT_THAT(copied_as_one(all, At{{a, Lsn{7}}, {c, Lsn{9}}}), ElementsAre(c)) << "its kin is not copied";
    EXPECT_THAT(copied_as_one(all, At{{a, Lsn{7}}, {b, Lsn{8}}}), IsEmpty()) << "two snapshots";
}

TEST(Distribute, TheLargestTablesComeFirstAndTheLightestLaneTakesTheNext) {
    const auto lanes = distribute({table("a", 10), table("b", 100), table("c", 60), table("d", 50)}, 2);
    EXPECT_THAT(names(lanes[0]), ElementsAre("a", "b"));
    EXPECT_THAT(names(lanes[1]), ElementsAre("c", "d"));
}

TEST(Distribute, TheOrderOfTheInputDoesNotMatter) {
    const auto one = distribute({table("a", 5), table("b", 5), table("c", 5), table("d", 7)}, 3);
    const auto other = distribute({table("d", 7), table("c", 5), table("b", 5), table("a", 5)}, 3);
    for (std::size_t lane = 0; lane < 3; ++lane) {
        EXPECT_EQ(names(one[lane]), names(other[lane]));
    }
}

TEST(Distribute, EmptyTablesAreSpreadAndEveryLaneIsThere) {
    const auto lanes = distribute({table("a", 0), table("b", 0), table("c", 0)}, 4);
    EXPECT_THAT(lanes, testing::SizeIs(4));
    EXPECT_THAT(names(lanes[0]), ElementsAre("a"));
    EXPECT_THAT(names(lanes[3]), IsEmpty());
    EXPECT_THAT(distribute({table("a", 1)}, 0), testing::SizeIs(1));
}

TEST(Distribute, ToastCounts) {
    Table wide = table("wide", 1);
    wide.toast = Bytes{100LL * 1024 * 1024};
    const auto lanes = distribute({table("a", 1000), wide, table("b", 1000)}, 2);
    EXPECT_THAT(names(lanes[0]), ElementsAre("wide"));
    EXPECT_THAT(names(lanes[1]), ElementsAre("a", "b"));
}

TEST(Published, NoListIsNeededWhenNothingDiffers) {
    const auto t = table(
        "t", 1, {{"id", "bigint", false, true}, {"n", "text", false, false}, {"g", "text", true, false}});
    const auto result = published({t}, {t});
    ASSERT_EQ(result.size(), 1U);
    EXPECT_TRUE(result[0].all_columns);
    EXPECT_THAT(result[0].columns, ElementsAre("id", "n"));
    EXPECT_THAT(result[0].missing_key, IsEmpty());
}

TEST(Published, AColumnThatStandingLacksMakesAListAndOneThatItHasMoreDoesNot) {
    const auto serving = table("t", 1, {{"id", "bigint", false, true}, {"old", "text", false, false}});
    const auto standing = table("t", 1, {{"id", "bigint", false, true}, {"fresh", "text", false, false}});
    const auto result = published({serving}, {standing});
    ASSERT_EQ(result.size(), 1U);
    EXPECT_FALSE(result[0].all_columns);
    EXPECT_THAT(result[0].columns, ElementsAre("id"));
    EXPECT_TRUE(published({table("u", 1)},
                          {table("u", 1, {{"id", "bigint", false, true}, {"more", "text", false, false}})})[0]
                    .all_columns);
}

TEST(Published, AMissingKeyColumnIsNamedAndTheTableStaysInTheList) {
    const auto serving =
        table("t", 1, {{"a", "int", false, true}, {"b", "int", false, true}, {"c", "int", false, false}});
    const auto standing = table("t", 1, {{"a", "int", false, true}, {"b", "int", true, true}});
    const auto result = published({serving}, {standing});
    ASSERT_EQ(result.size(), 1U);
    EXPECT_THAT(result[0].missing_key, ElementsAre("b"));
    EXPECT_THAT(result[0].columns, ElementsAre("a"));
}

TEST(Published, AGeneratedKeyColumnIsMissingEvenThoughNoListIsNeeded) {
    const auto t = table("t", 1, {{"g", "int", true, true}, {"n", "int", false, false}});
    const auto result = published({t}, {t});
    EXPECT_TRUE(result[0].all_columns);
    EXPECT_THAT(result[0].missing_key, ElementsAre("g"));
}

TEST(Published, TablesThatStandingLacksAreLeftOut) {
    EXPECT_THAT(published({table("only_here", 1)}, {table("only_there", 1)}), IsEmpty());
}

} // namespace
} // namespace pgteal::replication
