// What has to hold beside the tables' content: enough happened, on the right side, and in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/checker_world.hpp"

namespace pgteal::workload {
namespace {

TEST(CheckerRules, SeesASwitchAndCommitsThatInterleave) {
    Busy switched;
    switched.serving = green;
    const Id first = switched.event();
    switched.event();
    EXPECT_TRUE(switched.check({.switches = 1}).ok()) << to_text(switched.check({.switches = 1}));
    EXPECT_FALSE(switched.check({.switches = 0}).ok());
    EXPECT_EQ(switched.check().phases.size(), 2U);

    auto& between = *std::ranges::find(switched.log.ops, first + 1, &Op::id);
    Op late = between; // blue takes one more, sent after green had acknowledged, and green goes on
    late.id += 1;
    late.server = blue;
    late.sent_us += 40;
    late.done_us += 40;
    switched.log.ops.push_back(late);
    switched.rows.table("events").push_back({late.id, late.id, blue});
    switched.event();
    switched.log.ops.back().id += 10;
    switched.rows.table("events").back().op = switched.rows.table("events").back().key =
        switched.log.ops.back().id;
    switched.log.ops.back().sent_us += 100;
    switched.log.ops.back().done_us += 100;
    const auto report = switched.check({.switches = 1});
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(report.phases.size(), 4U) << to_text(report);
}

TEST(CheckerRules, DoesNotCountAnOperationThatWasHeldAcrossTheSwitchAsInterleaved) {
    Busy world;
    const auto held_since = world.log.ops.back().sent_us;
    world.serving = green;
    world.event();
    world.log.ops.back().sent_us = held_since - 5;
    EXPECT_EQ(world.check().phases.size(), 2U);
}

TEST(CheckerRules, FailsWhenTooLittleHappened) {
    EXPECT_FALSE(World().check().ok());
    Busy world;
    const Id done = static_cast<Id>(world.log.ops.size());
    EXPECT_TRUE(world.check({.min_per_side = done}).ok());
    EXPECT_FALSE(world.check({.min_per_side = done + 1}).ok());
    EXPECT_FALSE(world.check({.sides = {Side::blue, Side::green}}).ok()) << "green took nothing";
    EXPECT_FALSE(world.check({.min_per_phase = done + 1}).ok());
}

TEST(CheckerRules, FailsWhenTooMuchEndedUnknownOrFailed) {
    Busy world;
    world.event(Outcome::unknown);
    EXPECT_FALSE(world.check().ok());
    EXPECT_TRUE(world.check({.faults = true}).ok());
    world.event(Outcome::failed);
    world.log.connect_errors.push_back({false, 0, world.log.to_us, "refused"});
    EXPECT_TRUE(world.check({.faults = true, .max_errors = 2}).ok());
    EXPECT_FALSE(world.check({.faults = true, .max_errors = 1}).ok());
}

TEST(CheckerRules, FailsWhenTheLastCommitsWereOnTheSideThatDoesNotServe) {
    Busy world;
    world.event();
    world.log.ops.back().server = green;
    world.rows.table("events").back().server = green;
    EXPECT_FALSE(world.check().ok());
}

TEST(CheckerRules, FailsWhenTheSidesDiffer) {
    Busy world;
    Digests alike{};
    Digests other{};
    other[0] = {1, "17"};
    Evidence evidence{blue, green, {{Side::blue, world.rows}}, {{Side::blue, alike}, {Side::green, alike}}};
    EXPECT_TRUE(workload::check(world.log, evidence, {}).ok());
    evidence.digests[Side::green] = other;
    const auto report = workload::check(world.log, evidence, {});
    EXPECT_FALSE(report.ok());
    EXPECT_THAT(report.problems, testing::ElementsAre(testing::HasSubstr("workload.events differs")));
    // What the standing side holds is looked at as closely.
    evidence.snapshots[Side::green] = world.rows;
    evidence.snapshots[Side::green].table("items").clear();
    EXPECT_TRUE(found(workload::check(world.log, evidence, {}), Verdict::lost, "items"));
}

} // namespace
} // namespace pgteal::workload
