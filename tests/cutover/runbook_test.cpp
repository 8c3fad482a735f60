#include "cutover/runbook/runbook.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

struct World {
    std::unique_ptr<Estate> estate = toys::estate_of(toys::small_config);
    Journal journal = Journal::scratch();
    Executor executor{*estate, journal};
    Context context{*estate, journal, executor};
};

TEST(Runbook, HasOneSwitchPointInThePauseAndNothingToUndoAfterIt) {
    int points = 0;
    for (const auto& row : runbook()) {
        const auto& name = name_of(row.id);
        points += row.facts.recovery == Recovery::switch_point ? 1 : 0;
        if (row.part == Part::prepare || row.part == Part::before) {
            EXPECT_EQ(row.facts.recovery, Recovery::undo) << name;
        } else if (row.part == Part::held) {
            EXPECT_EQ(row.facts.recovery == Recovery::undo, points == 0) << name;
        } else {
            EXPECT_EQ(row.facts.recovery, Recovery::forward) << name;
        }
    }
    EXPECT_EQ(points, 1);
    World world;
    for (const auto& step : steps_again(world.context, Move{})) {
        EXPECT_TRUE(step.recovery != Recovery::undo || step.id == name_of(StepId::retarget)) << step.id;
    }
}

TEST(Runbook, HasEachStepOnceAndItsPartsOneAfterTheOther) {
    std::set<StepId> seen;
    auto part = Part::prepare;
    for (const auto& row : runbook()) {
        EXPECT_TRUE(seen.insert(row.id).second) << name_of(row.id);
        EXPECT_GE(row.part, part) << name_of(row.id);
        part = row.part;
        EXPECT_EQ(step_named(name_of(row.id)), row.id);
    }
    EXPECT_EQ(step_named("no such step"), std::nullopt);
}

TEST(Runbook, TakesBackWhatItSaysItTakesBack) {
    World world;
    for (const auto& row : runbook()) {
        const auto step = step_of(row.id, world.context);
        EXPECT_GT(step.deadline.count(), 0) << step.id;
        EXPECT_FALSE(step.unseen.back && step.recovery != Recovery::undo) << step.id;
        EXPECT_EQ(step.in_pause, row.part == Part::held) << step.id;
        if (row.asks) { // before anything is begun
            EXPECT_TRUE(step.unseen.todo().empty()) << step.id;
        }
    }
    EXPECT_EQ(steps_of({Part::prepare}, world.context).back().id, name_of(last_of_prepare));
    const auto held = steps_of({Part::held}, world.context);
    EXPECT_FALSE(held.front().with_previous) << "there is nothing before it";
    for (const auto& step : held) {
        if (step.id == name_of(StepId::barrier) || step.id == name_of(StepId::sequences)) {
            EXPECT_FALSE(step.with_previous) << "sequences are measured by what the barrier waited for";
        }
    }
}

/// A conflict has nothing to do and nothing to take back: it can't be planned.
TEST(Step, PlansNothingFromAConflict) {
    Step step;
    step.walk<int>({.look = []() -> Task<Sight<int>> {
                        Observation conflict;
                        conflict.state = State::conflict;
                        co_return Sight<int>(conflict, 7);
                    },
                    .todo = [](const int&) { return nothing(); },
                    .back = [](const int&) { return nothing(); },
                    .expected = {}});
    Observation seen;
    run_here([&] {
        return [](const Step* one, Observation* to) -> Task<void> { *to = co_await one->observe(); }(&step,
                                                                                                     &seen);
    });
    EXPECT_FALSE(seen.todo);
    EXPECT_FALSE(seen.back);
    EXPECT_TRUE(step.taken_back());
}

TEST(Step, PlansWhatItsLookSaw) {
    Step step;
    std::vector<int> seen_by;
    step.walk<int>({.look = []() -> Task<Sight<int>> { co_return Sight<int>(Observation{}, 7); },
                    .todo =
                        [&seen_by](const int& seen) {
                            seen_by.push_back(seen);
                            return nothing();
                        },
                    .back = {},
                    .expected = [] { return 5; }});
    Observation seen;
    run_here([&] {
        return [](const Step* one, Observation* to) -> Task<void> { *to = co_await one->observe(); }(&step,
                                                                                                     &seen);
    });
    seen.todo();
    step.expected().todo();
    step.unseen.todo();
    EXPECT_EQ(seen_by, (std::vector<int>{7, 5, 0}));
    EXPECT_FALSE(step.taken_back());
}

} // namespace
} // namespace pgteal::cutover
