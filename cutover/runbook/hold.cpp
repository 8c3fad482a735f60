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
#include "cutover/runbook/walks.hpp"
#include "postgres/quote.hpp"
#include "replication/marker/markers.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto hold_patience = std::chrono::seconds(20);

Task<Observation> absent() { co_return Observation{}; }

/// The idle direction's lanes, which `to` publishes, in the order of Estate::lanes().
using IdleLanes = std::vector<replication::LaneState>;

Task<Sight<IdleLanes>> look_at_stage(Context* context, Move move) {
    Observation seen;
    IdleLanes idle = co_await lane_states(&context->estate, move.to, after(hold_patience));
    const auto baselines = recorded_poolers(context->journal);
    const bool all_staged = std::all_of(baselines.begin(), baselines.end(), [context](const auto& one) {
        return context->executor.staged(one.name);
    });
    seen.state = all_staged ? State::done : State::absent;
    seen.summary = "new config written beside the old on " + std::to_string(baselines.size()) +
                   (baselines.size() == 1 ? " pooler" : " poolers");
    co_return Sight<IdleLanes>(std::move(seen), std::move(idle));
}

Actions todo_of_stage(Context* context, Move move, const IdleLanes& states) {
    Actions actions;
    // On the way back what the idle direction has lost is made again, and done without where it can't be.
    const bool spared = move.to == Side::blue;
    const auto idle = context->estate.lanes(move.to);
    for (std::size_t i = 0; spared && i < states.size(); ++i) {
        for (auto& action : remake_lane(idle[i], states[i], spared, 0)) {
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

Task<Observation> look_at_pause(Context* context) {
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

Actions todo_of_pause(Context* context) {
    Actions actions;
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

Task<Observation> look_at_fence(Context* context, Move move) {
    Observation seen;
    std::size_t up = 0;
    const auto& databases = context->estate.config().databases;
    for (const auto& database : databases) {
        const auto fence =
            co_await read_fence(&context->estate.server(move.from), database.name, after(hold_patience));
        up += fence.read_only ? 1U : 0U;
    }
    seen.state = up == 0 ? State::absent : up == databases.size() ? State::done : State::partial;
    co_return seen;
}

Actions todo_of_fence(Context* context, Move move) {
    Actions actions;
    for (const auto& database : context->estate.config().databases) {
        auto fence = fence_statement(database.name, move.epoch - 1, context->estate.config().max_pause);
        fence.text = require_seen_text(move.from) + fence.text;
        actions.push_back(sql(move.from, std::move(fence)));
    }
    return actions;
}

Actions undo_fence(Context* context, Move move) {
    Actions actions;
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

Actions resume_actions(Context& context) {
    Actions actions;
    for (const auto& baseline : recorded_poolers(context.journal)) {
        for (const auto& [entry, target] : baseline.entries) {
            actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::resume, entry}, 0});
        }
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::lower_shield, {}}, 0});
    }
    return actions;
}

void walk_stage(Step& step, Context& context, Move move) {
    step.walk<IdleLanes>(
        {.look = [c = &context, move] { return look_at_stage(c, move); },
         .todo = [c = &context, move](const IdleLanes& states) { return todo_of_stage(c, move, states); },
         .back = [](const IdleLanes&) { return nothing(); },
         .expected = {}});
}

void walk_pause(Step& step, Context& context, Move) {
    step.walk([c = &context] { return look_at_pause(c); }, [c = &context] { return todo_of_pause(c); },
              [c = &context] {
                  auto actions = resume_actions(*c);
                  for (const auto& baseline : recorded_poolers(c->journal)) {
                      actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::settle, {}}, 1});
                  }
                  return actions;
              });
    step.summary = [c = &context] {
        const auto count = recorded_poolers(c->journal).size();
        return std::to_string(count) + (count == 1 ? " pooler" : " poolers") + " drained";
    };
}

void walk_fence(Step& step, Context& context, Move move) {
    step.walk([c = &context, move] { return look_at_fence(c, move); },
              [c = &context, move] { return todo_of_fence(c, move); },
              [c = &context, move] { return undo_fence(c, move); });
    step.summary = [c = &context, move] {
        int ended = 0;
        for (const auto& database : c->estate.config().databases) {
            const auto found = c->executor.bindings().find(replication::binding_for("ended", database.name));
            ended += found == c->executor.bindings().end() ? 0 : std::atoi(found->second.value.c_str());
        }
        return to_string(move.from) + " read-only, " + std::to_string(ended) + " direct sessions ended";
    };
}

void walk_marker(Step& step, Context& context, Move move) {
    const auto todo = [c = &context, move] {
        Actions actions;
        for (const auto& database : c->estate.config().databases) {
            actions.push_back(
                sql(move.from, replication::write_markers(database.name, database.lanes, "barrier")));
        }
        return actions;
    };
    step.walk(absent, todo, nothing);
}

void walk_barrier(Step& step, Context& context, Move move) {
    const auto todo = [c = &context, move] {
        Actions actions;
        for (const auto& database : c->estate.config().databases) {
            auto barrier = replication::await_markers(database.name, database.lanes, "barrier",
                                                      c->estate.config().max_pause);
            barrier.text = require_seen_text(move.to) + barrier.text;
            actions.push_back(sql(move.to, std::move(barrier)));
        }
        return actions;
    };
    step.walk(absent, todo, nothing);
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
}

void walk_recheck(Step& step, Context& context, Move move) {
    const auto todo = [c = &context, move] {
        Actions actions;
        for (const auto& database : c->estate.config().databases) {
            actions.push_back(sql(move.from, recheck_statement(database.name)));
        }
        return actions;
    };
    step.walk(absent, todo, nothing);
}

void walk_sequences(Step& step, Context& context, Move move) {
    const auto todo = [c = &context, move] {
        Actions actions;
        for (const auto& database : c->estate.config().databases) {
            actions.push_back({CarrySequences{database.name, move.from}, 0});
        }
        return actions;
    };
    step.walk(absent, todo, nothing);
    step.summary = [c = &context] {
        return std::to_string(c->executor.results().sequences) + ", none moved back";
    };
}

} // namespace pgteal::cutover
