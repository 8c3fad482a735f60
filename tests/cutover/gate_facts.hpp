// Facts that let every switchover through, and what spoils them one at a time.
#pragma once

#include "cutover/gate/gate.hpp"
#include "cutover/gate/way_back.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover::spoiling {

inline replication::Lane lane_of(const std::string& publisher) {
    return replication::Lane{"shop", "app", 1, publisher};
}

/// Facts that let every switchover through, for tests to spoil one at a time.
inline GateFacts good(Move move = Move{}) {
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

inline constexpr Move back{Side::green, Side::blue, 3};

namespace compat = replication::compat;

/// One table that a direction can't carry, or only with a warning.
inline StreamVerdict stream(Side publisher, compat::Level level, compat::Outcome outcome) {
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

inline const std::vector<Spoilt>& spoilt() {
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
             f.databases[0].carry.problems = {
                 {"public.ids", "it counts down on green", "ALTER SEQUENCE public.ids INCREMENT BY 1"}};
         },
         "green", "sequence public.ids can't be carried: it counts down on green",
         "on green: ALTER SEQUENCE public.ids INCREMENT BY 1; schemas are frozen during a run, so add it to "
         "the migrations, then "
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

} // namespace pgteal::cutover::spoiling
