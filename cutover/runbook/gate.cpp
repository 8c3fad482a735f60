// gate: everything that would spoil a switchover is found before a client is held.
#include <filesystem>

#include <boost/algorithm/string/join.hpp>

#include "base/error.hpp"
#include "cutover/checks/checks.hpp"
#include "cutover/engine/left_behind.hpp"
#include "cutover/estate/leads.hpp"
#include "cutover/gate/changed_schema.hpp"
#include "cutover/gate/database_state.hpp"
#include "cutover/gate/gate.hpp"
#include "cutover/gate/gate_risks.hpp"
#include "cutover/gate/login_trials.hpp"
#include "cutover/gate/rights.hpp"
#include "cutover/gate/unfilled_views.hpp"
#include "cutover/gate/way_back.hpp"
#include "cutover/look/side_doubt.hpp"
#include "cutover/runbook/walks.hpp"
#include "health/serve/probe.hpp"
#include "postgres/literals.hpp"
#include "postgres/quote.hpp"
#include "replication/compare/migrated_rows.hpp"
#include "replication/lane/lane_log.hpp"
#include "replication/marker/lane_watch.hpp"
#include "replication/marker/markers.hpp"
#include "replication/sequence/sequence_plan.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto gate_patience = std::chrono::seconds(20);

std::string array_of(const std::vector<int>& pids) {
    std::string text = "{";
    for (const int pid : pids) {
        text += (text.size() == 1 ? "" : ",") + std::to_string(pid);
    }
    return text + "}";
}

Task<void> read_database_facts(Context* context, Move move, std::string database, GateDatabase* facts) {
    const auto deadline = after(gate_patience);
    auto& from = context->estate.server(move.from);
    auto& to = context->estate.server(move.to);
    facts->name = database;
    const std::string again = move.to == Side::green ? "pgteal cutover" : "pgteal switch-back";
    co_await refuse_lockers(&from, database, again, deadline);
    co_await refuse_lockers(&to, database, again, deadline);
    const auto from_row = co_await read_run_row(&from, database, deadline);
    const auto to_row = co_await read_run_row(&to, database, deadline);
    facts->run_ids = {from_row.run_id, to_row.run_id};
    facts->epochs = {from_row.epoch, to_row.epoch};
    facts->from_fenced = (co_await read_fence(&from, database, deadline)).read_only;
    facts->from_limit = recorded_limit(context->journal, database);
    facts->to_fenced = (co_await read_fence(&to, database, deadline)).up();
    const auto prepared = co_await from.exec(
        database, "SELECT gid, owner::text FROM pg_prepared_xacts WHERE database = current_database()", {},
        deadline);
    for (int i = 0; i < prepared.rows(); ++i) {
        facts->prepared_transactions.push_back(prepared.get<std::string>(i, 0));
    }
    postgres::Params age{std::to_string(to_seconds(context->estate.config().max_pause)),
                         array_of(from.pids())};
    const auto old = co_await from.exec(
        database,
        "SELECT pid, usename::text, application_name, extract(epoch FROM clock_timestamp() - "
        "xact_start)::float8, left(query, 60)"
        " FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        " AND pid <> pg_backend_pid() AND pid <> ALL ($2::int[])"
        // Another pgteal's (serve, compare) reads, and is ended with the others.
        " AND NOT (usename = current_user AND application_name LIKE 'pgteal%' AND backend_xid IS NULL)"
        " AND clock_timestamp() - xact_start > make_interval(secs => $1::float8)"
        " ORDER BY xact_start LIMIT 5",
        age, deadline);
    for (int i = 0; i < old.rows(); ++i) {
        facts->long_transactions.push_back(
            {old.get<int>(i, 0), old.get<std::optional<std::string>>(i, 1).value_or(""),
             std::string(old.text(i, 2)), from_seconds(old.get<double>(i, 3)),
             postgres::without_constants(old.text(i, 4), postgres::Constants::all)});
    }
    // The catalog keeps the word that was typed: off, false, no, 0 or a piece of one.
    const auto roles = co_await from.exec(
        database,
        "SELECT DISTINCT r.rolname::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole"
        " WHERE r.rolname <> current_user"
        " AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
        " AND EXISTS (SELECT FROM unnest(s.setconfig) AS c WHERE CASE WHEN c LIKE "
        "'default_transaction_read_only=%'"
        " THEN NOT split_part(c, '=', 2)::boolean END) ORDER BY 1",
        {}, deadline);
    for (int i = 0; i < roles.rows(); ++i) {
        facts->writing_roles.push_back(roles.get<std::string>(i, 0));
    }
    auto from_session = co_await from.session(database, deadline);
    auto to_session = co_await to.session(database, deadline);
    facts->superusers = co_await superuser_sessions(&from, database, deadline);
    facts->risks = co_await read_risks(context, move, database, deadline);
    const auto plan = co_await replication::read_carry_plan(*from_session, to_string(move.from), *to_session,
                                                            to_string(move.to), deadline);
    const auto from_sequences = co_await replication::read_sequences(*from_session, deadline);
    const auto to_sequences = co_await replication::read_sequences(*to_session, deadline);
    const auto measured = co_await replication::measure_columns(*to_session, plan, deadline);
    facts->carry = replication::carry(from_sequences, to_sequences, plan, measured);
    if (move.to == Side::blue) { // the way back is not held up by a view that nobody can read there
        const auto unfilled = co_await unfilled_views(&from, &to, database, "pgteal switch-back", deadline);
        if (unfilled) {
            facts->carry.notes.push_back(unfilled->message);
        }
        const auto kept = co_await replication::kept_in_words(*from_session, deadline);
        if (!kept.empty()) {
            facts->carry.notes.push_back("inserted on green by migrations, and never on blue: " + database +
                                         ": " + boost::algorithm::join(kept, ", ") +
                                         "; rows of blue that refer to them refer to nothing there");
        }
    }
    auto changed = co_await changed_database(&context->estate, &context->journal, move, database, deadline);
    if (changed && (move.to == Side::green || changed->read_only)) {
        facts->risks.push_back(std::move(changed->refusal));
    } else if (changed) { // the way back is not held up by it
        facts->carry.notes.push_back(changed->refusal.message);
    }
    context->executor.set(replication::binding_for("sequence_plan", database), replication::to_json(plan));
}

Task<void> read_lane_facts(Context* context, Move move, std::string database, std::vector<GateLane>* lanes) {
    auto& from = context->estate.server(move.from);
    auto& to = context->estate.server(move.to);
    const auto active = context->estate.lanes(move.from, database);
    // After a restart of either server it takes the worker five seconds to try again; what is amiss beyond
    // that is judged from the facts below.
    co_await replication::await_running(from, to, active);
    const auto lags = co_await replication::measure_lag(from, to, active, std::chrono::seconds(3));
    for (const auto& lane : active) {
        GateLane facts;
        facts.lane = lane;
        facts.lag = lags.at(lane.number);
        facts.active = co_await replication::read_lane(from, to, lane, after(gate_patience));
        if (facts.active.enabled && !facts.active.worker) {
            auto told = co_await replication::read_apply_failure(to, lane, after(gate_patience));
            facts.told = std::move(told);
        }
        auto back = lane;
        back.publisher = to_string(move.to);
        facts.armed = co_await replication::read_lane(to, from, back, after(gate_patience));
        lanes->push_back(std::move(facts));
    }
}

Task<void> read_stream_facts(Context* context, Move move, std::vector<GateDatabase>* databases) {
    auto streams = co_await read_streams(&context->estate, move.from, after(gate_patience));
    for (std::size_t i = 0; i < streams.size(); ++i) {
        (*databases)[i].streams = std::move(streams[i]);
    }
}

/// A client's way in, read only: what confirm will do after the switch has to work before it. Says in `facts`
/// what is wrong.
Task<void> probe_entry(Context* context, Move move, std::string entry, GatePooler* facts, Deadline deadline) {
    auto& unit = context->estate.pooler(facts->name);
    const auto from = co_await context->estate.server(move.from).identity(after(gate_patience));
    std::string reached;
    try {
        const auto dsn = unit.config.probe.with_database(entry);
        const auto probed = co_await health::probe(dsn, facts->name, false, deadline);
        reached = probed.system_identifier;
    } catch (const Error& error) {
        if (!facts->probe) {
            facts->probe = Refusal{facts->name,
                                   "pgteal can't log in through entry " + entry + " of " + facts->name +
                                       " as a client: " + error.what(),
                                   "mend the login (auth_file, or probe in [[pooler]]), then try again"};
        }
        co_return;
    }
    if (reached == from.system_identifier) {
        co_return;
    }
    const auto to = co_await context->estate.server(move.to).identity(after(gate_patience));
    const auto& target = facts->wanted.at(entry);
    Refusal refusal{facts->name,
                    "entry " + entry + " of " + facts->name + " answers from another server than " +
                        to_string(move.from) + " (system identifier " + reached + ", not " +
                        from.system_identifier + "), though it leads to " + target.host + ":" + target.port +
                        ". What clients wrote there is not on " + to_string(move.from),
                    "see that " + target.host + ":" + target.port + " is " + to_string(move.from) +
                        " for the pooler, too (DNS, proxy, tunnel); on the console of " + facts->name +
                        ":  RECONNECT " + postgres::quote_identifier(entry) + ";  then run " +
                        (move.to == Side::green ? "pgteal cutover" : "pgteal switch-back") + " again"};
    auto& said = reached == to.system_identifier ? facts->probe : facts->elsewhere;
    if (!said) {
        said = std::move(refusal);
    }
}

Task<void> read_pooler_facts(Context* context, Move move, PoolerBaseline baseline,
                             std::vector<GatePooler>* poolers) {
    GatePooler facts;
    facts.name = baseline.name;
    facts.path = baseline.path;
    const auto deadline = after(std::chrono::seconds(10));
    auto& console = *context->estate.pooler(baseline.name).console;
    const auto settings = co_await console.settings(deadline);
    facts.query_wait_timeout = settings.query_wait_timeout;
    facts.session_pools = settings.session_pools;
    facts.replication_clients = settings.replication_clients;
    facts.entries = co_await console.entries(deadline);
    const auto spelled = co_await spell_as_config(&context->estate, facts.entries, deadline);
    for (const auto& entry : new_entries(context->estate.config(), move.from, baseline, spelled.entries)) {
        facts.left_behind.push_back(entry.name);
    }
    if (context->estate.pooler(baseline.name).config.entries.empty()) {
        facts.doubts = spelled.doubts;
        std::erase_if(facts.doubts,
                      [&baseline](const auto& doubt) { return baseline.entries.contains(doubt.first); });
    }
    facts.wanted = targets_for(context->estate.config(), move.from, baseline);
    for (const auto& [entry, user] : settings.pools) {
        if (facts.wanted.contains(entry)) {
            facts.users.insert(user);
        }
    }
    for (const auto& entry : facts.entries) {
        if (facts.wanted.contains(entry.name) && !entry.force_user.empty()) {
            facts.users.insert(entry.force_user);
        }
    }
    const auto file = pooler::read_config(baseline.path);
    facts.file_changed = file.hash != baseline.hash;
    std::vector<std::string> names;
    for (const auto& [entry, target] : baseline.entries) {
        names.push_back(entry);
    }
    facts.clients = co_await console.clients(names, deadline);
    // On the way back it is a warning, of the side that nobody wants: no reason to wait long for it.
    const auto until = after(std::chrono::seconds(move.to == Side::blue ? 3 : 10));
    for (const auto& name : names) {
        co_await probe_entry(context, move, name, &facts,
                             move.to == Side::blue ? until : after(std::chrono::seconds(10)));
    }
    poolers->push_back(std::move(facts));
}

/// Those of a pooler that was left out count: that it is dead is known.
std::vector<std::string> without_entry(const Context& context) {
    const auto baselines = every_recorded_pooler(context.journal);
    std::vector<std::string> missing;
    for (const auto& database : context.estate.config().database_names()) {
        const bool led_to = std::any_of(baselines.begin(), baselines.end(), [&database](const auto& one) {
            return std::any_of(one.entries.begin(), one.entries.end(),
                               [&database](const auto& entry) { return entry.second.database == database; });
        });
        if (!led_to && !baselines.empty()) {
            missing.push_back(database);
        }
    }
    return missing;
}

Task<std::vector<Refusal>> unknown_logins(Context* context, Move move,
                                          const std::vector<GatePooler>* poolers) {
    std::vector<health::ForcedUser> forced;
    for (const auto& pooler : *poolers) {
        for (const auto& entry : pooler.entries) {
            if (pooler.wanted.contains(entry.name) && !entry.force_user.empty()) {
                forced.push_back({entry.force_user, entry.database});
            }
        }
    }
    const auto result =
        co_await check_logins(&context->estate, move.from, move.to, std::move(forced), after(gate_patience));
    co_return refusals_of(result);
}

Task<Observation> look_at_gate(Context* context, Move move) {
    Observation seen;
    // First of all: a side that went back in time makes good facts of whatever comes after.
    if (const auto doubt = co_await doubt_at_gate(context)) {
        co_return refused({*doubt});
    }
    GateFacts facts;
    facts.move = move;
    facts.max_lag = context->estate.config().max_lag;
    facts.max_pause = context->estate.config().max_pause;
    facts.run_id = context->progress().run_id;
    std::vector<Task<void>> reads;
    facts.databases.resize(context->estate.config().databases.size());
    const auto& accepted = context->estate.config().accept;
    facts.switch_back_given_up = std::find(accepted.begin(), accepted.end(), "switch-back") != accepted.end();
    // On sessions that are warm already, before the others need them.
    co_await read_stream_facts(context, move, &facts.databases);
    std::vector<std::vector<GateLane>> lanes(facts.databases.size());
    const auto names = context->estate.config().database_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        reads.push_back(read_database_facts(context, move, names[i], &facts.databases[i]));
        reads.push_back(read_lane_facts(context, move, names[i], &lanes[i]));
    }
    const auto baselines = recorded_poolers(context->journal);
    std::vector<std::vector<GatePooler>> poolers(baselines.size());
    for (std::size_t i = 0; i < baselines.size(); ++i) {
        reads.push_back(read_pooler_facts(context, move, baselines[i], &poolers[i]));
    }
    co_await all(std::move(reads));
    for (auto& some : lanes) {
        facts.lanes.insert(facts.lanes.end(), some.begin(), some.end());
    }
    for (auto& some : poolers) {
        facts.poolers.insert(facts.poolers.end(), some.begin(), some.end());
    }
    facts.without_entry = without_entry(*context);
    facts.logins = co_await unknown_logins(context, move, &facts.poolers);
    facts.changed_schemas = co_await changed_schemas(context, after(gate_patience));
    if (move.to == Side::blue) {
        const auto behind = left_behind(context->journal);
        facts.left_behind.assign(behind.begin(), behind.end());
    }
    context->executor.results().warnings = warnings_of(facts);
    auto refusals = judge(facts);
    const auto files = refused_files(*context);
    refusals.insert(refusals.end(), files.begin(), files.end());
    if (refusals.empty()) { // the dearest comes last
        refusals = co_await refused_logins(context, move, true);
    }
    if (!refusals.empty()) {
        co_return refused(refusals);
    }
    seen.state = State::done;
    seen.summary = summary_of(facts);
    co_return seen;
}

} // namespace

void walk_gate(Step& step, Context& context, Move move) {
    step.walk([c = &context, move] { return look_at_gate(c, move); }, nothing, nothing);
}

} // namespace pgteal::cutover
