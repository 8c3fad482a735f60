#include "cutover/engine/decision.hpp"

#include <gtest/gtest.h>

namespace pgteal::cutover {
namespace {

const std::vector<StepRecord> all_records{{false, false}, {true, false}, {true, true}};

Observation seen(State state) {
    Observation observation;
    observation.state = state;
    return observation;
}

TEST(Decide, BelievesTheServersWhateverTheJournalSays) {
    for (const auto& record : all_records) {
        EXPECT_EQ(decide(record, seen(State::absent)), Verdict::perform);
        EXPECT_EQ(decide(record, seen(State::partial)), Verdict::perform);
        EXPECT_EQ(decide(record, seen(State::done)), Verdict::skip);
        EXPECT_EQ(decide(record, seen(State::conflict)), Verdict::stop);
    }
}

Step step_of(Recovery recovery, bool with_undo) {
    Step step;
    step.recovery = recovery;
    if (with_undo) {
        step.unseen.back = nothing;
    }
    return step;
}

TEST(DecideUndo, TakesBackWhatWasBegunOrIsThere) {
    const auto step = step_of(Recovery::undo, true);
    const StepRecord never{};
    EXPECT_EQ(decide_undo(step, never, seen(State::absent)), UndoVerdict::leave);
    EXPECT_EQ(decide_undo(step, never, seen(State::conflict)), UndoVerdict::leave)
        << "what is not ours is not removed";
    EXPECT_EQ(decide_undo(step, never, seen(State::partial)), UndoVerdict::undo);
    EXPECT_EQ(decide_undo(step, never, seen(State::done)), UndoVerdict::undo);
    for (const auto state : {State::absent, State::partial, State::done, State::conflict}) {
        EXPECT_EQ(decide_undo(step, {true, false}, seen(state)), UndoVerdict::undo) << to_string(state);
        EXPECT_EQ(decide_undo(step, {true, true}, seen(state)), UndoVerdict::undo) << to_string(state);
    }
}

TEST(DecideUndo, NeverTakesBackTheSwitchPointOrWhatComesAfter) {
    for (const auto& record : all_records) {
        for (const auto state : {State::absent, State::partial, State::done, State::conflict}) {
            EXPECT_EQ(decide_undo(step_of(Recovery::switch_point, true), record, seen(state)),
                      UndoVerdict::leave);
            EXPECT_EQ(decide_undo(step_of(Recovery::forward, true), record, seen(state)), UndoVerdict::leave);
            EXPECT_EQ(decide_undo(step_of(Recovery::undo, false), record, seen(state)), UndoVerdict::leave);
        }
    }
}

Progress run() {
    Progress progress;
    progress.active = true;
    return progress;
}

TEST(DecideResume, GoesTheWayTheJournalPoints) {
    EXPECT_EQ(decide_resume(Progress{}), Resume::nothing);
    auto progress = run();
    EXPECT_EQ(decide_resume(progress), Resume::go_on_preparing);
    progress.prepared = true;
    EXPECT_EQ(decide_resume(progress), Resume::nothing);
    progress.finishing = true;
    EXPECT_EQ(decide_resume(progress), Resume::go_on_finishing);
    progress.finishing = false;
    progress.removing = true;
    EXPECT_EQ(decide_resume(progress), Resume::go_on_removing);
}

TEST(DecideResume, AnAttemptComesBeforeAllElse) {
    for (const bool prepared : {false, true}) {
        for (const bool removing : {false, true}) {
            for (const bool finishing : {false, true}) {
                auto progress = run();
                progress.prepared = prepared;
                progress.removing = removing;
                progress.finishing = finishing;
                progress.attempt = Attempt{};
                EXPECT_EQ(decide_resume(progress), Resume::undo_switchover);
                progress.attempt->switched = true;
                EXPECT_EQ(decide_resume(progress), Resume::finish_switchover);
            }
        }
    }
}

TEST(DecideResume, ARunThatWasRemovedHalfwayThroughPrepareIsRemoved) {
    auto progress = run();
    progress.removing = true;
    EXPECT_EQ(decide_resume(progress), Resume::go_on_removing);
}

TEST(DecideResume, ARunThatEndedIsLeftAlone) {
    auto progress = run();
    progress.active = false;
    progress.prepared = true;
    progress.finishing = true;
    EXPECT_EQ(decide_resume(progress), Resume::nothing);
}

} // namespace
} // namespace pgteal::cutover
