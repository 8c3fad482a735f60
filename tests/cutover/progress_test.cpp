#include "cutover/record/progress.hpp"

#include "cutover/engine/decision.hpp"
#include "tests/cutover/events.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using toys::Script;

Progress of(const Script& script) { return progress_of(script.events()); }

TEST(Progress, OfAnEmptyJournalIsNoRun) {
    const auto progress = of(Script());
    EXPECT_FALSE(progress.active);
    EXPECT_FALSE(progress.prepared);
    EXPECT_FALSE(progress.ever_finished);
    EXPECT_EQ(progress.serving, Side::blue);
    EXPECT_EQ(progress.epoch, 1);
    EXPECT_FALSE(progress.attempt);
}

TEST(Progress, FollowsPrepare) {
    Script script;
    script.begin_run("run-7").step("check").add(EventKind::intent, "claim");
    auto progress = of(script);
    EXPECT_TRUE(progress.active);
    EXPECT_EQ(progress.run_id, "run-7");
    EXPECT_TRUE(progress.steps.at("check").done);
    EXPECT_TRUE(progress.steps.at("claim").intent);
    EXPECT_FALSE(progress.steps.at("claim").done);
    EXPECT_EQ(progress.last_step, "claim");
    EXPECT_FALSE(progress.prepared);

    script.add(EventKind::intent, name_of(last_of_prepare));
    EXPECT_FALSE(of(script).prepared);
    script.add(EventKind::done, name_of(last_of_prepare));
    EXPECT_TRUE(of(script).prepared);
}

TEST(Progress, ADoneStepWithoutAnIntentCountsAsBegun) {
    const auto progress = of(Script().begin_run().add(EventKind::done, "check"));
    EXPECT_TRUE(progress.steps.at("check").intent);
    EXPECT_TRUE(progress.steps.at("check").done);
}

TEST(Progress, AFailureKeepsTheIntent) {
    const auto progress =
        of(Script().begin_run().add(EventKind::intent, "copy").add(EventKind::failed, "copy"));
    EXPECT_TRUE(progress.steps.at("copy").intent);
    EXPECT_FALSE(progress.steps.at("copy").done);
}

TEST(Progress, AnAttemptHasStepsOfItsOwn) {
    const auto progress = of(Script().prepare().begin("blue", "green", 2));
    ASSERT_TRUE(progress.attempt);
    EXPECT_EQ(progress.attempt->from, Side::blue);
    EXPECT_EQ(progress.attempt->to, Side::green);
    EXPECT_EQ(progress.attempt->epoch, 2);
    EXPECT_FALSE(progress.attempt->switched);
    EXPECT_TRUE(progress.attempt->steps.at("stage").done);
    EXPECT_TRUE(progress.attempt->steps.at("fence").intent);
    EXPECT_FALSE(progress.attempt->steps.at("fence").done);
    EXPECT_FALSE(progress.attempt->steps.contains("copy"));
    EXPECT_FALSE(progress.steps.contains("fence"));
    EXPECT_EQ(progress.serving, Side::blue);
    EXPECT_EQ(progress.epoch, 1);
}

TEST(Progress, TheSwitchRecordAloneDecides) {
    const auto progress = of(Script().prepare().begin("blue", "green", 2).point("green", 2));
    ASSERT_TRUE(progress.attempt);
    EXPECT_TRUE(progress.attempt->switched);
    EXPECT_EQ(progress.attempt->bindings.at("insert_app").as_string(), "0/2");
    EXPECT_EQ(progress.bindings, progress.attempt->bindings);
    EXPECT_EQ(progress.serving, Side::green);
    EXPECT_EQ(progress.epoch, 2);
    EXPECT_EQ(progress.switchovers, 1);
    EXPECT_EQ(progress.switched_at, "2026-11-21T12:00:02.000000Z");
}

TEST(Progress, ACompletedSwitchoverRests) {
    const auto progress = of(Script().prepare().switchover("blue", "green", 2));
    EXPECT_FALSE(progress.attempt);
    EXPECT_TRUE(progress.prepared);
    EXPECT_EQ(progress.serving, Side::green);
    EXPECT_EQ(progress.epoch, 2);
}

TEST(Progress, AnAbortedAttemptLeavesNothingAndItsEpochIsUsedAgain) {
    Script script;
    script.prepare().begin("blue", "green", 2);
    script.take_back(2);
    auto progress = of(script);
    EXPECT_FALSE(progress.attempt);
    EXPECT_EQ(progress.serving, Side::blue);
    EXPECT_EQ(progress.epoch, 1);
    EXPECT_EQ(progress.switchovers, 0);
    EXPECT_TRUE(progress.prepared);
    script.switchover("blue", "green", 2);
    EXPECT_EQ(of(script).epoch, 2);
}

TEST(Progress, ARecordedSwitchThatIsTakenBackLeavesWhoServedBefore) {
    Script script;
    script.prepare().switchover("blue", "green", 2).switchover("green", "blue", 3);
    const auto before = of(script);
    script.begin("blue", "green", 4).point("green", 4).take_back(4);
    const auto progress = of(script);
    EXPECT_FALSE(progress.attempt);
    EXPECT_EQ(progress.serving, Side::blue);
    EXPECT_EQ(progress.epoch, 3);
    EXPECT_EQ(progress.switchovers, 2);
    EXPECT_EQ(progress.switched_at, before.switched_at);
    EXPECT_EQ(progress.bindings.at("insert_app").as_string(), "0/3");
}

TEST(Progress, ASwitchThatServedNobodyDoesNotRest) {
    Script script;
    script.prepare().begin("blue", "green", 2).point("green", 2);
    script.add(EventKind::completed, "switchover", 2, {{"pause_ms", 1.5}, {"unserved", true}});
    const auto unserved = of(script);
    EXPECT_TRUE(unserved.unserved);
    EXPECT_EQ(decide_resume(unserved), Resume::finish_switchover);
    Script back = script;
    back.begin("green", "blue", 3);
    EXPECT_TRUE(of(back).attempt->returning);
    Script taken_back = back;
    taken_back.take_back(3);
    EXPECT_EQ(decide_resume(of(taken_back)), Resume::finish_switchover);
    back.point("blue", 3);
    EXPECT_TRUE(of(back).attempt->returning) << "once is enough";
    back.end(3);
    EXPECT_FALSE(of(back).unserved);
    EXPECT_EQ(decide_resume(of(back)), Resume::nothing);
    script.add(EventKind::completed, "switchover", 2, {{"pause_ms", 0.0}});
    EXPECT_FALSE(of(script).unserved) << "somebody is served after all";
    EXPECT_EQ(decide_resume(of(script)), Resume::nothing);
}

TEST(Progress, AnUndoneStepCountsAsNeverBegun) {
    const auto progress = of(Script()
                                 .prepare()
                                 .begin("blue", "green", 2)
                                 .add(EventKind::undoing, "fence", 2)
                                 .add(EventKind::undone, "fence", 2));
    EXPECT_FALSE(progress.attempt->steps.contains("fence"));
    EXPECT_TRUE(progress.attempt->steps.contains("pause"));
    const auto undoing = of(Script().prepare().begin("blue", "green", 2).add(EventKind::undoing, "fence", 2));
    EXPECT_TRUE(undoing.attempt->steps.at("fence").intent) << "what is being taken back may still be there";
}

TEST(Progress, GoesThereAndBackAndThereAgain) {
    const auto progress = of(Script()
                                 .prepare()
                                 .switchover("blue", "green", 2)
                                 .switchover("green", "blue", 3)
                                 .switchover("blue", "green", 4));
    EXPECT_EQ(progress.serving, Side::green);
    EXPECT_EQ(progress.epoch, 4);
    EXPECT_EQ(progress.switchovers, 3);
    EXPECT_EQ(progress.bindings.at("insert_app").as_string(), "0/4");
}

TEST(Progress, KnowsTheEndsOfARun) {
    auto finishing = of(Script().prepare().switchover("blue", "green", 2).add(EventKind::finishing));
    EXPECT_TRUE(finishing.active);
    EXPECT_TRUE(finishing.finishing);
    auto finished = of(
        Script().prepare().switchover("blue", "green", 2).add(EventKind::finishing).add(EventKind::finished));
    EXPECT_FALSE(finished.active);
    EXPECT_TRUE(finished.ever_finished);
    auto removing = of(Script().prepare().add(EventKind::removing));
    EXPECT_TRUE(removing.active);
    EXPECT_TRUE(removing.removing);
    auto removed = of(Script().prepare().add(EventKind::removing).add(EventKind::removed));
    EXPECT_FALSE(removed.active);
    EXPECT_FALSE(removed.ever_finished);
}

TEST(Progress, ANewRunForgetsTheOldOne) {
    Script script;
    script.prepare()
        .switchover("blue", "green", 2)
        .add(EventKind::finishing)
        .add(EventKind::finished)
        .begin_run("run-2");
    const auto progress = of(script);
    EXPECT_TRUE(progress.active);
    EXPECT_EQ(progress.run_id, "run-2");
    EXPECT_EQ(progress.serving, Side::blue);
    EXPECT_EQ(progress.epoch, 1);
    EXPECT_FALSE(progress.prepared);
    EXPECT_FALSE(progress.finishing);
    EXPECT_TRUE(progress.steps.empty());
    EXPECT_TRUE(progress.bindings.empty());
}

TEST(Progress, SaysThatARecordLacksWhatItNeeds) {
    for (const auto& broken :
         {Script().prepare().add(EventKind::begun, "switchover", 2, {{"from", "blue"}}),
          Script().prepare().add(EventKind::begun, "switchover", 2, {{"from", "blue"}, {"to", "red"}}),
          Script().prepare().begin("blue", "green", 2).add(EventKind::switched, "switch", 2),
          Script().add(EventKind::run_begun)}) {
        const auto error = toys::error_of([&] { of(broken); });
        EXPECT_EQ(error.code(), ErrorCode::file) << error.what();
        EXPECT_THAT(error.what(), testing::HasSubstr("the journal lacks"));
    }
}

/// A crash may end the journal after any event: whatever is there then has to hang together.
TEST(Progress, OfEveryPrefixOfALongRunIsConsistent) {
    Script script;
    script.prepare().begin("blue", "green", 2).take_back(2);
    script.switchover("blue", "green", 2)
        .switchover("green", "blue", 3)
        .begin("blue", "green", 4)
        .point("green", 4)
        .end(4);
    script.add(EventKind::finishing).step("finish", 4).add(EventKind::finished);
    script.prepare().add(EventKind::removing).add(EventKind::undone, "copy").add(EventKind::removed);
    const auto& events = script.events();
    std::int64_t epoch = 1;
    Side serving = Side::blue;
    for (std::size_t length = 0; length <= events.size(); ++length) {
        const auto progress =
            progress_of({events.begin(), events.begin() + static_cast<std::ptrdiff_t>(length)});
        if (length > 0) {
            const auto& last = events[length - 1];
            const bool switched = last.kind == EventKind::switched;
            // Only the switch record changes who serves, and only a new run starts over.
            if (last.kind == EventKind::run_begun) {
                epoch = 1;
                serving = Side::blue;
            } else if (switched) {
                epoch = last.epoch;
                serving = other(serving);
            }
        }
        EXPECT_EQ(progress.epoch, epoch) << length;
        EXPECT_EQ(progress.serving, serving) << length;
        EXPECT_EQ(progress.serving == Side::green, progress.epoch % 2 == 0) << length;
        EXPECT_EQ(progress.switchovers, progress.epoch - 1) << length;
        if (progress.attempt) {
            EXPECT_TRUE(progress.prepared) << length;
            EXPECT_NE(progress.attempt->from, progress.attempt->to) << length;
            EXPECT_EQ(progress.attempt->epoch,
                      progress.attempt->switched ? progress.epoch : progress.epoch + 1)
                << length;
            EXPECT_EQ(progress.serving,
                      progress.attempt->switched ? progress.attempt->to : progress.attempt->from)
                << length;
            EXPECT_THAT(decide_resume(progress),
                        progress.attempt->switched ? Resume::finish_switchover : Resume::undo_switchover)
                << length;
        }
        if (!progress.active) {
            EXPECT_FALSE(progress.attempt) << length;
            EXPECT_EQ(decide_resume(progress), Resume::nothing) << length;
        }
        for (const auto& [id, record] : progress.steps) {
            EXPECT_TRUE(record.intent || !record.done) << id << " at " << length;
        }
    }
}

} // namespace
} // namespace pgteal::cutover
