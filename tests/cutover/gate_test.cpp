#include "cutover/gate/gate.hpp"

#include "tests/cutover/gate_facts.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using namespace spoiling;

TEST(Gate, OpensWhenAllIsWell) {
    EXPECT_THAT(judge(good()), IsEmpty());
    EXPECT_THAT(judge(good(back)), IsEmpty());
    EXPECT_EQ(summary_of(good()), "lag 0.4 ms, 1 pooler, 41 clients, 87 sequences");
}

TEST(Gate, SumsUpOverAllPoolersLanesAndDatabases) {
    auto facts = good();
    facts.poolers.push_back(facts.poolers.front());
    facts.databases.push_back(facts.databases.front());
    facts.lanes.push_back(facts.lanes.front());
    facts.lanes.back().lag.time = std::chrono::milliseconds(7);
    EXPECT_EQ(summary_of(facts), "lag 7.0 ms, 2 poolers, 82 clients, 174 sequences");
    facts.databases.back().carry.notes = {"sequence public.old stays behind: it is not on green"};
    EXPECT_EQ(summary_of(facts),
              "lag 7.0 ms, 2 poolers, 82 clients, 174 sequences, sequence public.old stays "
              "behind: it is not on green");
}

TEST(Gate, RefusesForEachThingThatIsNotAsItShouldBe) {
    for (const auto& one : spoilt()) {
        auto facts = good();
        one.spoil(facts);
        const auto refusals = judge(facts);
        ASSERT_FALSE(refusals.empty()) << one.what;
        EXPECT_EQ(refusals[0].side, one.side) << one.what;
        EXPECT_THAT(refusals[0].message, HasSubstr(one.message)) << one.what;
        EXPECT_THAT(refusals[0].hint, HasSubstr(one.hint)) << one.what;
    }
}

TEST(Gate, LooksAtEveryDatabaseLaneAndPooler) {
    for (const auto& one : spoilt()) {
        auto facts = good();
        one.spoil(facts);
        auto behind = good();
        behind.databases.insert(behind.databases.end(), facts.databases.begin(), facts.databases.end());
        behind.lanes.insert(behind.lanes.end(), facts.lanes.begin(), facts.lanes.end());
        behind.poolers.insert(behind.poolers.end(), facts.poolers.begin(), facts.poolers.end());
        behind.changed_schemas = facts.changed_schemas;
        const auto refusals = judge(behind);
        ASSERT_FALSE(refusals.empty()) << one.what;
        EXPECT_THAT(refusals[0].message, HasSubstr(one.message)) << one.what;
    }
}

TEST(Gate, SpeaksOfTheOtherDirectionOnTheWayBack) {
    auto facts = good(back);
    facts.databases[0].long_transactions = {
        {1, "r", "a", std::chrono::milliseconds(2500), "UPDATE t SET a = 1"}};
    const auto refusals = judge(facts);
    ASSERT_FALSE(refusals.empty());
    EXPECT_EQ(refusals[0].side, "green");
    EXPECT_THAT(refusals[0].message, HasSubstr("open for 2.5 s on green"));
    EXPECT_THAT(refusals[0].hint, HasSubstr("pgteal switch-back"));
}

TEST(Gate, DemandsOfTheWayBackOnlyWhatGoingBackNeeds) {
    const auto spoil = [](GateFacts& facts) {
        facts.lanes[0].armed.slot = false;
        facts.poolers[0].probe = Refusal{"pgb1", "no answer within 3 s", "mend it"};
        facts.left_behind = {"pgb2"};
    };
    auto facts = good(back);
    spoil(facts);
    EXPECT_THAT(judge(facts), IsEmpty());
    EXPECT_THAT(summary_of(facts), HasSubstr("it is made again"));
    EXPECT_THAT(summary_of(facts), HasSubstr("no answer within 3 s"));
    EXPECT_THAT(summary_of(facts), HasSubstr("pgb2 does not answer and is left behind"));
    facts.lanes[0].armed.subscription = false;
    EXPECT_THAT(judge(facts), IsEmpty());
    EXPECT_THAT(summary_of(facts), HasSubstr("(slot missing, subscription missing): it is made again"));
    facts.lanes[0].armed.publication = false;
    EXPECT_THAT(judge(facts), IsEmpty());
    EXPECT_THAT(summary_of(facts), HasSubstr("green will not follow"));
    facts.changed_schemas.emplace_back("green", "in database app new: index public.by_n", "");
    EXPECT_THAT(judge(facts), IsEmpty());
    EXPECT_THAT(summary_of(facts),
                HasSubstr("not as recorded when the run was prepared: in database app new"));
    facts.changed_schemas.emplace_back("blue", "", "");
    EXPECT_EQ(judge(facts).at(0).side, "blue") << "clients would live with that one";

    auto forth = good(Move{Side::blue, Side::green, 4});
    forth.lanes[0].armed.slot = false;
    const auto refusals = judge(forth);
    ASSERT_FALSE(refusals.empty());
    EXPECT_EQ(refusals[0].hint, "pgteal prepare makes it again");
    forth.lanes[0].armed.slot = true;
    forth.lanes[0].armed.subscription = false;
    EXPECT_EQ(judge(forth).at(0).hint, "pgteal prepare makes it again");
    forth.lanes[0].armed.publication = false;
    EXPECT_THAT(judge(forth).at(0).hint, HasSubstr("pgteal finish")) << "prepare makes no publication again";
    forth.changed_schemas.emplace_back("blue", "new: table public.x", "on blue: DROP TABLE public.x;");
    EXPECT_THAT(judge(forth).at(0).hint,
                HasSubstr("on blue: DROP TABLE public.x; then run pgteal cutover again"));
}

TEST(Gate, NamesAllThatStandsInTheWay) {
    auto facts = good();
    std::vector<std::string> wanted;
    for (const auto& one : spoilt()) {
        auto alone = good();
        one.spoil(alone);
        const auto of_it = judge(alone);
        ASSERT_FALSE(of_it.empty());
        // Of a database that is somebody else's nothing more is said, and what is gone has no other fault.
        facts.databases.insert(facts.databases.end(), alone.databases.begin(), alone.databases.end());
        facts.lanes.insert(facts.lanes.end(), alone.lanes.begin(), alone.lanes.end());
        facts.poolers.insert(facts.poolers.end(), alone.poolers.begin(), alone.poolers.end());
        if (alone.changed_schemas.empty()) {
            wanted.push_back(of_it[0].message);
        }
    }
    std::set<std::string> said;
    for (const auto& refusal : judge(facts)) {
        said.insert(refusal.message);
    }
    for (const auto& message : wanted) {
        EXPECT_TRUE(said.contains(message)) << message;
    }
    EXPECT_GT(said.size(), 15U);
}

TEST(Gate, NamesNoCommandThatWouldBeRefusedAfterTheFirstCutover) {
    for (const auto& one : spoilt()) {
        for (const auto& move : {back, Move{Side::blue, Side::green, 4}}) {
            auto facts = good(move);
            one.spoil(facts);
            const auto refusals = judge(facts);
            if (refusals.empty()) {
                EXPECT_FALSE(warnings_of(facts).empty()) << one.what << " is neither refused nor told";
                continue;
            }
            for (const auto& refusal : refusals) {
                EXPECT_THAT(refusal.hint, testing::Not(HasSubstr("pgteal abort"))) << one.what;
                EXPECT_FALSE(refusal.hint.empty()) << one.what;
            }
        }
    }
}

TEST(Gate, RefusesACutoverThatHasNoWayBackUnlessThatIsAccepted) {
    auto facts = good();
    facts.databases[0].streams.back = stream(Side::green, compat::Level::error, compat::Outcome::diverges);
    const auto refusals = judge(facts);
    ASSERT_FALSE(refusals.empty());
    EXPECT_THAT(refusals[0].message, HasSubstr("switch-back would not hold: green > blue, database app"));
    EXPECT_THAT(refusals[0].hint, HasSubstr("accept = [\"switch-back\"] in [check]"));
    facts.switch_back_given_up = true;
    EXPECT_THAT(judge(facts), IsEmpty());
    facts.databases[0].streams.along = stream(Side::blue, compat::Level::error, compat::Outcome::stops);
    EXPECT_FALSE(judge(facts).empty()) << "the way forth can't be given up";
}

TEST(Gate, RefusesASwitchBackThatLosesWritesUnlessThatIsAccepted) {
    auto facts = good(back);
    facts.databases[0].streams.back = stream(Side::blue, compat::Level::error, compat::Outcome::stops);
    EXPECT_THAT(judge(facts), IsEmpty()) << "once blue serves, forth again is the next cutover's matter";
    facts.databases[0].streams.along = stream(Side::green, compat::Level::error, compat::Outcome::diverges);
    const auto refusals = judge(facts);
    ASSERT_FALSE(refusals.empty());
    EXPECT_EQ(refusals[0].side, "blue");
    EXPECT_THAT(refusals[0].message, HasSubstr("green > blue, database app: public.orders differs silently"));
    EXPECT_THAT(refusals[0].hint, HasSubstr("then run pgteal switch-back again"));
    facts.switch_back_given_up = true;
    EXPECT_THAT(judge(facts), IsEmpty());
}

TEST(Gate, MentionsTablesThatOnlyCertainDataWouldStop) {
    auto facts = good();
    facts.databases[0].streams.along = stream(Side::blue, compat::Level::warning, compat::Outcome::stops);
    facts.databases[0].streams.back =
        stream(Side::green, compat::Level::warning, compat::Outcome::stays_behind);
    EXPECT_THAT(judge(facts), IsEmpty());
    EXPECT_THAT(summary_of(facts), HasSubstr(", 1 table with warnings"));
}

TEST(Gate, TakesAnIdentifierApartSafelyInItsAdvice) {
    auto facts = good();
    facts.databases[0].writing_roles = {"o\"dd"};
    EXPECT_THAT(judge(facts).at(0).hint, HasSubstr("ALTER ROLE \"o\"\"dd\" "));
}

TEST(Gate, LetsThroughWhatIsJustWithinTheLimits) {
    auto facts = good();
    facts.lanes[0].lag.bytes = facts.max_lag;
    facts.poolers[0].query_wait_timeout = from_seconds(5.001);
    EXPECT_THAT(judge(facts), IsEmpty());
    facts.poolers[0].query_wait_timeout = {}; // no limit
    EXPECT_THAT(judge(facts), IsEmpty());
    facts.poolers[0].entries.push_back(
        {"other", "10.9.9.9", "5432", "x", "session", "", true, false, 0}); // not ours
    EXPECT_THAT(judge(facts), IsEmpty());
}

TEST(Gate, NamesTheGravestReasonFirst) {
    auto facts = good();
    facts.poolers[0].entries[0].paused = true;
    EXPECT_EQ(judge(facts).at(0).side, "pgb1");
    facts.lanes[0].active.worker = false;
    EXPECT_THAT(judge(facts).at(0).message, HasSubstr("not running"));
    facts.databases[0].prepared_transactions = {"tx"};
    EXPECT_THAT(judge(facts).at(0).message, HasSubstr("prepared transaction"));
    facts.databases[0].epochs[0] = 9;
    EXPECT_THAT(judge(facts).at(0).message, HasSubstr("somebody else switched"));
    facts.changed_schemas.emplace_back("blue", "", "");
    EXPECT_THAT(judge(facts).at(0).message, HasSubstr("not as recorded"));
}

TEST(Gate, RefusesAnEntryThatCanNotBeToldFromTheServingSide) {
    auto facts = good();
    facts.poolers.front().doubts["loc"] = "the name db.internal can't be resolved";
    const auto refusals = judge(facts);
    ASSERT_FALSE(refusals.empty());
    EXPECT_EQ(refusals[0].side, "pgb1");
    EXPECT_THAT(refusals[0].message, HasSubstr("entry loc of pgb1 leads to blue: the name db.internal"));
}

TEST(Gate, RefusesADatabaseThatNoEntryLeadsTo) {
    auto facts = good();
    facts.without_entry = {"shop"};
    const auto refusals = judge(facts);
    ASSERT_FALSE(refusals.empty());
    EXPECT_THAT(refusals[0].message, HasSubstr("no entry of any pooler leads to database shop"));
}

} // namespace
} // namespace pgteal::cutover
