// Who follows whom: by name and by column, as pure decisions.
#include <gtest/gtest.h>

#include "replication/sequence/sequence_plan.hpp"

namespace pgteal::replication {
namespace {

const TableColumn id{"c", "t", "id"};

Sequence sequence(const std::string& name, std::int64_t last, std::int64_t increment = 1) {
    return {"c", name, last, true, increment, increment > 0 ? 1 : -1000, increment > 0 ? 1000 : -1, false};
}
Feed feed(const std::string& name, TableColumn column = id) {
    return {{"c", name}, std::move(column), false, false};
}
Feed owner(const std::string& name) { return {{"c", name}, id, true, false}; }
ColumnFacts there(const TableColumn& column = id, bool indexed = true, std::int64_t size = 1) {
    return {column, true, indexed, Bytes{size}};
}

/// Blue with `old` at 10, green with `fresh` at its start, both on c.t.id.
struct Sides {
    SequenceSide blue{"blue", {sequence("old", 10)}, {feed("old")}, {there()}};
    SequenceSide green{"green", {sequence("fresh", 1)}, {feed("fresh")}, {there()}};
    [[nodiscard]] CarryPlan forth() const { return plan_carry(blue, green); }
    [[nodiscard]] CarryPlan back() const { return plan_carry(green, blue); }
    [[nodiscard]] Carry carry_forth(const std::vector<std::optional<std::int64_t>>& measured = {}) const {
        return carry(blue.sequences, green.sequences, forth(), measured);
    }
    [[nodiscard]] Carry carry_back(const std::vector<std::optional<std::int64_t>>& measured = {}) const {
        return carry(green.sequences, blue.sequences, back(), measured);
    }
};

std::vector<CarryPlan::Pair> pairs(const std::vector<std::pair<std::string, std::string>>& names) {
    std::vector<CarryPlan::Pair> result;
    result.reserve(names.size());
    for (const auto& [from, to] : names) {
        result.push_back({{"c", from}, {"c", to}});
    }
    return result;
}

} // namespace

TEST(CarryPlan, TheColumnTellsWhoFollowsWhatEverTheNameIs) {
    Sides sides;
    EXPECT_EQ(sides.forth().pairs, pairs({{"old", "fresh"}}));
    EXPECT_EQ(sides.carry_forth().set, std::vector<Sequence>{sequence("fresh", 10)});
    EXPECT_TRUE(sides.carry_forth().notes.empty());
    sides.green.sequences = {sequence("fresh", 25)};
    EXPECT_EQ(sides.carry_back().set, std::vector<Sequence>{sequence("old", 25)});
}

TEST(CarryPlan, TheOldOneFollowsByNameAsWell) {
    Sides sides;
    sides.green.sequences.push_back(sequence("old", 1));
    sides.green.feeds.push_back(owner("old"));
    EXPECT_EQ(sides.forth().pairs, pairs({{"old", "fresh"}, {"old", "old"}}));
    sides.green.sequences = {sequence("fresh", 25), sequence("old", 10)};
    EXPECT_EQ(sides.back().pairs, pairs({{"fresh", "old"}, {"old", "old"}}));
    EXPECT_EQ(sides.carry_back().set, std::vector<Sequence>{sequence("old", 25)});
}

TEST(CarryPlan, ASharedSequenceIsNeverSetBack) {
    const TableColumn other{"c", "u", "id"};
    Sides sides;
    sides.blue.sequences = {sequence("far", 90), sequence("near", 10)};
    sides.blue.feeds = {feed("far"), feed("near", other)};
    sides.green.feeds = {feed("fresh"), feed("fresh", other)};
    EXPECT_EQ(sides.carry_forth().set, std::vector<Sequence>{sequence("fresh", 90)});
    sides.green.sequences = {sequence("fresh", 91)};
    EXPECT_TRUE(sides.carry_forth().set.empty());
    EXPECT_EQ(sides.carry_back().set, (std::vector<Sequence>{sequence("far", 91), sequence("near", 91)}));
}

TEST(CarryPlan, FurthestIsLowestForOneThatDescends) {
    const TableColumn other{"c", "u", "id"};
    Sides sides;
    sides.blue.sequences = {sequence("far", -90, -1), sequence("near", -10, -1)};
    sides.blue.feeds = {feed("far"), feed("near", other)};
    sides.green.sequences = {sequence("fresh", -1, -1)};
    sides.green.feeds = {feed("fresh"), feed("fresh", other)};
    EXPECT_EQ(sides.carry_forth().set, std::vector<Sequence>{sequence("fresh", -90, -1)});
}

TEST(CarryPlan, WhatCountsTheOtherWayIsRefusedByBothNames) {
    Sides sides;
    sides.green.sequences = {sequence("fresh", -1, -2)};
    const auto refused = sides.carry_forth();
    ASSERT_EQ(refused.problems.size(), 1U);
    EXPECT_EQ(refused.problems[0].sequence, "c.old");
    EXPECT_EQ(refused.problems[0].reason,
              "it counts by 1 on blue, and c.fresh on green, which follows it, the other way, by -2");
    EXPECT_EQ(refused.problems[0].fix, "ALTER SEQUENCE \"c\".\"fresh\" INCREMENT BY 1");
    EXPECT_TRUE(refused.set.empty());
}

TEST(CarryPlan, WhatTheOtherSideCanNotHoldIsRefused) {
    Sides sides;
    sides.green.sequences = {sequence("fresh", 1)};
    sides.green.sequences[0].maximum = 9;
    EXPECT_EQ(sides.carry_forth().problems.at(0).reason,
              "c.old on blue stands at 10, outside its bounds on green (1 to 9)");
}

TEST(CarryPlan, TheSameSequencesOfOneDefaultFollowOnlyThemselves) {
    Sides sides;
    sides.blue.sequences = sides.green.sequences = {sequence("down", -5, -1), sequence("up", 5)};
    sides.blue.feeds = sides.green.feeds = {feed("down"), feed("up")};
    EXPECT_EQ(sides.forth().pairs, pairs({{"down", "down"}, {"up", "up"}}));
    EXPECT_TRUE(sides.carry_forth().problems.empty());
}

TEST(CarryPlan, AColumnNewlyFedIsMeasured) {
    Sides sides;
    sides.blue.sequences.clear();
    sides.blue.feeds.clear();
    EXPECT_EQ(columns_in_question(sides.blue, sides.green), std::vector<TableColumn>{id});
    EXPECT_EQ(sides.forth().measures, (std::vector<CarryPlan::Measure>{{{"c", "fresh"}, id, false}}));
    EXPECT_EQ(sides.carry_forth({77}).set, std::vector<Sequence>{sequence("fresh", 77)});
    EXPECT_EQ(sides.carry_forth({77}).total, 1);
    EXPECT_TRUE(sides.carry_forth({std::nullopt}).set.empty());
    EXPECT_TRUE(sides.carry_forth({0}).set.empty()) << "below where it starts";
    EXPECT_EQ(sides.carry_forth({1001}).problems.at(0).reason,
              "c.t.id holds 1001, outside its bounds on green (1 to 1000)");
    sides.green.sequences = {sequence("fresh", -1, -1)};
    EXPECT_TRUE(sides.forth().measures.at(0).descending);
    EXPECT_EQ(sides.carry_forth({-77}).set, std::vector<Sequence>{sequence("fresh", -77, -1)});
    EXPECT_TRUE(sides.carry_back().set.empty() && sides.carry_back().problems.empty());
}

TEST(CarryPlan, OwnershipAloneDoesNotFillAColumn) {
    Sides sides;
    sides.blue.sequences = sides.green.sequences = {sequence("old", 10)};
    sides.blue.feeds = {owner("old")};
    sides.green.feeds = {feed("old")};
    EXPECT_EQ(sides.forth().measures.size(), 1U) << "clients may have filled it themselves";
    EXPECT_EQ(sides.carry_forth({15}).set, std::vector<Sequence>{sequence("old", 15)});
    EXPECT_TRUE(sides.back().measures.empty());
}

TEST(CarryPlan, AColumnThatTakesLongToMeasureIsRefused) {
    Sides sides;
    sides.blue.sequences.clear();
    sides.blue.feeds.clear();
    sides.green.columns = {there(id, false, measured_without_index.count)};
    EXPECT_EQ(sides.forth().measures.size(), 1U);
    sides.green.columns = {there(id, false, measured_without_index.count + 1)};
    EXPECT_TRUE(sides.forth().measures.empty());
    EXPECT_EQ(sides.forth().problems.at(0).sequence, "c.fresh");
    EXPECT_EQ(sides.forth().problems.at(0).fix, R"(CREATE INDEX ON "c"."t" ("id"))");
}

TEST(CarryPlan, WhatIsNewWithItsTableIsNotTouched) {
    Sides sides;
    sides.blue.sequences.clear();
    sides.blue.feeds.clear();
    sides.blue.columns.clear();
    EXPECT_TRUE(sides.forth().measures.empty());
    EXPECT_EQ(sides.carry_forth().total, 0);
    EXPECT_TRUE(sides.carry_back().problems.empty() && sides.carry_back().notes.empty());
}

TEST(CarryPlan, AColumnThatLosesItsSequenceIsRefused) {
    Sides sides;
    sides.green.sequences.clear();
    sides.green.feeds.clear();
    EXPECT_EQ(columns_in_question(sides.blue, sides.green), std::vector<TableColumn>{id});
    EXPECT_EQ(sides.forth().problems.at(0).reason,
              "on blue it feeds c.t.id, on green no sequence does, nor is it there");
    EXPECT_EQ(
        sides.forth().problems.at(0).fix,
        R"(CREATE SEQUENCE "c"."old"; ALTER TABLE "c"."t" ALTER COLUMN "id" SET DEFAULT nextval('"c"."old"'))");
    sides.green.columns.clear();
    EXPECT_TRUE(sides.forth().problems.empty()) << "the column went with it";
    EXPECT_EQ(sides.forth().notes,
              std::vector<std::string>{"sequence c.old stays behind: it is not on green"});
}

TEST(CarryPlan, ARenameThatNoColumnTellsIsRefused) {
    Sides sides;
    sides.blue.feeds.clear();
    sides.green.feeds.clear();
    auto without = sides;
    without.blue.sequences.clear();
    EXPECT_EQ(without.forth().notes,
              std::vector<std::string>{"sequence c.fresh is left as it is: it feeds no "
                                       "column, and is not on blue"});
    EXPECT_TRUE(without.back().notes.empty());
    const auto refused = sides.forth();
    EXPECT_EQ(refused.problems.at(0).sequence, "c.old");
    EXPECT_EQ(refused.problems.at(0).reason, "it does not exist on green, and c.fresh, which only green has, "
                                             "may be the same under another name; no column tells");
    EXPECT_EQ(refused.problems.at(0).fix,
              R"(ALTER SEQUENCE "c"."fresh" RENAME TO "old", or CREATE SEQUENCE "c"."old" if it is another)");
}

TEST(CarryPlan, GoesFromTheGateToThePauseWhole) {
    Sides sides;
    sides.blue.sequences.push_back(sequence("o'd \"d", 5));
    sides.green.sequences.push_back(sequence("o'd \"d", 5));
    sides.green.sequences.push_back(sequence("late", -5, -1));
    const TableColumn odd{"c", "T'", "\"x"};
    sides.green.feeds.push_back(feed("late", odd));
    sides.blue.columns.push_back(there(odd));
    sides.green.columns.push_back(there(odd));
    const auto plan = sides.forth();
    ASSERT_EQ(plan.measures.size(), 1U);
    const auto same = carry_plan_from(to_json(plan));
    EXPECT_EQ(same.pairs, plan.pairs);
    EXPECT_EQ(same.measures, plan.measures);
    EXPECT_EQ(same.from + same.to, "bluegreen");
}

} // namespace pgteal::replication
