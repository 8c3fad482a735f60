#include "cutover/gate/gate.hpp"
#include "cutover/gate/way_back.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

replication::Lane lane_of(const std::string& publisher) {
    return replication::Lane{"shop", "app", 1, publisher};
}

/// Facts that let every switchover through, for tests to spoil one at a time.
GateFacts good(Move move = Move{}) {
    GateFacts facts;
    facts.move = move;
    facts.run_id = "run-1";
    facts.max_lag = Bytes{16 << 20};
    facts.max_pause = std::chrono::seconds(5);
    GateDatabase database;
    database.name = "app";
    database.run_ids = {"run-1", "run-1"};
    database.epochs = {move.epoch - 1, move.epoch - 1};
    database.to_fenced = true;
    database.carry.total = 87;
    facts.databases.push_back(database);

    GateLane lane;
    lane.lane = lane_of(to_string(move.from));
    lane.lag.arrived = true;
    lane.lag.time = std::chrono::microseconds(400);
    lane.lag.bytes = Bytes{512};
    lane.active.publication = lane.active.slot = lane.active.subscription = lane.active.enabled =
        lane.active.worker = true;
    lane.active.slot_status = "reserved";
    lane.active.published = lane.active.subscribed = {"public.orders", "public.users"};
    lane.armed.publication = lane.armed.slot = lane.armed.subscription = true;
    lane.armed.slot_status = "reserved";
    facts.lanes.push_back(lane);

    GatePooler pooler;
    pooler.name = "pgb1";
    pooler.path = "/etc/pgbouncer/pgbouncer.ini";
    pooler.query_wait_timeout = from_seconds(120);
    pooler.clients = 41;
    pooler::Entry entry;
    entry.name = "app";
    entry.host = "10.0.0.5";
    entry.port = "5432";
    entry.database = "app";
    entry.pool_mode = "transaction";
    pooler.entries.push_back(entry);
    pooler.wanted["app"] = {"10.0.0.5", "5432", "app"};
    facts.poolers.push_back(pooler);
    return facts;
}

constexpr Move back{Side::green, Side::blue, 3};

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

namespace compat = replication::compat;

/// One table that a direction can't carry, or only with a warning.
StreamVerdict stream(Side publisher, compat::Level level, compat::Outcome outcome) {
    compat::Reason reason;
    reason.outcome = outcome;
    reason.level = level;
    reason.object = "column note";
    reason.when = "at the next write";
    reason.why = to_string(other(publisher)) + " has no such column";
    reason.remedy = "drop it after finish";
    compat::TableVerdict table{"public.orders", outcome, level, {}};
    table.reasons.push_back(reason);
    StreamVerdict verdict{"app", publisher, {}};
    verdict.tables.push_back(table);
    return verdict;
}

/// One thing spoilt, and the refusal that must come of it.
struct Spoilt {
    std::string what;
    std::function<void(GateFacts&)> spoil;
    std::string side;
    std::string message; ///< a part that names the object
    std::string hint;    ///< a part that can be typed
};

const std::vector<Spoilt>& spoilt() {
    static const std::vector<Spoilt> all{
        {"schema", [](GateFacts& f) { f.changed_schemas.emplace_back("green", "", ""); }, "green",
         "the schema on green is not as recorded", "pgteal migrate drift"},
        {"run id of from", [](GateFacts& f) { f.databases[0].run_ids[0] = "run-0"; }, "blue",
         "database app on blue does not belong to this run", "pgteal status"},
        {"run id of to", [](GateFacts& f) { f.databases[0].run_ids[1] = ""; }, "green",
         "database app on green does not belong to this run", "pgteal status"},
        {"epoch of from", [](GateFacts& f) { ++f.databases[0].epochs[0]; }, "blue",
         "database app on blue is at epoch 2, this controller at 1",
         "run pgteal from where the newest journal is"},
        {"epoch of to", [](GateFacts& f) { --f.databases[0].epochs[1]; }, "green",
         "database app on green is at epoch 0", "run pgteal from where the newest journal is"},
        {"from fenced", [](GateFacts& f) { f.databases[0].from_fenced = true; }, "blue",
         "database app is read-only on blue", "RESET default_transaction_read_only"},
        {"to open", [](GateFacts& f) { f.databases[0].to_fenced = false; }, "green",
         "database app on green is open for clients", "pgteal compare"},
        {"prepared transaction", [](GateFacts& f) { f.databases[0].prepared_transactions = {"tx-9"}; },
         "blue", "prepared transaction 'tx-9' in app",
         "ROLLBACK PREPARED it on blue, then run pgteal cutover"},
        {"superuser",
         [](GateFacts& f) {
             f.databases[0].superusers = {{"4712", "boss", "psql"}};
         },
         "blue", "pid 4712 is a session of superuser boss", "pg_terminate_backend(4712)"},
        {"long transaction",
         [](GateFacts& f) {
             f.databases[0].long_transactions = {
                 {4711, "report", "cron", std::chrono::seconds(90), "SELECT pg_sleep(900)"}};
         },
         "blue",
         "pid 4711 (role report, app \"cron\") holds a transaction open for 1 m 30 s on blue: SELECT "
         "pg_sleep(900)",
         "SELECT pg_terminate_backend(4711); then run pgteal cutover"},
        {"writing role", [](GateFacts& f) { f.databases[0].writing_roles = {"etl"}; }, "blue",
         "role etl has default_transaction_read_only = off", "ALTER ROLE \"etl\""},
        {"sequence",
         [](GateFacts& f) {
             f.databases[0].carry.problems = {{"public.ids", "missing on green"}};
         },
         "green", "sequence public.ids can't be carried: missing on green", "then run pgteal cutover again"},
        {"sequence of a column",
         [](GateFacts& f) {
             f.databases[0].carry.problems = {{"public.ids", "it counts down on green", "ALTER SEQUENCE …"}};
         },
         "green", "sequence public.ids can't be carried: it counts down on green",
         "on green: ALTER SEQUENCE …; schemas are frozen during a run, so add it to the migrations, then "
         "pgteal "
         "abort"},
        {"publication gone", [](GateFacts& f) { f.lanes[0].active.publication = false; }, "blue",
         "lane app.1 (blue > green) is gone", "pgteal abort"},
        {"slot gone", [](GateFacts& f) { f.lanes[0].active.slot = false; }, "blue",
         "lane app.1 (blue > green) is gone", "pgteal abort"},
        {"subscription gone", [](GateFacts& f) { f.lanes[0].active.subscription = false; }, "green",
         "lane app.1 (blue > green) is gone", "pgteal abort"},
        {"slot lost", [](GateFacts& f) { f.lanes[0].active.slot_status = "lost"; }, "blue",
         "lane app.1 (blue > green) lost WAL", "pgteal abort"},
        {"subscription disabled", [](GateFacts& f) { f.lanes[0].active.enabled = false; }, "green",
         "lane app.1 (blue > green) is not running: its subscription is disabled", "ALTER SUBSCRIPTION"},
        {"no apply worker", [](GateFacts& f) { f.lanes[0].active.worker = false; }, "green",
         "lane app.1 (blue > green) is not running: its apply worker",
         "see the log of green, then run pgteal cutover"},
        {"table not published", [](GateFacts& f) { f.lanes[0].active.published = {"public.users"}; }, "green",
         "lane app.1 (blue > green) does not carry all of its tables", "pgteal compare"},
        {"table not subscribed", [](GateFacts& f) { f.lanes[0].active.subscribed = {}; }, "green",
         "lane app.1 (blue > green) does not carry all of its tables", "pgteal compare"},
        {"table not ready", [](GateFacts& f) { f.lanes[0].active.not_ready = {"public.users"}; }, "green",
         "lane app.1 (blue > green) does not carry all of its tables", "pgteal compare"},
        {"lag", [](GateFacts& f) { f.lanes[0].lag.bytes = Bytes{(16 << 20) + 1}; }, "green",
         "lane app.1 (blue > green) lags by 16 MB", "pgteal status --watch"},
        {"marker late", [](GateFacts& f) { f.lanes[0].lag.arrived = false; }, "green",
         "a marker did not arrive", "pgteal status --watch"},
        {"reverse publication gone", [](GateFacts& f) { f.lanes[0].armed.publication = false; }, "green",
         "the way back for lane app.1 is not there", "pgteal prepare"},
        {"reverse slot gone", [](GateFacts& f) { f.lanes[0].armed.slot = false; }, "green",
         "the way back for lane app.1 is not there (slot missing)", "pgteal prepare"},
        {"reverse subscription gone", [](GateFacts& f) { f.lanes[0].armed.subscription = false; }, "green",
         "the way back for lane app.1 is not there", "pgteal prepare"},
        {"reverse slot lost", [](GateFacts& f) { f.lanes[0].armed.slot_status = "lost"; }, "green",
         "the way back for lane app.1 is not there (slot lost)", "pgteal prepare"},
        {"both directions on", [](GateFacts& f) { f.lanes[0].armed.enabled = true; }, "blue",
         "lane app.1 is enabled in both directions",
         "on blue, in database app: ALTER SUBSCRIPTION \"pgteal_shop_app_1_green\" DISABLE"},
        {"stream along",
         [](GateFacts& f) {
             f.databases[0].streams.along = stream(Side::blue, compat::Level::error, compat::Outcome::stops);
         },
         "green", "public.orders stops the lane at the next write: column note, green has no such column",
         "drop it after finish"},
        {"file edited", [](GateFacts& f) { f.poolers[0].file_changed = true; }, "pgb1",
         "/etc/pgbouncer/pgbouncer.ini was changed", "RELOAD"},
        {"entry gone", [](GateFacts& f) { f.poolers[0].entries.clear(); }, "pgb1",
         "entry app is gone from pgb1", "RELOAD"},
        {"entry to another host", [](GateFacts& f) { f.poolers[0].entries[0].host = "10.9.9.9"; }, "pgb1",
         "entry app of pgb1 points at 10.9.9.9:5432, not at blue", "RELOAD"},
        {"entry to another port", [](GateFacts& f) { f.poolers[0].entries[0].port = "5433"; }, "pgb1",
         "entry app of pgb1 points at 10.0.0.5:5433, not at blue", "RELOAD"},
        {"entry to another database", [](GateFacts& f) { f.poolers[0].entries[0].database = "app2"; }, "pgb1",
         "entry app of pgb1 points at", "RELOAD"},
        {"entry paused", [](GateFacts& f) { f.poolers[0].entries[0].paused = true; }, "pgb1",
         "entry app of pgb1 is paused already", "RESUME app on its console, then run pgteal cutover"},
        {"a user's session pooling",
         [](GateFacts& f) {
             f.poolers[0].session_pools = {{"elsewhere", "batch"}, {f.poolers[0].entries[0].name, "batch"}};
         },
         "pgb1", "user batch of pgb1 pools sessions", "in [users]"},
        {"session pooling", [](GateFacts& f) { f.poolers[0].entries[0].pool_mode = "session"; }, "pgb1",
         "entry app of pgb1 pools sessions", "pool_mode = transaction"},
        {"clients time out", [](GateFacts& f) { f.poolers[0].query_wait_timeout = from_seconds(5); }, "pgb1",
         "pgb1: query_wait_timeout is 5 s, the pause budget 5 s",
         "lower max_pause or raise query_wait_timeout"},
    };
    return all;
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
