#include "cutover/status/status.hpp"

#include <thread>

#include "cutover/cli/work.hpp"
#include "tests/cutover/events.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using toys::Script;

Progress of(const Script& script) { return progress_of(script.events()); }

LaneStatus lane(const std::string& publisher, bool active) {
    LaneStatus status;
    status.lane = {"shop", "app", 1, publisher};
    status.state.publication = status.state.slot = status.state.subscription = true;
    status.state.enabled = status.state.worker = active;
    status.state.slot_status = "reserved";
    status.state.retained = Bytes{16 << 10};
    if (active) {
        replication::Lag lag;
        lag.arrived = true;
        lag.time = std::chrono::milliseconds(2);
        lag.bytes = Bytes{512};
        status.lag = lag;
    }
    return status;
}

Status after_cutover() {
    Status status;
    status.progress = of(Script().prepare().switchover("blue", "green", 2));
    status.run = "shop";
    SideStatus green{Side::green, "10.0.0.9:5432", true, "", "17.5", 41, false};
    SideStatus blue{Side::blue, "10.0.0.5:5432", true, "", "15.9", 0, true};
    status.sides = {green, blue};
    status.lanes["app"] = {lane("green", true), lane("blue", false)};
    status.lanes_of_run["app"] = 1;
    status.poolers.push_back(
        {"pgb1", true, false, "", {{"app", "green", false}, {"app_ro", "other", false}}});
    return status;
}

std::vector<std::string> keys(const boost::json::value& value) {
    std::vector<std::string> names;
    for (const auto& [key, inner] : value.as_object()) {
        names.emplace_back(key);
    }
    return names;
}

TEST(StatusDocument, HasTheKeysThatScriptsRelyOn) {
    const auto document = to_json(after_cutover());
    EXPECT_THAT(keys(document),
                ElementsAre("run", "serving", "epoch", "step", "databases", "poolers", "sides"));
    EXPECT_EQ(document.at("serving").as_string(), "green");
    EXPECT_EQ(document.at("epoch").as_int64(), 2);
    const auto& app = document.at("databases").at(0);
    EXPECT_THAT(keys(app), ElementsAre("name", "lanes"));
    const auto& active = app.at("lanes").at(0);
    EXPECT_THAT(keys(active), ElementsAre("name", "direction", "slot", "enabled", "streaming", "slot_status",
                                          "retained_bytes", "lag_bytes", "lag_seconds"));
    EXPECT_EQ(active.at("direction").as_string(), "green > blue");
    EXPECT_EQ(active.at("lag_bytes").as_int64(), 512);
    EXPECT_DOUBLE_EQ(active.at("lag_seconds").as_double(), 0.002);
    EXPECT_TRUE(app.at("lanes").at(1).at("lag_bytes").is_null()) << "no lag is not a lag of zero";
    EXPECT_THAT(keys(document.at("poolers").at(0)), ElementsAre("name", "reachable", "paused", "entries"));
    EXPECT_THAT(keys(document.at("poolers").at(0).at("entries").at(0)),
                ElementsAre("name", "side", "paused"));
    EXPECT_THAT(keys(document.at("sides").at(0)),
                ElementsAre("name", "address", "reachable", "version", "clients", "fenced"));
}

/// A way back that a value outside integer would stop, or one that is broken.
SwitchBack way_back(replication::compat::Level level) {
    replication::compat::Reason reason;
    reason.outcome = replication::compat::Outcome::stops;
    reason.level = level;
    reason.object = "column id";
    reason.when = "once a value is outside integer";
    reason.why = "it is bigint on green and integer on blue";
    reason.remedy = "let clients write only what blue's type holds";
    replication::compat::TableVerdict table{"public.orders", reason.outcome, level, {}};
    table.reasons.push_back(reason);
    StreamVerdict verdict{"app", Side::green, {}};
    verdict.tables.push_back(table);
    SwitchBack back;
    back.databases.push_back(verdict);
    return back;
}

TEST(StatusDocument, TellsWhetherSwitchBackHolds) {
    auto status = after_cutover();
    EXPECT_FALSE(to_json(status).contains("switch_back")) << "not read: nothing is claimed";
    status.switch_back = SwitchBack{};
    EXPECT_TRUE(to_json(status).at("switch_back").at("holds").as_bool());
    status.switch_back = way_back(replication::compat::Level::warning);
    EXPECT_TRUE(to_json(status).at("switch_back").at("holds").as_bool());
    status.switch_back = way_back(replication::compat::Level::error);
    const auto document = to_json(status);
    EXPECT_FALSE(document.at("switch_back").at("holds").as_bool());
    const auto& table = document.at("switch_back").at("tables").at(0);
    EXPECT_THAT(keys(table),
                ElementsAre("database", "table", "level", "outcome", "object", "when", "why", "remedy"));
    EXPECT_EQ(table.at("outcome").as_string(), "stops");
}

TEST(StatusDocument, SaysThatAWayBackWithoutItsSlotDoesNotHold) {
    auto status = after_cutover();
    status.switch_back = SwitchBack{};
    status.lanes["app"].at(0).state.slot = false;
    const auto back = to_json(status).at("switch_back");
    EXPECT_FALSE(back.at("holds").as_bool());
    EXPECT_EQ(back.at("lost_lanes").at(0).as_string(), "app.1");
    status.lanes["app"].at(0).state.slot = true;
    status.lanes["app"].at(1).state.slot = false; // blue > green: the next cutover's, not the way back's
    EXPECT_TRUE(to_json(status).at("switch_back").at("holds").as_bool());
    auto& lanes = status.lanes["app"];
    lanes.erase(lanes.begin()); // slot, subscription and publication at once
    EXPECT_FALSE(to_json(status).at("switch_back").at("holds").as_bool());
    status.lanes.clear(); // they could not be read
    EXPECT_FALSE(to_json(status).at("switch_back").at("holds").as_bool());
}

TEST(StatusDocument, TakesTheSidesWordWhereAnotherControllerWentOn) {
    auto status = after_cutover();
    status.superseded = Refusal{"blue", "database app on blue is at epoch 3, this journal knows of 2", ""};
    RunRow row{true, status.progress.run_id, status.progress.epoch + 1, "blue"};
    status.sides[0].rows.push_back({Side::blue, "app", row});
    EXPECT_EQ(to_json(status).at("serving").as_string(), "blue");
    EXPECT_EQ(to_json(status).at("epoch").as_int64(), status.progress.epoch + 1);
    row.run_id = "another";
    status.sides[0].rows.push_back({Side::blue, "app", row});
    EXPECT_TRUE(to_json(status).at("serving").is_null()) << "who serves another run is not known";
}

TEST(StatusText, DoesNotSayWhoServesFromAJournalThatIsNotTheNewest) {
    auto status = after_cutover();
    status.superseded = Refusal{"blue", "database app on blue is at epoch 3, this journal knows of 2", ""};
    const auto text = to_text(status);
    EXPECT_THAT(text, testing::Not(HasSubstr("serves   ")));
    EXPECT_THAT(text, testing::Not(HasSubstr("serving")));
    EXPECT_THAT(text, testing::Not(HasSubstr("pgteal finish")));
    EXPECT_THAT(text, HasSubstr("epoch 3"));
    EXPECT_EQ(to_json(status).at("superseded").as_string(), status.superseded->message);
}

TEST(StatusText, TellsWhatBreaksTheWayBack) {
    auto status = after_cutover();
    status.switch_back = SwitchBack{};
    EXPECT_THAT(to_text(status), testing::Not(HasSubstr("switch-back would")));
    status.switch_back = way_back(replication::compat::Level::error);
    const auto text = to_text(status);
    EXPECT_THAT(text, HasSubstr("switch-back would NOT hold:"));
    EXPECT_THAT(
        text, HasSubstr("error     app: public.orders stops the lane once a value is outside integer: column "
                        "id, it is bigint on green and integer on blue"));
    EXPECT_THAT(text, HasSubstr("let clients write only what blue's type holds"));
}

TEST(StatusDocument, InBriefComesFromTheJournalAlone) {
    const auto config = parse_config(toys::small_config, "toy.toml");
    EXPECT_EQ(boost::json::serialize(brief_status(of(Script().prepare()), config)),
              R"({"run":"toy","serving":"blue","epoch":1,"step":"prepared"})");
    EXPECT_EQ(boost::json::serialize(brief_status(Progress{}, config)),
              R"({"run":"toy","serving":"blue","epoch":1,"step":"none"})");
}

TEST(StepWords, SayWhereTheRunStands) {
    EXPECT_EQ(step_words(Progress{}), "none");
    EXPECT_EQ(step_words(of(Script().begin_run())), "preparing: check");
    EXPECT_EQ(step_words(of(Script().begin_run().step("check").add(EventKind::intent, "copy"))),
              "preparing: copy");
    EXPECT_EQ(step_words(of(Script().prepare())), "prepared");
    EXPECT_EQ(step_words(of(Script().prepare().begin("blue", "green", 2))), "interrupted before the switch");
    EXPECT_EQ(step_words(of(Script().prepare().begin("blue", "green", 2).point("green", 2))),
              "interrupted past the switch");
    EXPECT_EQ(step_words(of(Script().prepare().switchover("blue", "green", 2))), "watch");
    EXPECT_EQ(step_words(of(Script().prepare().switchover("blue", "green", 2).add(EventKind::finishing))),
              "finishing");
    EXPECT_EQ(step_words(of(Script()
                                .prepare()
                                .switchover("blue", "green", 2)
                                .add(EventKind::finishing)
                                .add(EventKind::finished))),
              "finished");
    EXPECT_EQ(step_words(of(Script().prepare().add(EventKind::removing))), "removing");
}

TEST(Answers, AreMadeBeforehandWhileClientsAreHeld) {
    int made = 0;
    Answers answers([&made] { return std::to_string(++made); });
    EXPECT_EQ(answers.text(), "1");
    answers.hold();
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(answers.text(), "2") << "made in the pause";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(answers.text(), "2");
    answers.let_go();
    EXPECT_EQ(answers.text(), "3");
}

TEST(StatusText, SaysHowAnIdleSlotAndAPoolerThatWasLeftBehindAreMended) {
    auto status = after_cutover();
    status.lanes["app"][1].state.slot = false;
    auto text = to_text(status);
    EXPECT_THAT(text, HasSubstr("It is made again with:   pgteal prepare"));
    EXPECT_THAT(text, HasSubstr("pgteal switch-back"));
    status.poolers.push_back({"pgb2", true, false, "", {{"app", "blue", false}}});
    text = to_text(status);
    EXPECT_THAT(
        text,
        HasSubstr("Pooler pgb2 leads to the side that stands. It is taken along with:   pgteal prepare"));
}

TEST(StatusText, TellsWhoServesAndWhatComesNext) {
    const auto text = to_text(after_cutover());
    EXPECT_THAT(text, HasSubstr("run shop   epoch 2   green serves   watch\n"));
    EXPECT_THAT(text,
                HasSubstr("green   10.0.0.9:5432          17.5      41        serving since 12:00:02 UTC\n"));
    EXPECT_THAT(text, HasSubstr("blue    10.0.0.5:5432          15.9      0         fenced, read-only\n"));
    EXPECT_THAT(
        text, HasSubstr("app.1           green > blue    2.0 ms  512 bytes  16 kB              streaming\n"));
    EXPECT_THAT(text, HasSubstr("app.1           blue > green    -                  16 kB              ready "
                                "for the way back\n"));
    EXPECT_THAT(text, HasSubstr("pgb1       app                          green     open\n"));
    EXPECT_TRUE(text.ends_with(
        "Back to blue at any time:   pgteal switch-back\nWhen you are sure:          pgteal finish"))
        << text;
}

TEST(StatusText, TellsWhatIsWrong) {
    auto status = after_cutover();
    status.sides[0].fenced = true;
    status.sides[1].fenced = false;
    status.poolers[0].paused = true;
    status.lanes["app"][0].state.worker = false;
    status.lanes["app"][1].state.slot_status = "lost";
    auto text = to_text(status);
    EXPECT_THAT(text, HasSubstr("serving, but fenced"));
    EXPECT_THAT(text, HasSubstr("standing, not fenced"));
    EXPECT_THAT(text, HasSubstr("paused: clients are held"));
    EXPECT_THAT(text, HasSubstr("stopped: apply fails"));
    EXPECT_THAT(text, HasSubstr("its slot lost WAL"));
    status.lanes["app"][0].state.slot_status = "lost";
    EXPECT_THAT(to_text(status), HasSubstr("lost: must be copied again"));
    EXPECT_THAT(to_text(status), HasSubstr("Lane app.1 (slot lost) is lost"));
    status.lanes["app"][0].state.slot_status = "reserved";
    status.lanes["app"][0].state.subscription = false;
    EXPECT_THAT(to_text(status), HasSubstr("Lane app.1 (subscription missing) is lost"));
    EXPECT_THAT(to_text(status), HasSubstr("its subscription is gone"));
    status.lanes["app"][0].state.subscription = true;
    EXPECT_TRUE(to_text(status).ends_with(
        "Not in step: lane app.1 (green > blue) is not running: its apply worker "
        "fails or is stopped.   see the log of blue, then run pgteal status again"));
    status.lanes["app"][0].told = "table public.t: it breaks a key";
    EXPECT_THAT(to_text(status), HasSubstr("The log of blue says: table public.t: it breaks a key."));
    EXPECT_EQ(to_json(status).at("databases").at(0).at("lanes").at(0).at("failure").as_string(),
              "table public.t: it breaks a key");
    status.lanes["app"][0].state.enabled = false;
    EXPECT_THAT(to_text(status), HasSubstr("its subscription is disabled.   on blue"));
    status.lanes["app"][0].state.enabled = true;
    status.lanes["app"][0].state.worker = true;
    EXPECT_THAT(to_text(status),
                HasSubstr("Idle lane app.1 (slot lost) is not whole. It is made again with:   "
                          "pgteal prepare\nBack to blue at any time"));
    status.lanes["app"][1].state.publication = false;
    EXPECT_THAT(to_text(status), HasSubstr("its slot lost WAL"));
    EXPECT_THAT(to_text(status),
                HasSubstr("Idle lane app.1 (publication missing, slot lost) can't be made again"));
    status.unread["app"] = "no answer from 10.0.0.5:5432 within 15 s"; // what is not known is not lost
    status.lanes["app"].clear();
    EXPECT_TRUE(
        to_text(status).ends_with("The lanes of database app could not be read: no answer from 10.0.0.5:5432 "
                                  "within 15 s. Look again:   pgteal status"));
    status.poolers[0].entries[0].paused = true;
    EXPECT_TRUE(to_text(status).ends_with("On the console of pgb1:   RESUME \"app\";")) << to_text(status);
    status.sides[1].reachable = false;
    status.sides[1].problem = "connection refused";
    status.poolers[0] = {"pgb1", false, false, "no answer", {}};
    text = to_text(status);
    EXPECT_THAT(text, HasSubstr("unreachable: connection refused"));
    EXPECT_THAT(text, HasSubstr("unreachable: no answer"));
    EXPECT_TRUE(
        text.ends_with("blue can't be reached: nothing is known of the lanes, and green keeps WAL for them "
                       "meanwhile. Mend that, then:   pgteal status"));
}

TEST(StatusText, NamesTheNextCommand) {
    Status status;
    status.run = "shop";
    EXPECT_THAT(to_text(status), HasSubstr("pgteal check, then pgteal prepare"));
    status.progress = of(Script().begin_run().step("check"));
    EXPECT_THAT(to_text(status), HasSubstr("Go on with:   pgteal prepare"));
    status.progress = of(Script().prepare());
    EXPECT_THAT(to_text(status), HasSubstr("pgteal cutover --dry-run says whether the gate is open"));
    status.progress = of(Script().prepare().begin("blue", "green", 2));
    EXPECT_THAT(to_text(status), HasSubstr("Interrupted. Go on with:   pgteal resume"));
    status.progress = of(Script().prepare().add(EventKind::removing));
    EXPECT_THAT(to_text(status), HasSubstr("pgteal resume"));
}

TEST(RestingRun, IsWhatSwitchoversNeed) {
    const auto refused = [](const Script& script) {
        return toys::error_of([&] { require_resting_run(of(script), "cutover"); });
    };
    EXPECT_NO_THROW(require_resting_run(of(Script().prepare()), "cutover"));
    EXPECT_NO_THROW(
        require_resting_run(of(Script().prepare().switchover("blue", "green", 2)), "switch-back"));
    for (const auto& script : {Script(),
                               Script()
                                   .prepare()
                                   .switchover("blue", "green", 2)
                                   .add(EventKind::finishing)
                                   .add(EventKind::finished),
                               Script().begin_run().step("copy")}) {
        EXPECT_EQ(refused(script).code(), ErrorCode::wrong_state);
        EXPECT_THAT(refused(script).hint(), HasSubstr("pgteal prepare"));
    }
    for (const auto& script :
         {Script().prepare().begin("blue", "green", 2), Script().prepare().add(EventKind::removing),
          Script().prepare().add(EventKind::finishing)}) {
        EXPECT_EQ(refused(script).code(), ErrorCode::wrong_state);
        EXPECT_EQ(refused(script).hint(), "pgteal resume");
    }
    EXPECT_THAT(refused(Script().begin_run().step("copy")).what(),
                HasSubstr("cutover comes after prepare, which is at step copy"));
}

} // namespace
} // namespace pgteal::cutover
