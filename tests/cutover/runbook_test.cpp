#include "cutover/runbook/runbook.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

TEST(Runbook, HasOneSwitchPointInThePauseAndNothingToUndoAfterIt) {
    const auto estate = toys::estate_of(toys::small_config);
    auto journal = Journal::scratch();
    Executor executor(*estate, journal);
    Context context{*estate, journal, executor};
    for (const auto& move : {Move{Side::blue, Side::green, 2}, Move{Side::green, Side::blue, 3}}) {
        const auto moved = switchover_steps(context, move);
        int points = 0;
        for (const auto& step : moved.before) {
            EXPECT_FALSE(step.in_pause) << step.id;
            EXPECT_EQ(step.recovery, Recovery::undo) << step.id;
        }
        for (const auto& step : moved.pause) {
            EXPECT_TRUE(step.in_pause) << step.id;
            points += step.recovery == Recovery::switch_point ? 1 : 0;
            EXPECT_EQ(step.recovery == Recovery::undo, points == 0) << step.id;
        }
        EXPECT_EQ(points, 1);
        for (const auto& step : moved.after) {
            EXPECT_FALSE(step.in_pause) << step.id;
            EXPECT_EQ(step.recovery, Recovery::forward) << step.id;
        }
        for (const auto& step : roll_forward_steps(context, move)) {
            EXPECT_TRUE(step.recovery != Recovery::undo || step.id == "retarget") << step.id;
        }
    }
}

TEST(Runbook, TakesBackWhatItSaysItTakesBack) {
    const auto estate = toys::estate_of(toys::small_config);
    auto journal = Journal::scratch();
    Executor executor(*estate, journal);
    Context context{*estate, journal, executor};
    const auto prepare = prepare_steps(context);
    EXPECT_EQ(prepare.back().id, last_prepare_step);
    const auto moved = switchover_steps(context, Move{});
    EXPECT_EQ(moved.before.front().id, "gate") << "switchover() looks at the first step before it begins";
    for (const auto* steps : {&prepare, &moved.before, &moved.pause, &moved.after}) {
        for (const auto& step : *steps) {
            EXPECT_GT(step.deadline.count(), 0) << step.id;
            EXPECT_FALSE(step.undo && step.recovery != Recovery::undo) << step.id;
        }
    }
    EXPECT_FALSE(moved.pause.front().with_previous) << "there is nothing before it";
    for (const auto& step : moved.pause) {
        if (step.id == "barrier" || step.id == "sequences") {
            EXPECT_FALSE(step.with_previous) << "sequences are measured by what the barrier waited for";
        }
    }
}

} // namespace
} // namespace pgteal::cutover
