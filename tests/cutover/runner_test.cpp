#include "cutover/engine/runner.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using toys::error_of;
using toys::Fault;
using toys::Rig;
using toys::World;

TEST(Forward, LooksMeansAndDoesStepByStep) {
    World world;
    Rig rig;
    rig.forward(toys::toys(&world, {"a", "b"}));
    EXPECT_THAT(world.calls, ElementsAre("look a", "plan a", "look a", "look b", "plan b", "look b"));
    EXPECT_THAT(world.effects(), ElementsAre("+a", "+b"));
    EXPECT_THAT(rig.journaled(), ElementsAre("intent a", "done a", "intent b", "done b"));
    EXPECT_THAT(rig.recorder.words,
                ElementsAre("started a", "done a: a is there", "started b", "done b: b is there"));
    ASSERT_EQ(rig.runner.times().size(), 2U);
    EXPECT_EQ(rig.runner.times()[0].id, "a");
}

TEST(Forward, JournalsTheActionsWordForWordAndTheOutcome) {
    World world;
    Rig rig;
    rig.forward(toys::toys(&world, {"a"}));
    const auto events = rig.journal.events();
    const auto& action = events[0].body.at("actions").at(0);
    EXPECT_EQ(action.at("where").as_string(), "green/app");
    EXPECT_THAT(std::string(action.at("what").as_string()), HasSubstr("touch " + world.folder.file("a")));
    EXPECT_EQ(events[0].epoch, 1);
    EXPECT_EQ(events[1].body.at("summary").as_string(), "a is there");
    EXPECT_GE(events[1].body.at("ms").as_double(), 0);
}

TEST(Forward, SkipsWhatIsThereAlreadyAndRecordsIt) {
    World world;
    Rig rig;
    toys::write_file(world.folder.file("a"), "");
    rig.forward(toys::toys(&world, {"a", "b"}));
    EXPECT_THAT(world.effects(), ElementsAre("+b"));
    EXPECT_THAT(rig.journaled(), ElementsAre("done a", "intent b", "done b"));
}

TEST(Forward, DoesAgainWhatTheJournalRemembersButIsGone) {
    World world;
    Rig rig;
    rig.forward(toys::toys(&world, {"a"}), {{"a", StepRecord{true, true}}});
    EXPECT_THAT(world.effects(), ElementsAre("+a"));
}

Step conflicting(World* world, bool refusal, const std::string& evidence) {
    auto step = toys::toy(world, "b");
    Observation seen;
    seen.state = State::conflict;
    seen.side = "green";
    seen.evidence = evidence;
    seen.hint = "pgteal status";
    seen.refusal = refusal;
    toys::looks(step, [seen]() -> Task<Observation> {
        return [](Observation found) -> Task<Observation> { co_return found; }(seen);
    });
    return step;
}

TEST(Forward, StopsAtAConflictWithTheEvidence) {
    World world;
    Rig rig;
    auto steps = toys::toys(&world, {"a", "b", "c"});
    steps[1] = conflicting(&world, false, "slot pgteal_x belongs to somebody else");
    const auto error = error_of([&] { rig.forward(steps); });
    EXPECT_EQ(error.code(), ErrorCode::conflict);
    EXPECT_EQ(error.side(), "green");
    EXPECT_STREQ(error.what(), "slot pgteal_x belongs to somebody else");
    EXPECT_EQ(error.hint(), "pgteal status");
    EXPECT_THAT(world.effects(), ElementsAre("+a"));
    EXPECT_THAT(rig.journaled(), ElementsAre("intent a", "done a")) << "a conflict leaves no intent";
}

TEST(Forward, CallsARefusalARefusal) {
    World world;
    Rig rig;
    Steps steps{conflicting(&world, true, "lag is 1 GB")};
    EXPECT_EQ(error_of([&] { rig.forward(steps); }).code(), ErrorCode::refused);
    steps[0] = conflicting(&world, false, "");
    EXPECT_THAT(error_of([&] { rig.forward(steps); }).what(), HasSubstr("b: not as expected"));
}

TEST(Forward, AFailingActionLeavesTheIntentAndEndsTheRun) {
    World world;
    Rig rig;
    world.faulty = "b";
    world.fault = Fault::before_effect;
    const auto error = error_of([&] { rig.forward(toys::toys(&world, {"a", "b", "c"})); });
    EXPECT_EQ(error.code(), ErrorCode::program);
    EXPECT_THAT(rig.journaled(), ElementsAre("intent a", "done a", "intent b", "failed b"));
    EXPECT_EQ(rig.journal.events().back().body.at("error").as_string(), error.what()) << "audit says why";
    EXPECT_THAT(world.effects(), ElementsAre("+a"));
    EXPECT_TRUE(rig.records().at("b").intent);
    EXPECT_FALSE(rig.records().at("b").done);
}

TEST(Forward, AStepWhoseEffectNeverShowsEndsAtItsDeadline) {
    World world;
    Rig rig;
    auto steps = toys::toys(&world, {"a"});
    toys::plans(steps[0], nothing);
    steps[0].deadline = std::chrono::milliseconds(30);
    const auto error = error_of([&] { rig.forward(steps); });
    EXPECT_EQ(error.code(), ErrorCode::deadline);
    EXPECT_THAT(error.what(), HasSubstr("step a did not come to its end"));
    EXPECT_THAT(error.hint(), HasSubstr("pgteal resume"));
    EXPECT_THAT(rig.journaled(), ElementsAre("intent a", "failed a"));
}

TEST(Forward, WaitsForAnEffectThatShowsLate) {
    World world;
    Rig rig;
    auto step = toys::toy(&world, "a");
    toys::plans(step, nothing);
    const auto looking = [&world]() -> Task<Observation> { return toys::look(&world, "a"); };
    toys::looks(step, [&world, looking]() -> Task<Observation> {
        if (world.looks["a"] == 3) {
            toys::write_file(world.folder.file("a"), "");
        }
        return looking();
    });
    const Steps steps{step};
    rig.forward(steps);
    EXPECT_EQ(world.looks["a"], 4);
    EXPECT_THAT(rig.journaled(), ElementsAre("intent a", "done a"));
}

/// Every step broken in every way: what went wrong is thrown, and a second run of the same list comes to the
/// same end as an undisturbed one, with nothing done twice.
TEST(Forward, ComesToTheSameEndAfterAnyFault) {
    const std::vector<std::string> ids{"a", "b", "c"};
    for (const auto& id : ids) {
        for (const auto fault : {Fault::first_look, Fault::plan, Fault::before_effect, Fault::after_effect,
                                 Fault::second_look}) {
            World world;
            Rig rig;
            world.faulty = id;
            world.fault = fault;
            const auto steps = toys::toys(&world, ids);
            const auto where = id + " " + std::to_string(static_cast<int>(fault));
            error_of([&] { rig.forward(steps); });
            EXPECT_EQ(world.times, 0) << where << ": the fault did not happen";
            const auto before = rig.records();
            EXPECT_FALSE(before.contains(id) && before.at(id).done) << where;
            EXPECT_EQ(before.contains(id) && before.at(id).intent,
                      fault != Fault::first_look && fault != Fault::plan)
                << where;

            rig.forward(steps, before);
            EXPECT_THAT(world.effects(), ElementsAre("+a", "+b", "+c")) << where;
            const auto after = rig.records();
            for (const auto& one : ids) {
                EXPECT_TRUE(after.at(one).done) << where;
            }
        }
    }
}

/// No effect without its record: when the journal can't be written, nothing is done.
TEST(Forward, DoesNothingThatTheJournalDoesNotTake) {
    World world;
    const toys::Folder state;
    { Journal::open(state.path(), "toy", "test"); }
    auto peek = *Journal::peek(state.path(), "toy");
    const auto estate = toys::estate_of(toys::small_config);
    Executor executor(*estate, peek);
    toys::Recorder recorder(peek);
    Runner runner(peek, executor, recorder);
    const auto steps = toys::toys(&world, {"a"});
    EXPECT_EQ(error_of([&] { run_here([&] { return runner.forward(&steps, 1, {}); }); }).code(),
              ErrorCode::file);
    EXPECT_EQ(
        error_of([&] { run_here([&] { return runner.pause(&steps, 1, std::chrono::seconds(5)); }); }).code(),
        ErrorCode::file);
    Runner another(peek, executor, recorder);
    EXPECT_EQ(error_of([&] {
                  run_here([&] { return another.back(&steps, 1, {{"a", {true, false}}}); });
              }).code(),
              ErrorCode::file);
    EXPECT_THAT(world.effects(), IsEmpty());
}

TEST(Executor, RunsPhasesInOrderAndPlacesAtOnce) {
    World world;
    Rig rig;
    // Two places of one phase wait for each other: only at once can they come to an end. The next phase needs
    // both.
    const auto wait_for = [&](const std::string& other) {
        return "touch " + world.folder.file(other + "-waits") + "; while ! test -e " +
               world.folder.file(other) + "; do sleep 0.01; done";
    };
    std::vector<Action> actions;
    actions.push_back(
        {RunProgram{
             Side::green,
             "app",
             {{"sh", "-c", "test -e " + world.folder.file("x") + " && test -e " + world.folder.file("y")},
              {}},
             {0}},
         1});
    actions.push_back(
        {RunProgram{Side::blue,
                    "app",
                    {{"sh", "-c", "touch " + world.folder.file("x") + "; " + wait_for("y")}, {}},
                    {0}},
         0});
    actions.push_back(
        {RunProgram{Side::green,
                    "app",
                    {{"sh", "-c", "touch " + world.folder.file("y") + "; " + wait_for("x")}, {}},
                    {0}},
         0});
    int performed = 0;
    Executor::Hooks hooks{[](const std::string&, double) {}, [&performed] { ++performed; }};
    run_here([&] { return rig.executor.perform(actions, after(std::chrono::seconds(60)), hooks); });
    EXPECT_EQ(performed, 3);
}

TEST(Executor, NamesAProgramThatFailsAndItsLastWords) {
    Rig rig;
    Executor::Hooks hooks{[](const std::string&, double) {}, [] {}};
    const auto error = error_of([&] {
        run_here([&] {
            return rig.executor.perform(toys::shell("echo no room >&2; exit 3"),
                                        after(std::chrono::seconds(60)), hooks);
        });
    });
    EXPECT_EQ(error.code(), ErrorCode::program);
    EXPECT_EQ(error.side(), "green");
    EXPECT_THAT(error.what(), HasSubstr("exit code 3: no room"));
}

TEST(Executor, KeepsTheErrorOfAProgramThatPrintsALongStatementAfterIt) {
    Rig rig;
    Executor::Hooks hooks{[](const std::string&, double) {}, [] {}};
    const auto error = error_of([&] {
        run_here([&] {
            return rig.executor.perform(
                toys::shell("(echo 'x: error: query failed: ERROR:  no such column'; seq 1 400) >&2; exit 1"),
                after(std::chrono::seconds(60)), hooks);
        });
    });
    EXPECT_THAT(error.what(), HasSubstr("exit code 1: no such column"));
    EXPECT_LT(std::string(error.what()).size(), 1000U);
}

TEST(Insist, TriesAgainWhatOtherSessionsCausedAndNothingElse) {
    const auto retried = [](const std::string& sqlstate) {
        return worth_a_retry(std::make_exception_ptr(ServerError("blue", "said no", sqlstate)));
    };
    for (const auto* passing : {"XX000", "40P01", "55P03", "57014", "57P03", "53300", "58030"}) {
        EXPECT_TRUE(retried(passing)) << passing;
    }
    for (const auto* lasting : {"42501", "42P01", "22023", "P0001"}) {
        EXPECT_FALSE(retried(lasting)) << lasting;
    }
    EXPECT_FALSE(worth_a_retry(std::make_exception_ptr(Error(ErrorCode::conflict, "blue", "not ours"))));
}

TEST(Executor, RecordsTheSwitchWithWhatThoseAfterItNeedAndNoSecrets) {
    Rig rig;
    rig.executor.set("insert_app", "0/10");
    rig.executor.set("flush_app", "0/20");
    rig.executor.set("insert_secret", "hunter2", true);
    rig.executor.set("snapshot_x", "0001-1");
    std::vector<Action> actions;
    actions.push_back({RecordSwitch{Side::green, 2}, 0});
    Executor::Hooks hooks{[](const std::string&, double) {}, [] {}};
    run_here([&] { return rig.executor.perform(actions, after(std::chrono::seconds(5)), hooks); });
    const auto events = rig.journal.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, EventKind::switched);
    EXPECT_EQ(events[0].step, "switch");
    EXPECT_EQ(events[0].epoch, 2);
    EXPECT_EQ(boost::json::serialize(events[0].body.at("bindings")),
              R"({"flush_app":"0/20","insert_app":"0/10"})");
    EXPECT_EQ(progress_of(events).serving, Side::green);
}

} // namespace
} // namespace pgteal::cutover
