#include "cutover/gate/gate.hpp"

#include <cmath>

#include <fmt/format.h>

#include "cutover/fence/run_row.hpp"
#include "cutover/gate/lane_verdict.hpp"
#include "cutover/gate/way_back.hpp"
#include "health/checks/pooler_checks.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

using Refusals = std::vector<Refusal>;

std::string again(const GateFacts& facts) {
    return facts.move.to == Side::green ? "pgteal cutover" : "pgteal switch-back";
}

/// abort is for before the first cutover only; after it the run has to be ended by finish.
std::string copy_again(const GateFacts& facts) {
    return std::string("the data must be copied again: pgteal ") +
           (facts.move.epoch == 2 ? "abort" : "finish") + ", then pgteal prepare";
}

/// For what only a change of the schema mends, in the middle of a run.
std::string made_anew(const GateFacts& facts) {
    return facts.move.epoch == 2
               ? "schemas are frozen during a run, so add it to the migrations, then pgteal "
                 "abort and pgteal prepare"
               : "schemas are frozen during a run; pgteal finish ends it, without a way back";
}

std::string ago(Clock::duration age) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(age).count();
    return whole >= 60 ? fmt::format("{} m {} s", whole / 60, whole % 60)
                       : fmt::format("{:.1f} s", to_seconds(age));
}

/// Whether the writes of the side that will serve reach the other one, and those of the one that serves now
/// reached it.
void judge_streams(const GateFacts& facts, const GateDatabase& database, Refusals* out) {
    const bool forth = facts.move.to == Side::green;
    // Some remedies end with it already.
    const auto give_up = [](const std::string& remedy, const std::string& when) {
        const std::string accept = "accept = [\"switch-back\"] in [check]";
        return remedy +
               (remedy.find(accept) == std::string::npos ? "; or " + accept + ", if " + when : std::string());
    };
    const auto along = broken(database.streams.along);
    if (along && (forth || !facts.switch_back_given_up)) {
        out->push_back(Refusal{to_string(facts.move.to), along->message,
                               forth
                                   ? along->remedy
                                   : give_up(along->remedy, "blue can do without what is not carried back") +
                                         ", then run " + again(facts) + " again"});
    }
    const auto back = broken(database.streams.back);
    if (back && forth && !facts.switch_back_given_up) {
        out->push_back(Refusal{"green", "switch-back would not hold: " + back->message,
                               give_up(back->remedy, "you can do without the way back") + ", then run " +
                                   again(facts) + " again"});
    }
}

/// Those that come through a pooler are held by PAUSE, and ended by the fence.
void judge_superusers(const GateFacts& facts, const GateDatabase& database, Refusals* out) {
    const auto from = to_string(facts.move.from);
    for (const auto& one : database.superusers) {
        const bool pooled =
            std::any_of(facts.poolers.begin(), facts.poolers.end(),
                        [&one](const auto& pooler) { return pooler.users.contains(one.role); });
        if (!pooled) {
            out->push_back(Refusal{
                from,
                "pid " + one.pid + " is a session of superuser " + one.role + " (app \"" + one.application +
                    "\") in " + database.name + " on " + from + ": it could write past the fence",
                "close it, or on " + from + ": SELECT pg_terminate_backend(" + one.pid + ")"});
        }
    }
}

void judge_database(const GateFacts& facts, const GateDatabase& database, Refusals* out) {
    const auto from = to_string(facts.move.from);
    const auto to = to_string(facts.move.to);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& side = i == 0 ? from : to;
        if (database.run_ids[i] != facts.run_id) {
            out->push_back(
                Refusal{side, "database " + database.name + " on " + side + " does not belong to this run",
                        "pgteal status shows what is there"});
            return; // of somebody else's database nothing more is to be said
        }
        if (database.epochs[i] != facts.move.epoch - 1) {
            out->push_back(Refusal{
                side,
                fmt::format("database {} on {} is at epoch {}, this controller at {}: somebody else switched",
                            database.name, side, database.epochs[i], facts.move.epoch - 1),
                "run pgteal from where the newest journal is"});
        }
    }
    if (database.from_fenced) {
        out->push_back(Refusal{
            from, "database " + database.name + " is read-only on " + from + ", which should serve",
            "if nobody meant it, on " + from + ": " + lift_fence_text(database.name, database.from_limit) +
                "; then run " + again(facts) + " again"});
    }
    if (!database.to_fenced) {
        out->push_back(Refusal{to,
                               "database " + database.name + " on " + to +
                                   " is open for clients: somebody lifted the fence, its data may differ",
                               "look for writes there with pgteal compare; then on " + to + ": " +
                                   raise_fence_text(database.name) + "; then run " + again(facts) +
                                   " again"});
    }
    for (const auto& transaction : database.prepared_transactions) {
        out->push_back(Refusal{from,
                               "prepared transaction '" + transaction + "' in " + database.name +
                                   " could be committed past the fence",
                               "COMMIT PREPARED or ROLLBACK PREPARED it on " + from + ", then run " +
                                   again(facts) + " again"});
    }
    for (const auto& one : database.long_transactions) {
        out->push_back(
            Refusal{from,
                    fmt::format("pid {} (role {}, app \"{}\") holds a transaction open for {} on {}: {}",
                                one.pid, one.role, one.application, ago(one.age), from, one.query),
                    fmt::format("PAUSE waits for open transactions. Wait for it, or end it on {}: SELECT "
                                "pg_terminate_backend({}); then run {} again",
                                from, one.pid, again(facts))});
    }
    for (const auto& role : database.writing_roles) {
        out->push_back(Refusal{
            from,
            "role " + role +
                " has default_transaction_read_only = off of its own: it would write past the fence",
            fmt::format("on {0}: ALTER ROLE {1} RESET default_transaction_read_only; ALTER ROLE {1} IN "
                        "DATABASE {2} RESET default_transaction_read_only;",
                        from, postgres::quote_identifier(role), postgres::quote_identifier(database.name))});
    }
    judge_superusers(facts, database, out);
    out->insert(out->end(), database.risks.begin(), database.risks.end());
    judge_streams(facts, database, out);
    for (const auto& problem : database.carry.problems) {
        out->push_back(Refusal{to, "sequence " + problem.sequence + " can't be carried: " + problem.reason,
                               problem.fix.empty()
                                   ? "mend it on " + to + ", then run " + again(facts) + " again"
                                   : "on " + to + ": " + problem.fix + "; " + made_anew(facts)});
    }
}

void judge_lane(const GateFacts& facts, const GateLane& lane, Refusals* out) {
    const auto from = to_string(facts.move.from);
    const auto to = to_string(facts.move.to);
    if (auto refusal = lane_refusal({lane.lane, lane.active, lane.lag, lane.told}, facts.max_lag,
                                    again(facts), copy_again(facts))) {
        out->push_back(std::move(*refusal));
    }
    const auto idle = idle_lane_problem(lane);
    if (idle && facts.move.to != Side::blue) {
        out->push_back(
            Refusal{to, idle->message,
                    idle->mendable || facts.move.epoch == 2
                        ? "pgteal prepare makes it again"
                        : "pgteal finish ends the run where it serves; then pgteal prepare begins another"});
    }
    if (lane.armed.enabled) {
        auto back = lane.lane;
        back.publisher = to_string(facts.move.to);
        out->push_back(Refusal{
            from, "lane " + lane.lane.name() + " is enabled in both directions: changes would echo",
            "on " + from + ", in database " + lane.lane.database + ": ALTER SUBSCRIPTION " +
                postgres::quote_identifier(back.object()) + " DISABLE; then run " + again(facts) + " again"});
    }
}

void judge_pooler(const GateFacts& facts, const GatePooler& pooler, Refusals* out) {
    if (pooler.file_changed) {
        out->push_back(Refusal{pooler.name, pooler.path + " was changed since pgteal last looked",
                               "if the change is right: RELOAD it, then pgteal prepare takes note of it"});
    }
    for (const auto& name : pooler.left_behind) {
        out->push_back(Refusal{
            pooler.name,
            "entry " + name + " of " + pooler.name + " leads to " + to_string(facts.move.from) +
                " and is not part of the run: its clients would be left behind the fence",
            "pgteal prepare takes note of it; if [[pooler]] entries lists names, add it there first"});
    }
    for (const auto& [name, why] : pooler.doubts) {
        out->push_back(
            Refusal{pooler.name,
                    "it can't be told whether entry " + name + " of " + pooler.name + " leads to " +
                        to_string(facts.move.from) + ": " + why,
                    "write its host as pgteal.toml has it and RELOAD, or name the run's entries in "
                    "[[pooler]]; then pgteal prepare takes note of it"});
    }
    for (const auto& [name, target] : pooler.wanted) {
        const auto found = std::find_if(pooler.entries.begin(), pooler.entries.end(),
                                        [&name = name](const auto& entry) { return entry.name == name; });
        if (found == pooler.entries.end()) {
            out->push_back(Refusal{pooler.name, "entry " + name + " is gone from " + pooler.name,
                                   "put it back and RELOAD"});
            continue;
        }
        if (found->host != target.host || found->port != target.port || found->database != target.database) {
            out->push_back(Refusal{pooler.name,
                                   "entry " + name + " of " + pooler.name + " points at " + found->host +
                                       ":" + found->port + ", not at " + to_string(facts.move.from),
                                   "see in " + pooler.path + " that it has host=" + target.host + " port=" +
                                       target.port + " dbname=" + target.database + "; on the console of " +
                                       pooler.name + ":  RELOAD;  then run " + again(facts) +
                                       " again. What clients wrote elsewhere meanwhile is on neither side"});
        }
        if (found->paused) {
            out->push_back(Refusal{
                pooler.name, "entry " + name + " of " + pooler.name + " is paused already: its clients wait",
                "RESUME " + name + " on its console, then run " + again(facts) + " again"});
        }
        const auto by_user = std::find_if(pooler.session_pools.begin(), pooler.session_pools.end(),
                                          [&name = name](const auto& pool) { return pool.first == name; });
        if (found->pool_mode != "session" && by_user != pooler.session_pools.end()) {
            out->push_back(
                Refusal{pooler.name,
                        "user " + by_user->second + " of " + pooler.name +
                            " pools sessions, and has clients of entry " + name +
                            ": PAUSE would wait until they leave",
                        "set pool_mode = transaction for it in [users] and RELOAD, or let its clients "
                        "disconnect; then run " +
                            again(facts) + " again"});
        }
        const auto replicates =
            std::find_if(pooler.replication_clients.begin(), pooler.replication_clients.end(),
                         [&name = name](const auto& client) { return client.first == name; });
        if (replicates != pooler.replication_clients.end()) {
            out->push_back(Refusal{
                pooler.name,
                "user " + replicates->second + " replicates through entry " + name + " of " + pooler.name +
                    ": PAUSE would wait until it leaves",
                "on " + to_string(facts.move.from) + ":  " + health::end_replication(replicates->second) +
                    "  and let it log in to the server itself; then run " + again(facts) + " again"});
        }
        if (found->pool_mode == "session") {
            out->push_back(Refusal{pooler.name,
                                   "entry " + name + " of " + pooler.name +
                                       " pools sessions: PAUSE would wait until every client leaves",
                                   "set pool_mode = transaction for it"});
        }
    }
    if (pooler.elsewhere) { // what clients write there is on neither side: no switch may cover that up
        out->push_back(*pooler.elsewhere);
    }
    if (pooler.probe && facts.move.to != Side::blue) { // of the side that is left, on the way back
        out->push_back(*pooler.probe);
    }
    if (pooler.query_wait_timeout.count() > 0 && pooler.query_wait_timeout <= facts.max_pause) {
        out->push_back(Refusal{
            pooler.name,
            fmt::format("{}: query_wait_timeout is {:g} s, the pause budget {:g} s: held clients "
                        "would be disconnected",
                        pooler.name, to_seconds(pooler.query_wait_timeout), to_seconds(facts.max_pause)),
            "lower max_pause or raise query_wait_timeout"});
    }
}

} // namespace

Refusals judge(const GateFacts& facts) {
    Refusals all;
    auto* const out = &all;
    for (const auto& one : facts.changed_schemas) {
        if (one.side == to_string(facts.move.from) && facts.move.to == Side::blue) {
            continue; // of the side that is left: what that means for its rows is what the lanes are judged
                      // by
        }
        out->push_back(
            Refusal{one.side, changed_words(one),
                    one.fix.empty()
                        ? "pgteal migrate drift shows what differs. Undo it; pgteal's event triggers refuse "
                          "schema changes, so look who went past them"
                        : "no lane carries it. If nobody needs what it holds, " + one.fix + " then run " +
                              again(facts) + " again"});
    }
    for (const auto& database : facts.databases) {
        judge_database(facts, database, out);
    }
    for (const auto& lane : facts.lanes) {
        judge_lane(facts, lane, out);
    }
    for (const auto& pooler : facts.poolers) {
        judge_pooler(facts, pooler, out);
    }
    for (const auto& database : facts.without_entry) {
        out->push_back(Refusal{"",
                               "no entry of any pooler leads to database " + database +
                                   ": its clients would be shut out of " + to_string(facts.move.from) +
                                   ", and nobody moves them",
                               "give it an entry that leads to " + to_string(facts.move.from) +
                                   " and RELOAD; then pgteal prepare takes note of it"});
    }
    all.insert(all.end(), facts.logins.begin(), facts.logins.end());
    return all;
}

std::string summary_of(const GateFacts& facts) {
    Clock::duration slowest{};
    for (const auto& lane : facts.lanes) {
        slowest = std::max(slowest, lane.lag.time);
    }
    int clients = 0;
    for (const auto& pooler : facts.poolers) {
        clients += pooler.clients;
    }
    int sequences = 0;
    for (const auto& database : facts.databases) {
        sequences += database.carry.total;
    }
    auto text =
        fmt::format("lag {:.1f} ms, {} {}, {} clients, {} sequences", to_ms(slowest), facts.poolers.size(),
                    facts.poolers.size() == 1 ? "pooler" : "poolers", clients, sequences);
    std::vector<StreamVerdict> along;
    for (const auto& database : facts.databases) {
        along.push_back(database.streams.along);
    }
    const auto warnings = warnings_of(along);
    text += warnings.empty() ? "" : ", " + warnings;
    for (const auto& warning : warnings_of(facts)) {
        text += ", warning: " + warning;
    }
    for (const auto& database : facts.databases) {
        for (const auto& note : database.carry.notes) {
            text += ", " + note;
        }
    }
    return text;
}

} // namespace pgteal::cutover
