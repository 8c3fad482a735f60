// Whether a side went back in time, from what is remembered of it and what it says.
#include "cutover/look/side_record.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Lsn at_5{0x5000000};
constexpr Lsn at_6{0x6000000};

SideRecord remembered() { return {0, "00000001", at_5, 100, "2026-11-21T12:00:03.000000Z", ""}; }
SideNow now(const std::string& timeline, Lsn flushed, std::int64_t token) {
    return {true, timeline, flushed, token};
}

TEST(SideRecord, ACrashOrARestartIsNoStepBack) {
    EXPECT_EQ(went_back(Side::green, remembered(), now("00000001", at_5, 100)), "");
    EXPECT_EQ(went_back(Side::green, remembered(), now("00000001", at_6, 140)), "");
}

TEST(SideRecord, ASideThatDoesNotAnswerSaysNothing) {
    EXPECT_EQ(went_back(Side::green, remembered(), SideNow{}), "");
}

TEST(SideRecord, AnotherTimelineIsNamedByItsNumber) {
    EXPECT_THAT(went_back(Side::green, remembered(), now("0000000A", at_6, 140)),
                HasSubstr("green is on timeline 10, and was on timeline 1 at 2026-11-21 12:00:03 UTC"));
    EXPECT_NE(went_back(Side::green, {0, "00000003", at_5, 1, "", ""}, now("00000002", at_6, 1)), "");
}

TEST(SideRecord, OnTheSameTimelineThePositionTells) {
    EXPECT_THAT(went_back(Side::blue, remembered(), now("00000001", Lsn{0x4FFFFFF}, 100)),
                HasSubstr("the WAL of blue ends at 0/4FFFFFF, and was at 0/5000000"));
}

TEST(SideRecord, AndTheRowThatALookLeftWhenTheWalHasGrownBeyondSince) {
    EXPECT_THAT(went_back(Side::blue, remembered(), now("00000001", at_6, 99)),
                HasSubstr("is not there any more"));
    EXPECT_NE(went_back(Side::blue, remembered(), now("00000001", at_6, 0)), "");
}

TEST(SideRecord, OfSeveralPlacesTheHighestCountsAndEveryDoubt) {
    auto journal = remembered();
    auto there = remembered();
    journal.token = 140;
    there.flushed = at_6;
    there.doubt = "went back";
    const auto all = merged({remembered(), journal, there});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->token, 140);
    EXPECT_EQ(all->flushed, at_6);
    EXPECT_EQ(all->doubt, "went back");
    EXPECT_FALSE(merged({}));
}

TEST(SideRecord, WhatAComparisonSettledOutranksWhatWasBefore) {
    auto doubted = remembered();
    doubted.doubt = "went back";
    doubted.flushed = at_6;
    auto settled = remembered();
    settled.generation = 1;
    settled.timeline = "00000002";
    for (const auto& records : {std::vector{doubted, settled}, std::vector{settled, doubted}}) {
        const auto all = merged(records);
        EXPECT_EQ(all->doubt, "");
        EXPECT_EQ(all->timeline, "00000002");
        EXPECT_EQ(all->flushed, at_5);
    }
}

TEST(SideRecord, ReadsBackFromTheJournal) {
    auto record = remembered();
    record.doubt = "it's gone";
    const auto read = parse_side_record(to_json(record));
    ASSERT_TRUE(read);
    EXPECT_EQ(to_json(*read), to_json(record));
    EXPECT_FALSE(parse_side_record(nullptr));
}

LaneNow lane(std::optional<Lsn> confirmed, std::optional<Lsn> applied) {
    return {"app.1", Side::blue, true, confirmed, applied, at_5};
}

TEST(LaneContradiction, IsWhatIsBeyondThePublishersWal) {
    EXPECT_FALSE(contradiction(lane(at_5, at_5)));
    EXPECT_FALSE(contradiction(lane(std::nullopt, std::nullopt)));
    const auto applied = contradiction(lane(at_5, at_6));
    ASSERT_TRUE(applied);
    EXPECT_EQ(applied->side, Side::blue);
    EXPECT_THAT(applied->what, HasSubstr("16 MB beyond the end of the WAL of blue"));
    EXPECT_TRUE(contradiction(lane(at_6, at_5)));
    EXPECT_TRUE(subscriber_ahead(lane(at_6, at_5)));
    EXPECT_FALSE(subscriber_ahead(lane(at_5, at_5)));
}

TEST(LaneBreak, IsASlotThatIsGoneOrAnotherOneOrAMarkerThatNeverCame) {
    EXPECT_FALSE(break_of("app.1", Side::blue, true, "", ""));
    const auto gone = break_of("app.1", Side::blue, false, "", "");
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->side, Side::green) << "blue has lost nothing";
    EXPECT_THAT(gone->what, HasSubstr("the slot of lane app.1 is gone from blue"));
    EXPECT_THAT(break_of("app.1", Side::blue, true, "12:00:00", "")->what,
                HasSubstr("is another one since 12:00:00 UTC"));
    EXPECT_THAT(break_of("app.1", Side::green, true, "", "12:00:00")->what,
                HasSubstr("a marker that pgteal left on green"));
}

TEST(Refusal, LeadsToACompareAndNeverAroundIt) {
    EXPECT_FALSE(refusal_of({}, Side::blue, 1, true));
    const auto standing = refusal_of({{Side::green, "green went back"}}, Side::blue, 1, true);
    EXPECT_EQ(standing->side, "green");
    EXPECT_THAT(standing->message, HasSubstr("Rows may be missing on it for ever"));
    EXPECT_THAT(standing->hint, HasSubstr("pgteal compare"));
    EXPECT_THAT(standing->hint, HasSubstr("pgteal abort and pgteal prepare"));
    EXPECT_THAT(standing->hint, Not(HasSubstr("keep what only")));
    const auto serving = refusal_of({{Side::green, "a"}, {Side::blue, "b"}}, Side::blue, 1, true);
    EXPECT_THAT(serving->message, HasSubstr("And b"));
    EXPECT_THAT(serving->hint, HasSubstr("keep what only green has"));
    const auto later = refusal_of({{Side::blue, "a"}}, Side::green, 2, true);
    EXPECT_THAT(later->hint, HasSubstr("pgteal finish"));
    EXPECT_THAT(later->hint, Not(HasSubstr("abort")));
    const auto preparing = refusal_of({{Side::blue, "a"}}, Side::blue, 1, false);
    EXPECT_THAT(preparing->hint, Not(HasSubstr("pgteal compare:")));
}

} // namespace
} // namespace pgteal::cutover
