// retarget, switch, resume, turn: from "everything is on `to`" to "clients write to `to`, and `from`
// follows it".
#include "base/error.hpp"
#include "cutover/fence/run_row.hpp"
#include "cutover/gate/way_back.hpp"
#include "cutover/runbook/runbook.hpp"
#include "cutover/runbook/walks.hpp"
#include "postgres/quote.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto turn_patience = std::chrono::seconds(20);

/// Whole file, shield, RELOAD, read-back: for each pooler in this order, all poolers at once.
Actions retarget_actions(Context& context, Side side) {
    Actions actions;
    for (const auto& baseline : recorded_poolers(context.journal)) {
        const auto targets = targets_for(context.estate.config(), side, baseline);
        actions.push_back({InstallConfig{baseline.name, baseline.path, targets}, 0});
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::raise_shield, {}},
                           0}); // up already, unless this is a way back
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::reload, {}}, 0});
        actions.push_back({VerifyPooler{baseline.name, targets}, 0});
    }
    return actions;
}

bool entry_points(const std::vector<pooler::Entry>& entries, const std::string& name,
                  const pooler::Target& target) {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
        return entry.name == name && entry.host == target.host && entry.port == target.port &&
               entry.database == target.database;
    });
}

/// Both the running pooler and its file have to say `to`: a pooler that restarts believes its file.
Task<Observation> look_at_retarget(Context* context, Move move) {
    Observation seen;
    std::size_t right = 0;
    std::size_t total = 0;
    for (const auto& baseline : recorded_poolers(context->journal)) {
        const auto targets = targets_for(context->estate.config(), move.to, baseline);
        const auto entries =
            co_await context->estate.pooler(baseline.name).console->entries(after(console_patience));
        const auto in_file = pooler::targets_in(pooler::read_config(baseline.path).text);
        for (const auto& [name, target] : targets) {
            ++total;
            const auto written = in_file.find(name);
            right +=
                entry_points(entries, name, target) && written != in_file.end() && written->second == target
                    ? 1U
                    : 0U;
        }
    }
    seen.state = right == total ? State::done : right == 0 ? State::absent : State::partial;
    seen.summary = std::to_string(total) + " entries";
    co_return seen;
}

// ---- switch

struct SwitchSeen {
    bool recorded = false;
    std::vector<std::string> todo;   ///< databases of `to` that don't know it yet
    std::vector<std::string> closed; ///< those that do, and are fenced again: a return that was broken off
};

Task<Sight<SwitchSeen>> look_at_switch(Context* context, Move move) {
    SwitchSeen found;
    const auto progress = context->progress();
    found.recorded = progress.active && progress.epoch == move.epoch && progress.serving == move.to;
    for (const auto& database : context->estate.config().databases) {
        const auto row =
            co_await read_run_row(&context->estate.server(move.to), database.name, after(turn_patience));
        const auto fence =
            co_await read_fence(&context->estate.server(move.to), database.name, after(turn_patience));
        if (row.epoch > move.epoch) {
            Observation conflict;
            conflict.state = State::conflict;
            conflict.side = to_string(move.to);
            conflict.evidence = "database " + database.name + " is at epoch " + std::to_string(row.epoch) +
                                " already: another controller went on";
            conflict.hint = "run pgteal from where the newest journal is";
            co_return conflict;
        }
        if (row.epoch != move.epoch) {
            found.todo.push_back(database.name);
        } else if (fence.read_only || fence.connection_limit == 0) {
            found.closed.push_back(database.name);
        }
    }
    Observation seen;
    const bool open = found.todo.empty() && found.closed.empty();
    seen.state = found.recorded && open ? State::done : found.recorded ? State::partial : State::absent;
    seen.summary = "epoch " + std::to_string(move.epoch) + ": " + to_string(move.to) + " serves";
    co_return Sight<SwitchSeen>(std::move(seen), std::move(found));
}

Actions todo_of_switch(Context* context, Move move, const SwitchSeen& found) {
    Actions actions;
    if (!found.recorded) {
        actions.push_back({RecordSwitch{move.to, move.epoch}, 0});
    }
    for (const auto& database : found.todo) {
        if (found.recorded) { // by another process, maybe: whose own switch is void from here on
            actions.push_back(
                sql(move.to,
                    {database,
                     postgres::from_template(
                         "BEGIN READ WRITE; SET LOCAL synchronous_commit = local; UPDATE pgteal.run SET "
                         "controller = :'attempt' WHERE epoch = ") +
                         std::to_string(move.epoch - 1) + "; COMMIT",
                     {}},
                    0));
        }
        const auto text =
            "BEGIN; " + require_epoch_text(move.epoch - 1) + "; " + require_attempt_text() +
            "; UPDATE pgteal.run SET epoch = " + std::to_string(move.epoch) +
            ", serving = " + postgres::quote_literal(to_string(move.to)) +
            ", reverse_start = " + postgres::late_literal(replication::binding_for("insert", database)) +
            ", switched_at = clock_timestamp(); " + lift_fence(context->journal, database) + "; COMMIT";
        actions.push_back(sql(move.to, {database, text, {}}, 1));
    }
    for (const auto& database : found.closed) {
        const auto text = "BEGIN READ WRITE; " + require_epoch_text(move.epoch) + "; " +
                          lift_fence(context->journal, database) + "; COMMIT";
        actions.push_back(sql(move.to, {database, text, {}}, 1));
    }
    return actions;
}

// ---- resume

Task<Observation> look_at_resume(Context* context, Move move) {
    auto seen = co_await look_at_retarget(context, move);
    std::size_t paused = 0;
    for (const auto& baseline : recorded_poolers(context->journal)) {
        for (const auto& entry :
             co_await context->estate.pooler(baseline.name).console->entries(after(console_patience))) {
            paused += baseline.entries.contains(entry.name) && entry.paused ? 1U : 0U;
        }
    }
    // The shield does not show in SHOW DATABASES: it counts as lowered once this process has done so.
    const bool done = seen.state == State::done && paused == 0 && context->executor.resumed();
    seen.state = done ? State::done : State::partial;
    co_return seen;
}

// ---- turn

struct TurnSeen {
    std::vector<replication::Lane> running; ///< published by `from`, still enabled or with a worker
    std::vector<replication::Lane> waiting; ///< published by `to`, not enabled yet
    std::set<std::string> halted;           ///< databases with a lane that can't be turned
    std::vector<std::string> behind;        ///< databases of `from` that don't know the epoch
};

Task<Sight<TurnSeen>> look_at_turn(Context* context, Move move) {
    TurnSeen found;
    const auto old_lanes = context->estate.lanes(move.from);
    const auto old_states = co_await lane_states(&context->estate, move.from, after(turn_patience));
    for (std::size_t i = 0; i < old_lanes.size(); ++i) {
        if (old_states[i].enabled || old_states[i].worker) {
            found.running.push_back(old_lanes[i]);
        }
    }
    const auto new_lanes = context->estate.lanes(move.to);
    const auto new_states = co_await lane_states(&context->estate, move.to, after(turn_patience));
    for (std::size_t i = 0; i < new_lanes.size(); ++i) {
        const auto& state = new_states[i];
        if (state.enabled) {
            continue;
        }
        // Without them `from` can't follow, which is no reason for those that can to stay behind.
        if (missing_parts(state).empty()) {
            found.waiting.push_back(new_lanes[i]);
        } else {
            found.halted.insert(new_lanes[i].database);
            context->executor.results().halted.insert(new_lanes[i].name() + " (" + missing_parts(state) +
                                                      ")");
        }
    }
    for (const auto& database : context->estate.config().databases) {
        const auto row =
            co_await read_run_row(&context->estate.server(move.from), database.name, after(turn_patience));
        if (row.epoch != move.epoch) {
            found.behind.push_back(database.name);
        }
    }
    Observation seen;
    bool turned = found.running.empty() && found.waiting.empty() && found.behind.empty();
    for (const auto& database : context->estate.config().database_names()) {
        turned = turned && (found.halted.contains(database) || context->executor.canary_back(database));
    }
    seen.state = turned ? State::done : State::partial;
    seen.summary = found.halted.empty()
                       ? "canary back on " + to_string(move.from) + ", which follows " + to_string(move.to)
                       : to_string(move.from) + " does not follow: a lane is not whole";
    co_return Sight<TurnSeen>(std::move(seen), std::move(found));
}

/// The old direction's worker must be gone before the new one applies anything: it would carry that back.
postgres::Statement await_worker_gone(const replication::Lane& lane) {
    return {lane.database,
            "DO $gone$ BEGIN FOR i IN 1..15000 LOOP PERFORM pg_stat_clear_snapshot(); PERFORM 1 FROM "
            "pg_stat_subscription WHERE subname = " +
                postgres::quote_literal(lane.object()) +
                " AND pid IS NOT NULL; EXIT WHEN NOT FOUND; IF i = 15000 THEN RAISE EXCEPTION 'the apply "
                "worker does not end' USING ERRCODE = '57014'; END IF;"
                " PERFORM pg_sleep(0.002); END LOOP; END $gone$",
            {}};
}

Actions todo_of_turn(Context* context, Move move, const TurnSeen& found) {
    Actions actions;
    for (const auto& lane : found.running) {
        actions.push_back(sql(move.to, replication::disable_subscription(lane), 0));
        actions.push_back(sql(move.to, await_worker_gone(lane), 1));
    }
    for (const auto& lane : found.waiting) {
        const auto start = replication::binding_for("insert", lane.database);
        actions.push_back(sql(move.from, replication::advance_origin(lane, start), 2));
        actions.push_back(sql(move.to, replication::advance_slot(lane, start), 2));
        actions.push_back(sql(move.from, replication::enable_subscription(lane), 4));
    }
    for (const auto& database : found.behind) {
        actions.push_back(sql(move.from,
                              {database,
                               "UPDATE pgteal.run SET epoch = " + std::to_string(move.epoch) +
                                   ", serving = " + postgres::quote_literal(to_string(move.to)) +
                                   ", switched_at = clock_timestamp()",
                               {}},
                              3));
    }
    for (const auto& database : context->estate.config().databases) {
        if (found.halted.contains(database.name)) {
            continue; // its canary waits for all lanes of the database
        }
        actions.push_back(
            sql(move.to, replication::write_markers(database.name, database.lanes, "canary"), 5));
        Sql canary;
        canary.side = move.from;
        canary.statement =
            replication::await_markers(database.name, database.lanes, "canary", std::chrono::seconds(60));
        canary.statement.gives.clear(); // the positions that the switch recorded must stay
        canary.canary = true;
        canary.limit = std::chrono::seconds(70);
        actions.push_back({std::move(canary), 6});
    }
    return actions;
}

} // namespace

void walk_retarget(Step& step, Context& context, Move move) {
    step.walk([c = &context, move] { return look_at_retarget(c, move); },
              [c = &context, move] { return retarget_actions(*c, move.to); },
              [c = &context, move] { return retarget_actions(*c, move.from); });
    step.summary = [c = &context] {
        std::size_t entries = 0;
        const auto baselines = recorded_poolers(c->journal);
        for (const auto& baseline : baselines) {
            entries += baseline.entries.size();
        }
        return std::to_string(entries) + (entries == 1 ? " entry on " : " entries on ") +
               std::to_string(baselines.size()) + (baselines.size() == 1 ? " pooler" : " poolers") +
               ", read back";
    };
}

void walk_switch(Step& step, Context& context, Move move) {
    step.walk<SwitchSeen>(
        {.look = [c = &context, move] { return look_at_switch(c, move); },
         .todo = [c = &context, move](const SwitchSeen& seen) { return todo_of_switch(c, move, seen); },
         .back = {},
         .expected =
             [c = &context] {
                 return SwitchSeen{false, c->estate.config().database_names(), {}};
             }});
    step.summary = [move] {
        return "epoch " + std::to_string(move.epoch) + ": " + to_string(move.to) + " serves";
    };
}

void walk_resume(Step& step, Context& context, Move move) {
    step.walk([c = &context, move] { return look_at_resume(c, move); },
              [c = &context] { return resume_actions(*c); });
}

void walk_turn(Step& step, Context& context, Move move) {
    step.walk<TurnSeen>(
        {.look = [c = &context, move] { return look_at_turn(c, move); },
         .todo = [c = &context, move](const TurnSeen& seen) { return todo_of_turn(c, move, seen); },
         .back = {},
         .expected =
             [c = &context, move] {
                 return TurnSeen{c->estate.lanes(move.from),
                                 c->estate.lanes(move.to),
                                 {},
                                 c->estate.config().database_names()};
             }});
}

} // namespace pgteal::cutover
