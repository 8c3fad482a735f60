// stage, pause, fence, marker, barrier, sequences: from "clients write to `from`" to "everything they wrote
// is flushed on `to`".
#include <fmt/format.h>

#include "base/error.hpp"
#include "cutover/fence/fence.hpp"
#include "cutover/fence/own_tables.hpp"
#include "cutover/fence/run_row.hpp"
#include "cutover/gate/way_back.hpp"
#include "cutover/look/side_doubt.hpp"
#include "cutover/runbook/runbook.hpp"
#include "postgres/quote.hpp"
#include "replication/marker/markers.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto patience = std::chrono::seconds(20);

std::vector<Action> nothing(const Observation& seen) {
    static_cast<void>(seen);
    return {};
}

Task<Observation> absent() { co_return Observation{}; }

/// The idle direction's lanes, which `to` publishes, in the order of Estate::lanes().
using IdleLanes = std::vector<replication::LaneState>;

Task<Observation> observe_stage(Context* context, Move move) {
    Observation seen;
    IdleLanes idle = co_await lane_states(&context->estate, move.to, after(patience));
    seen.seen = std::move(idle);
    const auto baselines = recorded_poolers(context->journal);
    const bool all_staged = std::all_of(baselines.begin(), baselines.end(), [context](const auto& one) {
        return context->executor.staged(one.name);
    });
    seen.state = all_staged ? State::done : State::absent;
    seen.summary = "new config written beside the old on " + std::to_string(baselines.size()) +
                   (baselines.size() == 1 ? " pooler" : " poolers");
    co_return seen;
}

std::vector<Action> plan_stage(Context* context, Move move, const Observation& seen) {
    std::vector<Action> actions;
    // On the way back what the idle direction has lost is made again, and done without where it can't be.
    const bool spared = move.to == Side::blue;
    const auto idle = context->estate.lanes(move.to);
    const auto* states = std::any_cast<IdleLanes>(&seen.seen);
    for (std::size_t i = 0; spared && states != nullptr && i < idle.size(); ++i) {
        for (auto& action : remake_lane(idle[i], states->at(i), spared, 0)) {
            actions.push_back(std::move(action));
        }
    }
    for (const auto& baseline : recorded_poolers(context->journal)) {
        actions.push_back({StageConfig{baseline.name, baseline.path,
                                       targets_for(context->estate.config(), move.to, baseline)},
                           0});
    }
    for (const auto& database : context->estate.config().database_names()) {
        for (const auto side : {move.from, move.to}) {
            actions.push_back(
                sql(side,
                    {database,
                     postgres::from_template("UPDATE pgteal.run SET controller = :'attempt' WHERE epoch = ") +
                         std::to_string(move.epoch - 1),
                     {}},
                    0));
        }
    }
    for (const auto& database : context->estate.config().database_names()) {
        for (const auto side : {move.from, move.to}) {
            actions.push_back(sql(side, warm_statement(database), 2));
        }
    }
    // The idle direction's slots are moved up, so that they have little to read when they start, and keep no
    // WAL for nothing.
    for (const auto& database : context->estate.config().databases) {
        actions.push_back(sql(move.to,
                              {database.name,
                               "SELECT pg_current_wal_flush_lsn() AS now",
                               {replication::binding_for("now", database.name)}},
                              0));
        for (const auto& lane : context->estate.lanes(move.to, database.name)) {
            Sql advance{move.to,
                        replication::advance_slot(lane, replication::binding_for("now", database.name))};
            advance.limit = std::chrono::minutes(4);
            advance.spared = spared;
            actions.push_back({std::move(advance), 1});
        }
    }
    return actions;
}

Task<Observation> observe_pause(Context* context) {
    Observation seen;
    std::size_t paused = 0;
    std::size_t entries = 0;
    for (const auto& baseline : recorded_poolers(context->journal)) {
        for (const auto& entry :
             co_await context->estate.pooler(baseline.name).console->entries(after(console_patience))) {
            if (baseline.entries.contains(entry.name)) {
                ++entries;
                paused += entry.paused ? 1U : 0U;
            }
        }
    }
    seen.state = paused == 0 ? State::absent : paused == entries ? State::done : State::partial;
    co_return seen;
}

std::vector<Action> plan_pause(Context* context) {
    std::vector<Action> actions;
    for (const auto& baseline : recorded_poolers(context->journal)) {
        for (const auto& [entry, target] : baseline.entries) {
            actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::pause, entry}, 0});
        }
        // After the entries' PAUSEs, which PgBouncer refuses under a global one: from here on it starts no
        // server login.
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::raise_shield, {}}, 1});
    }
    return actions;
}

Task<Observation> observe_fence(Context* context, Move move) {
    Observation seen;
    std::size_t up = 0;
    const auto& databases = context->estate.config().databases;
    for (const auto& database : databases) {
        const auto fence =
            co_await read_fence(&context->estate.server(move.from), database.name, after(patience));
        up += fence.read_only ? 1U : 0U;
    }
    seen.state = up == 0 ? State::absent : up == databases.size() ? State::done : State::partial;
    co_return seen;
}

std::vector<Action> plan_fence(Context* context, Move move) {
    std::vector<Action> actions;
    for (const auto& database : context->estate.config().databases) {
        auto fence = fence_statement(database.name, move.epoch - 1, context->estate.config().max_pause);
        fence.text = require_seen_text(move.from) + fence.text;
        actions.push_back(sql(move.from, std::move(fence)));
    }
    return actions;
}

std::vector<Action> undo_fence(Context* context, Move move) {
    std::vector<Action> actions;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back(
            sql(move.from, {database.name,
                            "BEGIN; " + postgres::SqlText(take_run_row_text(true)) + "; " +
                                require_epoch_text(move.epoch - 1) + "; " + require_own_attempt_text() +
                                "; UPDATE pgteal.run SET controller = NULL; " +
                                lift_fence(context->journal, database.name) + "; COMMIT",
                            {}}));
    }
    return actions;
}

} // namespace

std::vector<Action> resume_actions(Context& context) {
    std::vector<Action> actions;
    for (const auto& baseline : recorded_poolers(context.journal)) {
        for (const auto& [entry, target] : baseline.entries) {
            actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::resume, entry}, 0});
        }
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::lower_shield, {}}, 0});
    }
    return actions;
}

Step stage_step(Context& context, Move move) {
    Step step;
    step.id = "stage";
    step.title = "Lay out what the pause needs";
    step.makes_true =
        "The rewritten pooler configs lie beside the old ones, flushed; the slots of the way back are fresh.";
    step.writers_after = Writers::from;
    step.deadline = std::chrono::minutes(5);
    step.observe = [c = &context, move] { return observe_stage(c, move); };
    step.plan = [c = &context, move](const Observation& seen) { return plan_stage(c, move, seen); };
    step.undo = nothing;
    return step;
}

Step pause_step(Context& context, Move move) {
    static_cast<void>(move);
    Step step;
    step.id = "pause";
    step.title = "Hold the clients";
    step.makes_true = "Every pooler holds its clients; no transaction of theirs is open.";
    step.writers_after = Writers::from;
    step.in_pause = true;
    step.each_place_alone = true;
    step.observe_after = false;
    step.observe = [c = &context] { return observe_pause(c); };
    step.plan = [c = &context](const Observation&) { return plan_pause(c); };
    step.undo = [c = &context](const Observation&) {
        auto actions = resume_actions(*c);
        for (const auto& baseline : recorded_poolers(c->journal)) {
            actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::settle, {}}, 1});
        }
        return actions;
    };
    step.summary = [c = &context] {
        const auto count = recorded_poolers(c->journal).size();
        return std::to_string(count) + (count == 1 ? " pooler" : " poolers") + " drained";
    };
    return step;
}

Step fence_step(Context& context, Move move) {
    Step step;
    step.id = "fence";
    step.title = "Fence the old side";
    step.makes_true =
        "No client can write to the side that served, past any pooler, in any session, old or new.";
    step.writers_after = Writers::none;
    step.in_pause = true;
    step.observe_after = false;
    step.observe = [c = &context, move] { return observe_fence(c, move); };
    step.plan = [c = &context, move](const Observation&) { return plan_fence(c, move); };
    step.undo = [c = &context, move](const Observation&) { return undo_fence(c, move); };
    step.summary = [c = &context, move] {
        int ended = 0;
        for (const auto& database : c->estate.config().databases) {
            const auto found = c->executor.bindings().find(replication::binding_for("ended", database.name));
            ended += found == c->executor.bindings().end() ? 0 : std::atoi(found->second.value.c_str());
        }
        return to_string(move.from) + " read-only, " + std::to_string(ended) + " direct sessions ended";
    };
    return step;
}

Step marker_step(Context& context, Move move) {
    Step step;
    step.id = "marker";
    step.title = "Commit a marker in every lane";
    step.makes_true = "A row that comes after every write of the old side is on its way in every lane.";
    step.writers_after = Writers::none;
    step.in_pause = true;
    step.observe_after = false;
    step.observe = absent;
    step.plan = [c = &context, move](const Observation&) {
        std::vector<Action> actions;
        for (const auto& database : c->estate.config().databases) {
            actions.push_back(
                sql(move.from, replication::write_markers(database.name, database.lanes, "barrier")));
        }
        return actions;
    };
    step.undo = nothing;
    return step;
}

Step barrier_step(Context& context, Move move) {
    Step step;
    step.id = "barrier";
    step.title = "Wait for the barrier";
    step.makes_true = "Every commit made before the fence is present on the new side, and flushed there.";
    step.writers_after = Writers::none;
    step.in_pause = true;
    step.observe_after = false;
    step.observe = absent;
    step.plan = [c = &context, move](const Observation&) {
        std::vector<Action> actions;
        for (const auto& database : c->estate.config().databases) {
            auto barrier = replication::await_markers(database.name, database.lanes, "barrier",
                                                      c->estate.config().max_pause);
            barrier.text = require_seen_text(move.to) + barrier.text;
            actions.push_back(sql(move.to, std::move(barrier)));
        }
        return actions;
    };
    step.undo = nothing;
    step.summary = [c = &context, move] {
        std::string where;
        for (const auto& database : c->estate.config().databases) {
            const auto found = c->executor.bindings().find(replication::binding_for("flush", database.name));
            where = found == c->executor.bindings().end() ? where : found->second.value;
        }
        const auto lanes = c->estate.lanes(move.from).size();
        return std::to_string(lanes) + (lanes == 1 ? " lane" : " lanes") + ", flushed on " +
               to_string(move.to) + " at " + where;
    };
    return step;
}

Step still_step(Context& context, Move move) {
    Step step;
    step.id = "still";
    step.title = "Look behind the fence once more";
    step.makes_true = "Past the fence nobody is there on the side that served, not even a superuser.";
    step.writers_after = Writers::none;
    step.in_pause = true;
    step.observe_after = false;
    step.with_previous = true;
    step.observe = absent;
    step.plan = [c = &context, move](const Observation&) {
        std::vector<Action> actions;
        for (const auto& database : c->estate.config().databases) {
            actions.push_back(sql(move.from, still_statement(database.name)));
        }
        return actions;
    };
    step.undo = nothing;
    return step;
}

/// After the barrier and not beside it: what is applied last may carry values that a column is measured for,
/// and a TRUNCATE ... RESTART IDENTITY.
Step sequences_step(Context& context, Move move) {
    Step step;
    step.id = "sequences";
    step.title = "Carry the sequences";
    step.makes_true = "No sequence of the new side can return a value that was returned before.";
    step.writers_after = Writers::none;
    step.in_pause = true;
    step.observe_after = false;
    step.observe = absent;
    step.plan = [c = &context, move](const Observation&) {
        std::vector<Action> actions;
        for (const auto& database : c->estate.config().databases) {
            actions.push_back({CarrySequences{database.name, move.from}, 0});
        }
        return actions;
    };
    step.undo = nothing;
    step.summary = [c = &context] {
        return std::to_string(c->executor.results().sequences) + ", none moved back";
    };
    return step;
}

} // namespace pgteal::cutover
