#include "cutover/engine/runner.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using toys::error_of;
using toys::Fault;
using toys::Rig;
using toys::World;

Steps in_pause(Steps steps) {
    for (auto& step : steps) {
        step.in_pause = true;
    }
    return steps;
}

TEST(Pause, IntentsAreOnDiskBeforeClientsAreHeldAndDonesAfterTheyGoOn) {
    World world;
    Rig rig;
    rig.pause(in_pause(toys::toys(&world, {"a", "b", "c"})));
    EXPECT_THAT(Rig::words_of(rig.recorder.events_when_held),
                ElementsAre("intent a", "intent b", "intent c"));
    EXPECT_THAT(Rig::words_of(rig.recorder.events_when_released),
                ElementsAre("intent a", "intent b", "intent c"))
        << "no write to the journal keeps clients waiting";
    EXPECT_THAT(rig.journaled(),
                ElementsAre("intent a", "intent b", "intent c", "done a", "done b", "done c"));
    EXPECT_THAT(rig.recorder.words, ElementsAre("held", "done a", "done b", "done c", "go on"));
    EXPECT_THAT(world.effects(), ElementsAre("+a", "+b", "+c"));
    EXPECT_EQ(rig.recorder.held, rig.runner.held_for());
    EXPECT_GT(rig.runner.held_for().count(), 0);
    for (const auto& event : rig.journal.events()) {
        EXPECT_EQ(event.epoch, 2);
    }
}

TEST(Pause, EverythingIsLookedAtAndPlannedBeforeTheFirstEffect) {
    World world;
    Rig rig;
    auto steps = in_pause(toys::toys(&world, {"a", "b"}));
    for (auto& step : steps) {
        toys::plans(step, [plan = step.unseen.todo, &world] {
            EXPECT_THAT(world.effects(), IsEmpty());
            return plan();
        });
    }
    rig.pause(steps);
    EXPECT_EQ(world.calls[0].substr(0, 4), "look");
    EXPECT_EQ(world.calls[1].substr(0, 4), "look");
}

TEST(Pause, TakesTheActionsAnswersForProof) {
    World world;
    Rig rig;
    auto steps = in_pause(toys::toys(&world, {"a", "b"}));
    steps[0].summary = [] { return std::string("three entries"); };
    rig.pause(steps);
    EXPECT_EQ(world.looks["a"], 1);
    EXPECT_EQ(world.looks["b"], 1);
    EXPECT_THAT(rig.recorder.words, ElementsAre("held", "done a: three entries", "done b", "go on"));
    EXPECT_EQ(rig.journal.events()[2].body.at("summary").as_string(), "three entries");
}

TEST(Pause, HoldsNobodyWhenALookOrAPlanFails) {
    for (const auto fault : {Fault::first_look, Fault::plan}) {
        World world;
        Rig rig;
        world.faulty = "b";
        world.fault = fault;
        error_of([&] { rig.pause(in_pause(toys::toys(&world, {"a", "b"}))); });
        EXPECT_THAT(rig.recorder.words, IsEmpty());
        EXPECT_THAT(rig.journaled(), IsEmpty());
        EXPECT_THAT(world.effects(), IsEmpty());
    }
}

TEST(Pause, AFailureEndsItWithAllIntentsAndNoDones) {
    World world;
    Rig rig;
    world.faulty = "b";
    world.fault = Fault::before_effect;
    const auto steps = in_pause(toys::toys(&world, {"a", "b", "c"}));
    EXPECT_EQ(error_of([&] { rig.pause(steps); }).code(), ErrorCode::program);
    EXPECT_THAT(rig.journaled(), ElementsAre("intent a", "intent b", "intent c"));
    EXPECT_THAT(world.effects(), ElementsAre("+a"));
    rig.back(steps, rig.records()); // in one write: why, and what is done about it
    EXPECT_THAT(rig.journaled(), ElementsAre("intent a", "intent b", "intent c", "failed b", "undoing b",
                                             "undoing a", "undone b", "undone a"));
}

TEST(Pause, IsOverAtItsBudgetWhateverTheStepsAllow) {
    World world;
    Rig rig;
    auto steps = in_pause(toys::toys(&world, {"a"}));
    toys::plans(steps[0], [] { return toys::shell("sleep 600"); });
    EXPECT_EQ(error_of([&] { rig.pause(steps, std::chrono::milliseconds(20)); }).code(), ErrorCode::deadline);
}

TEST(Pause, StepsThatMayDoRunAtTheSameTime) {
    World world;
    Rig rig;
    auto steps = in_pause(toys::toys(&world, {"a", "b", "c"}));
    // Each of a and b waits until the other has begun; c needs both to be over.
    const auto meet = [&world](const std::string& own, const std::string& other) {
        return toys::shell("touch " + world.folder.file(own + "-here") + "; while ! test -e " +
                           world.folder.file(other + "-here") + "; do sleep 0.01; done; touch " +
                           world.folder.file(own));
    };
    toys::plans(steps[0], [meet] { return meet("a", "b"); });
    toys::plans(steps[1], [meet] { return meet("b", "a"); });
    steps[1].with_previous = true;
    toys::plans(steps[2], [&world] {
        return toys::shell("test -e " + world.folder.file("a") + " && test -e " + world.folder.file("b") +
                           " && touch " + world.folder.file("c"));
    });
    rig.pause(steps);
    EXPECT_TRUE(world.there("c"));
}

TEST(Pause, WaitsForTheOthersWhenOneOfSeveralFails) {
    World world;
    Rig rig;
    auto steps = in_pause(toys::toys(&world, {"a", "b"}));
    toys::plans(steps[0],
                [&world] { return toys::shell("touch " + world.folder.file("failed") + "; exit 1"); });
    toys::plans(steps[1], [&world] {
        return toys::shell("while ! test -e " + world.folder.file("failed") +
                           "; do sleep 0.01; done; sleep 0.1; touch " + world.folder.file("b"));
    });
    steps[1].with_previous = true;
    EXPECT_EQ(error_of([&] { rig.pause(steps); }).code(), ErrorCode::program);
    EXPECT_TRUE(world.there("b")) << "what goes on must not go on behind our back";
}

TEST(Back, TakesBackLastFirst) {
    World world;
    Rig rig;
    const auto steps = toys::toys(&world, {"a", "b", "c"});
    rig.forward(steps);
    rig.back(steps, rig.records());
    EXPECT_THAT(world.effects(), ElementsAre("+a", "+b", "+c", "-c", "-b", "-a"));
    const auto words = rig.journaled();
    EXPECT_THAT(std::vector<std::string>(words.begin() + 6, words.end()),
                ElementsAre("undoing c", "undone c", "undoing b", "undone b", "undoing a", "undone a"));
    const auto& said = rig.recorder.words;
    EXPECT_THAT(std::vector<std::string>(said.end() - 3, said.end()),
                ElementsAre("undone c", "undone b", "undone a"));
    EXPECT_THAT(rig.records(), IsEmpty());
}

TEST(Back, LeavesWhatWasNeverBegunAndIsNotThere) {
    World world;
    Rig rig;
    toys::write_file(world.folder.file("b"), ""); // there, though the journal knows nothing of it
    rig.back(toys::toys(&world, {"a", "b", "c"}), {{"c", StepRecord{true, false}}});
    EXPECT_THAT(world.effects(), ElementsAre("-c", "-b"));
    EXPECT_THAT(rig.journaled(), ElementsAre("undoing c", "undone c", "undoing b", "undone b"));
}

TEST(Back, NeverTouchesTheSwitchPointOrWhatComesAfter) {
    World world;
    Rig rig;
    auto steps = toys::toys(&world, {"a", "b", "c"});
    steps[1].recovery = Recovery::switch_point;
    steps[2].recovery = Recovery::forward;
    rig.forward(steps);
    world.calls.clear();
    rig.back(steps, rig.records());
    EXPECT_THAT(world.calls, ElementsAre("look a", "undo a"));
    EXPECT_TRUE(world.there("b"));
    EXPECT_TRUE(world.there("c"));
}

TEST(Back, TriesAgainWhileAServerIsAway) {
    for (const auto code : {ErrorCode::connection_lost, ErrorCode::unreachable, ErrorCode::deadline}) {
        World world;
        Rig rig;
        toys::write_file(world.folder.file("a"), "");
        world.faulty = "a";
        world.fault = Fault::first_look;
        world.code = code;
        rig.back(toys::toys(&world, {"a"}), {{"a", StepRecord{true, true}}});
        EXPECT_EQ(world.times, 0);
        EXPECT_THAT(world.effects(), ElementsAre("-a"));
    }
}

TEST(Back, GivesUpAtTheStepsDeadline) {
    World world;
    Rig rig;
    auto steps = toys::toys(&world, {"a", "b"});
    steps[1].deadline = std::chrono::milliseconds(0);
    world.faulty = "b";
    world.fault = Fault::first_look;
    EXPECT_EQ(error_of([&] {
                  rig.back(steps, {{"a", {true, true}}, {"b", {true, true}}});
              }).code(),
              ErrorCode::connection_lost);
    EXPECT_THAT(world.effects(), IsEmpty())
        << "steps before one that could not be taken back stay as they are";
}

TEST(Back, TriesNothingTwiceThatIsNoMatterOfConnection) {
    World world;
    Rig rig;
    world.faulty = "a";
    world.fault = Fault::first_look;
    world.code = ErrorCode::server;
    world.times = 2;
    EXPECT_EQ(error_of([&] {
                  rig.back(toys::toys(&world, {"a"}), {{"a", {true, true}}});
              }).code(),
              ErrorCode::server);
    EXPECT_EQ(world.times, 1);
}

TEST(Back, CanBeInterruptedAndGoneOnWith) {
    World world;
    Rig rig;
    const auto steps = toys::toys(&world, {"a", "b", "c"});
    rig.forward(steps);
    world.faulty = "b";
    world.fault = Fault::second_look; // of its looks: the first was on the way forward
    world.code = ErrorCode::server;
    error_of([&] { rig.back(steps, rig.records()); });
    EXPECT_FALSE(rig.records().contains("c"));
    EXPECT_TRUE(rig.records().contains("b"));
    rig.back(steps, rig.records());
    EXPECT_THAT(world.effects(), ElementsAre("+a", "+b", "+c", "-c", "-b", "-a"));
}

} // namespace
} // namespace pgteal::cutover
