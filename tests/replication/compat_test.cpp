// The judgement without servers: how lanes are found, and what is not to be said. What it says of each change
// is held against live servers by tests/scenarios/streams_scenario.cpp.
#include "replication/compat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::replication::compat {
namespace {

using testing::HasSubstr;

Column column(const std::string& name, const std::string& type, int position, bool not_null = false) {
    Column one;
    one.name = name;
    one.type = type;
    one.position = position;
    one.not_null = not_null;
    return one;
}

Table table(const std::string& name) {
    Table one;
    one.schema = "public";
    one.name = name;
    one.columns = {column("id", "bigint", 1, true), column("note", "text", 2)};
    Index key;
    key.name = name + "_pkey";
    key.columns = {"id"};
    key.unique = key.primary = true;
    one.indexes = {key};
    return one;
}

Schema schema(const std::vector<Table>& tables) {
    Schema one;
    one.version = 170000;
    one.time_zone = "UTC";
    for (const auto& each : tables) {
        one.tables[each.display()] = each;
    }
    return one;
}

std::vector<TableVerdict> judged(const Schema& from, const Schema& to,
                                 const std::string& publisher = "blue") {
    return judge(from, to, direction_of(from, to, {Lane{"run", "app", 1, publisher}}));
}

TEST(Compat, HasNothingToSayWhereBothSidesAreEqual) {
    auto unlogged = table("unlogged");
    unlogged.persistence = 'u';
    auto full = table("full");
    full.identity = 'f';
    full.indexes.clear();
    const auto same = schema({table("t"), unlogged, full});
    for (const std::string publisher : {"blue", "green"}) {
        EXPECT_TRUE(judged(same, same, publisher).empty()) << publisher;
    }
}

TEST(Compat, OnlyWarnsOfAMissingKeyThatIsNoDifference) {
    auto keyless = table("log");
    keyless.indexes.clear();
    const auto verdicts = judged(schema({keyless}), schema({keyless}));
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].level, Level::warning) << "preflight has refused or accepted it";
    EXPECT_EQ(verdicts[0].outcome, Outcome::publisher);
}

TEST(Compat, ADroppedAndAnAddedColumnAreNoRename) {
    auto green = table("t");
    green.columns[1] = column("remark", "text", 3);
    auto verdicts = judged(schema({green}), schema({table("t")}), "green");
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].outcome, Outcome::column_list) << "blue's note is NULL, as for a dropped column";
    green.columns[1].position = 2; // where blue's note is
    verdicts = judged(schema({green}), schema({table("t")}), "green");
    EXPECT_EQ(verdicts[0].outcome, Outcome::diverges);
    EXPECT_THAT(verdicts[0].reasons[0].why, HasSubstr("it is called remark"));
}

TEST(Compat, ADefinitionThatTwoMajorsPrintDifferentlyIsTheSame) {
    auto one = table("t");
    Constraint check;
    check.name = "positive";
    check.columns = {"id"};
    check.definition = "CHECK ((id > 0))";
    one.constraints = {check};
    auto other = one;
    other.constraints[0].definition = "CHECK (id > 0)";
    EXPECT_TRUE(judged(schema({one}), schema({other})).empty());
    other.constraints[0].definition = "CHECK (id > 1)";
    EXPECT_EQ(judged(schema({one}), schema({other})).size(), 1U);
}

TEST(Compat, UniqueByFewerColumnsIsUniqueByMore) {
    auto wider = table("t");
    wider.indexes[0].columns = {"id", "note"};
    wider.indexes[0].primary = false;
    auto plain = wider;
    plain.indexes = table("t").indexes;
    plain.indexes.push_back(wider.indexes[0]);
    EXPECT_TRUE(judged(schema({table("t")}), schema({plain})).empty());
}

TEST(Compat, ListsWhatLanesReallyPublish) {
    auto from = schema({table("t"), table("u")});
    auto to = from;
    const Lane lane{"run", "app", 1, "blue"};
    from.publications[lane.object()].tables["public.t"] = std::vector<std::string>{"id"};
    to.subscriptions[lane.object()].tables = {"public.t"};
    const auto verdicts = judge(from, to, direction_of(from, to, {lane}));
    ASSERT_EQ(verdicts.size(), 2U);
    EXPECT_THAT(
        sentence(verdicts[0], verdicts[0].reasons[0]),
        "public.t differs silently at the next write: column note, it is not in the lane's column list");
    EXPECT_THAT(sentence(verdicts[1], verdicts[1].reasons[0]),
                "public.u differs silently at the next write: no lane carries it");
}

TEST(Compat, GravestComesFirst) {
    auto narrow = table("a");
    narrow.columns[0].type = "integer";
    auto without = table("b");
    without.columns.pop_back();
    const auto verdicts = judged(schema({table("a"), table("b")}), schema({narrow, without}));
    ASSERT_EQ(verdicts.size(), 2U);
    EXPECT_EQ(verdicts[0].table, "public.b");
    EXPECT_EQ(worst_level(verdicts), Level::error);
    EXPECT_EQ(verdicts[1].level, Level::warning);
    EXPECT_EQ(verdicts[1].reasons[0].when, "once a value is outside integer");
}

} // namespace
} // namespace pgteal::replication::compat
