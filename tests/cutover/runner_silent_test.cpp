// A pooler that does not answer, and a journal that can't be written, while clients are held: the others go
// on.
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using toys::error_of;
using toys::Rig;
using toys::World;

/// One action in each of two places, which write "<word> <id> <place>"; `broken` fails in place blue.
std::vector<Action> in_both(World* world, const std::string& id, const std::string& word,
                            const bool* broken) {
    std::vector<Action> actions;
    for (const auto side : {Side::blue, Side::green}) {
        auto text =
            "echo " + word + " " + id + " " + to_string(side) + " >> " + world->folder.file("effects");
        if (*broken && side == Side::blue) {
            text = "exit 1";
        }
        actions.push_back(Action{RunProgram{side, "app", postgres::Program{{"sh", "-c", text}, {}}, {0}}, 0});
    }
    return actions;
}

Task<Observation> unreachable() {
    throw Error(ErrorCode::unreachable, "pgb2", "toy pooler does not answer");
    co_return Observation{};
}

Step held(World* world, const std::string& id, const bool* broken) {
    Step step;
    step.id = id;
    step.in_pause = true;
    step.each_place_alone = true;
    step.walk(
        unreachable, [=] { return in_both(world, id, "do", broken); },
        [=] { return in_both(world, id, "undo", broken); });
    return step;
}

TEST(SilentPlace, OnTheWayBackTheOthersAreTakenBackWholly) {
    World world;
    Rig rig;
    const bool broken = true;
    const Steps steps{held(&world, "pause", &broken), held(&world, "retarget", &broken)};
    const auto error = error_of([&] {
        rig.back(steps, {{"pause", {true, false}}, {"retarget", {true, false}}});
    });
    EXPECT_EQ(error.code(), ErrorCode::program) << "what could not be taken back has to be told";
    EXPECT_THAT(world.effects(), ElementsAre("undo retarget green", "undo pause green"));
}

TEST(SilentPlace, ThatComesBackIsTakenBackInOrder) {
    World world;
    Rig rig;
    bool broken = true;
    auto retarget = held(&world, "retarget", &broken);
    int calls = 0;
    toys::undoes(retarget, [&, undo = retarget.unseen.back] {
        broken = calls++ <= 1; // the words for the journal, and the first try
        return undo();
    });
    const Steps steps{held(&world, "pause", &broken), retarget};
    rig.back(steps, {{"pause", {true, false}}, {"retarget", {true, false}}});
    EXPECT_THAT(world.effects(), ElementsAre("undo retarget green", "undo pause green", "undo retarget blue",
                                             "undo pause blue"));
}

/// Place `side` fails while `broken` says so.
std::vector<Action> in_one(World* world, const std::string& id, Side side, bool broken) {
    auto actions = in_both(world, id, "undo", &broken);
    std::erase_if(actions,
                  [side](const auto& action) { return std::get<RunProgram>(action.what).side != side; });
    if (broken) {
        std::get<RunProgram>(actions.at(0).what).program.argv.back() = "exit 1";
    }
    return actions;
}

TEST(SilentPlace, ThatComesBackDoesNotWaitForOneThatDoesNot) {
    World world;
    Rig rig;
    int calls = 0;
    const bool fine = false;
    auto pause = held(&world, "pause", &fine);
    auto retarget = held(&world, "retarget", &fine);
    // Blue is dead; green fails once, when it is first taken back.
    toys::undoes(retarget, [&] {
        auto actions = in_one(&world, "retarget", Side::blue, true);
        auto green = in_one(&world, "retarget", Side::green, calls++ <= 1);
        actions.push_back(std::move(green.at(0)));
        return actions;
    });
    retarget.deadline = pause.deadline = std::chrono::seconds(1);
    const auto error = error_of([&] {
        rig.back({pause, retarget}, {{"pause", {true, false}}, {"retarget", {true, false}}});
    });
    EXPECT_EQ(error.code(), ErrorCode::program);
    EXPECT_THAT(world.effects(), ElementsAre("undo retarget green", "undo pause green"));
}

TEST(SilentPlace, PastTheSwitchKeepsNobodyElseWaiting) {
    World world;
    Rig rig;
    const bool broken = true;
    auto turn = toys::toy(&world, "turn");
    const Steps steps{held(&world, "retarget", &broken), held(&world, "resume", &broken), turn};
    const auto error = error_of([&] { run_here([&] { return rig.runner.roll_forward(&steps, 2, {}); }); });
    EXPECT_NE(error.code(), ErrorCode::internal);
    EXPECT_THAT(world.effects(), ElementsAre("do retarget green", "do resume green", "+turn"))
        << "lanes turn whatever a pooler does, and the place that failed once must not be tried out of order";
    // Tried again, the others are left alone: their clients were let go.
    error_of([&] { run_here([&] { return rig.runner.roll_forward(&steps, 2, {}); }); });
    EXPECT_THAT(world.effects(), ElementsAre("do retarget green", "do resume green", "+turn"));
}

TEST(SilentPlace, PastTheSwitchNobodyWhomATryHeldAgainIsForgotten) {
    World world;
    Rig rig;
    const bool broken = true;
    auto retarget = held(&world, "retarget", &broken);
    toys::looks(retarget, []() -> Task<Observation> { co_return Observation{}; }); // answers, and then fails
    const Steps steps{retarget, held(&world, "resume", &broken)};
    for (int round = 0; round < 2; ++round) {
        error_of([&] { run_here([&] { return rig.runner.roll_forward(&steps, 2, {}); }); });
        EXPECT_EQ(world.effects().back(), "do resume green") << round;
    }
}

TEST(SilentPlace, StepsThatThePauseDidNotComeToAreLeftAlone) {
    World world;
    Rig rig;
    const bool fine = false;
    auto first = held(&world, "pause", &fine);
    auto second = held(&world, "retarget", &fine);
    for (auto* step : {&first, &second}) {
        toys::looks(*step, []() -> Task<Observation> { co_return Observation{}; });
    }
    toys::plans(first, [] { return toys::shell("exit 1"); });
    const Steps steps{first, second};
    EXPECT_EQ(error_of([&] { rig.pause(steps); }).code(), ErrorCode::program);
    rig.back(steps, {{"pause", {true, false}}, {"retarget", {true, false}}});
    EXPECT_THAT(world.effects(), UnorderedElementsAre("undo pause blue", "undo pause green"));
}

/// A journal that can be read and not written.
Journal unwritable(const toys::Folder& state) {
    { Journal::open(state.path(), "toy", "test"); }
    return *Journal::peek(state.path(), "toy");
}

TEST(FullDisk, PastTheSwitchHoldsNobodyAgain) {
    World world;
    const toys::Folder state;
    auto journal = unwritable(state);
    const auto estate = toys::estate_of(toys::small_config);
    Executor executor(*estate, journal);
    toys::Recorder recorder(journal);
    Runner runner(journal, executor, recorder);
    const bool fine = false;
    auto retarget = held(&world, "retarget", &fine);
    toys::looks(retarget, []() -> Task<Observation> {
        Observation seen;
        seen.state = State::done;
        co_return seen;
    });
    auto resume = toys::toy(&world, "resume");
    resume.in_pause = true;
    auto turn = toys::toy(&world, "turn");
    turn.recovery = Recovery::forward;
    const Steps steps{retarget, resume, turn};
    run_here([&] { return runner.roll_forward(&steps, 2, {}); });
    EXPECT_THAT(world.effects(), ElementsAre("+resume", "+turn"));
}

TEST(FullDisk, KeepsNoClientHeld) {
    World world;
    const toys::Folder state;
    auto journal = unwritable(state);
    const auto estate = toys::estate_of(toys::small_config);
    Executor executor(*estate, journal);
    toys::Recorder recorder(journal);
    Runner runner(journal, executor, recorder);
    const bool fine = false;
    auto fence = toys::toy(&world, "fence");
    fence.in_pause = true;
    const Steps steps{held(&world, "pause", &fine), fence};
    run_here([&] { return runner.back(&steps, 2, {{"pause", {true, false}}, {"fence", {true, false}}}); });
    EXPECT_THAT(world.effects(),
                ElementsAre("-fence", testing::StartsWith("undo pause"), testing::StartsWith("undo pause")));
}

} // namespace
} // namespace pgteal::cutover
