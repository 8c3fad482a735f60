#include "cutover/switchover.hpp"

#include <array>
#include <csignal>

#include "cutover/epochs.hpp"
#include "cutover/pooler_settings.hpp"
#include "cutover/run_row.hpp"
#include "cutover/runbook.hpp"
#include "postgres/error.hpp"

namespace pgteal::cutover {

namespace {

Event attempt_event(EventKind kind, const Move& move, boost::json::object body = {}) {
    Event event;
    event.epoch = move.epoch;
    event.step = "switchover";
    event.kind = kind;
    event.body = std::move(body);
    return event;
}

/// The error as ours, whatever it was.
Error as_error(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const Error& known) {
        return known;
    } catch (const std::exception& other_error) {
        return {ErrorCode::internal, "controller", other_error.what()};
    }
}

/// What a keyboard or a dropped session sends has no effect while this lives: clients may be held. Bounded:
/// everything it guards has a deadline.
class SignalsIgnored {
public:
    SignalsIgnored() {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            before_[i] = std::signal(signals[i], SIG_IGN);
        }
    }
    ~SignalsIgnored() {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            std::signal(signals[i], before_[i]);
        }
    }
    SignalsIgnored(const SignalsIgnored&) = delete;
    SignalsIgnored& operator=(const SignalsIgnored&) = delete;

private:
    static constexpr std::array<int, 5> signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    std::array<void (*)(int), signals.size()> before_{};
};

Task<void> warm_pooler(PoolerUnit* unit, std::size_t entries, Deadline deadline) {
    co_await unit->console->warm(entries, deadline);
}
Task<void> warm_server(postgres::Server* server, std::vector<std::string> databases, Deadline deadline) {
    co_await server->warm(databases, 2, deadline);
}

/// The files as they are now are the ones that the next gate expects.
void record_files(Context* context) {
    auto baselines = recorded_poolers(context->journal);
    for (auto& baseline : baselines) {
        baseline.hash = pooler::read_config(baseline.path).hash;
    }
    record_poolers(context->journal, baselines);
}

void discard_files(Context* context) {
    for (const auto& baseline : recorded_poolers(context->journal)) {
        pooler::discard_staged(baseline.path);
    }
}

/// What clients live with now on the side that serves is what they get back, on whichever side.
Task<void> record_limits(Context* context, Side serving) {
    boost::json::object limits;
    boost::json::object settings;
    for (const auto& database : context->estate.config().databases) {
        const auto fence = co_await read_fence(&context->estate.server(serving), database.name,
                                               after(std::chrono::seconds(10)));
        limits[database.name] = fence.connection_limit;
        settings[database.name] = fence.setting;
    }
    context->journal.set_fact("limits", limits);
    context->journal.set_fact("read_only_settings", settings);
}

/// Without the gate: it only looks, and a side that doesn't answer would keep the way back from its end.
Steps joined(Switchover moved) {
    Steps steps(moved.before.begin() + 1, moved.before.end());
    for (auto& step : moved.pause) {
        steps.push_back(std::move(step));
    }
    return steps;
}

SwitchoverResult result_of(const Runner& runner, std::string outcome, Side serving, std::int64_t epoch) {
    return {std::move(outcome), serving, epoch, runner.pause_ms(), runner.times()};
}

/// After the switch point: on to the end, observed, as often as it takes.
Task<void> roll_forward(Context* context, Runner* runner, Move move) {
    const auto progress = context->progress();
    for (const auto& [name, value] : progress.bindings) {
        context->executor.set(std::string(name), std::string(value.as_string()));
    }
    const auto records = progress.attempt ? progress.attempt->steps : std::map<std::string, StepRecord>{};
    const auto steps = roll_forward_steps(*context, move);
    // A server or pooler that was killed may be back in a moment: clients wait for this, so it is tried for a
    // while.
    const std::function<Task<void>()> all_steps = [&] {
        return runner->roll_forward(&steps, move.epoch, records);
    };
    const std::function<void()> reconnect = [context] {
        context->estate.server(Side::blue).close_idle();
        context->estate.server(Side::green).close_idle();
    };
    co_await insist(all_steps, after(std::chrono::seconds(60)), reconnect);
}

Task<void> take_back(Context* context, Runner* runner, Move move) {
    const auto progress = context->progress();
    const auto records = progress.attempt ? progress.attempt->steps : std::map<std::string, StepRecord>{};
    const auto steps = joined(switchover_steps(*context, move));
    co_await runner->back(&steps, move.epoch, records);
    discard_files(context);
    context->journal.append(attempt_event(EventKind::aborted, move));
}

/// The databases of one side that clients may write to: their fence is down.
Task<std::vector<std::string>> open_databases(Context* context, Side side) {
    std::vector<std::string> open;
    for (const auto& database : context->estate.config().databases) {
        const auto fence =
            co_await read_fence(&context->estate.server(side), database.name, after(console_patience));
        if (!fence.up()) {
            open.push_back(database.name);
        }
    }
    co_return open;
}

/// An entry through which clients reach `side` now: "app of pgb1"; empty when there is none that can be seen.
Task<std::string> entry_served_by(Context* context, Side side) {
    for (const auto& baseline : recorded_poolers(context->journal)) {
        const auto targets = targets_for(context->estate.config(), side, baseline);
        std::vector<pooler::Entry> entries;
        try {
            entries =
                co_await context->estate.pooler(baseline.name).console->entries(after(console_patience));
        } catch (const Error&) {
            continue; // a pooler that is away serves nobody
        }
        for (const auto& entry : entries) {
            const auto target = targets.find(entry.name);
            if (target != targets.end() && !entry.paused && entry.host == target->second.host &&
                entry.port == target->second.port && entry.database == target->second.database) {
                co_return entry.name + " of " + baseline.name;
            }
        }
    }
    co_return std::string();
}

/// Whether `to` was opened in this database; if not, it won't be: a switch that is on its way there still,
/// held up by a COMMIT that hangs or a slow network, finds its attempt over. The row's lock waits for one
/// that is at work.
Task<bool> opened(Context* context, Move move, std::string database) {
    auto& server = context->estate.server(move.to);
    const auto row = co_await read_run_row(&server, database, after(console_patience));
    if (!row.present || row.epoch >= move.epoch) {
        co_return row.epoch >= move.epoch;
    }
    const auto text =
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = local; UPDATE "
        "pgteal.run SET controller = NULL WHERE epoch < " +
        std::to_string(move.epoch) + " RETURNING epoch; COMMIT";
    const auto results = co_await server.script(database, text, after(console_patience));
    co_return results.at(2).empty();
}

/// A recorded switch, looked at by another process: was `from` opened again by hand meanwhile, since `to` did
/// not answer, say? What it took since is not on `to` yet, so that going on to `to` would lose it. While no
/// database of `to` was opened the switch never came about, and can be taken back. Throws Error(conflict)
/// when that can't be told, or isn't so.
Task<bool> never_came_about(Context* context, Move move) {
    const auto from = to_string(move.from);
    const auto to = to_string(move.to);
    std::vector<std::string> open;
    std::string unseen;
    try {
        open = co_await open_databases(context, move.from);
    } catch (const Error& error) {
        unseen = error.what();
    }
    if (!unseen.empty()) {
        // It may be dead, which is no reason to keep clients waiting, or not let pgteal in and serve them.
        const auto entry = co_await entry_served_by(context, move.from);
        if (!entry.empty()) {
            throw Error(ErrorCode::conflict, from,
                        "the switch to " + to + " is recorded, but entry " + entry + " leads to " + from +
                            " and is not held; whether " + from +
                            " took writes since can't be told: " + unseen,
                        "let pgteal log in to " + from + ", then pgteal resume");
        }
        co_return false;
    }
    if (open.empty()) {
        co_return false;
    }
    const auto evidence =
        "database " + open.front() + " on " + from + " is open for clients, although the switch to " + to +
        " is recorded: somebody lifted its fence, and it may have taken writes that " + to + " has not; ";
    for (const auto& database : context->estate.config().databases) {
        bool was_opened = false;
        std::string silent;
        try {
            was_opened = co_await opened(context, move, database.name);
        } catch (const Error& error) {
            silent = error.what();
        }
        if (!silent.empty()) {
            throw Error(ErrorCode::conflict, from,
                        evidence + "whether " + to + " was opened can't be told: " + silent,
                        "bring " + to + " up, then pgteal resume: the switch is taken back if " + to +
                            " never served");
        }
        if (was_opened) {
            throw Error(ErrorCode::conflict, from, evidence + to + " was opened too",
                        "look for what " + from + " took since and write it to " + to + "; on " + from +
                            ": " + raise_fence_text(open.front()) + "; then pgteal resume");
        }
    }
    co_return true;
}

void complete(Context* context, const Move& move, double pause_ms) {
    record_files(context);
    discard_files(context);
    boost::json::object body;
    body["pause_ms"] = pause_ms;
    context->journal.append(attempt_event(EventKind::completed, move, std::move(body)));
}

/// What to do about a failure is decided by the journal: is the switch on disk?
Task<SwitchoverResult> settle_failed(Context* context, Runner* runner, Move move, Error cause) {
    bool switched = false;
    std::exception_ptr again;
    try {
        // When the journal can't be read it can't be told: that is no reason to take anything back.
        const auto progress = context->progress();
        switched = progress.attempt && progress.attempt->switched;
        // Clients are held: a side that hangs must not keep them for long.
        co_await require_newest_journal(context, switched ? move.epoch : move.epoch - 1,
                                        std::chrono::seconds(1));
        if (switched) {
            co_await roll_forward(context, runner, move);
            complete(context, move, runner->pause_ms());
        } else {
            co_await take_back(context, runner, move);
        }
    } catch (...) {
        again = std::current_exception();
    }
    if (again) {
        const auto second = as_error(again);
        auto result = result_of(*runner, "interrupted", switched ? move.to : move.from,
                                switched ? move.epoch : move.epoch - 1);
        throw SwitchoverFailed(
            second, std::string(cause.what()) + "; then: " + second.what(),
            std::string(switched ? "the switch is recorded, " : "the way back was not finished, ") +
                "clients may be held: run pgteal resume now",
            std::move(result));
    }
    if (!switched) {
        auto result = result_of(*runner, "aborted", move.from, move.epoch - 1);
        throw SwitchoverFailed(cause, cause.what(),
                               to_string(move.from) +
                                   " serves as before and clients go on; nothing is left of the attempt. "
                                   "Mend the cause, then run pgteal " +
                                   (move.to == Side::green ? "cutover" : "switch-back") + " again",
                               std::move(result));
    }
    co_return result_of(*runner, "switched", move.to, move.epoch);
}

} // namespace

Task<void> warm_up(Context* context, Deadline deadline) {
    const auto databases = context->estate.config().database_names();
    std::vector<Task<void>> tasks;
    for (const auto side : {Side::blue, Side::green}) {
        tasks.push_back(warm_server(&context->estate.server(side), databases, deadline));
    }
    for (const auto& baseline : recorded_poolers(context->journal)) {
        tasks.push_back(
            warm_pooler(&context->estate.pooler(baseline.name), baseline.entries.size(), deadline));
    }
    co_await all(std::move(tasks));
}

Task<SwitchoverResult> switchover(Context* context, Reporter* reporter, Side to) {
    const auto progress = context->progress();
    const Move move{other(to), to, progress.epoch + 1};
    const auto moved = switchover_steps(*context, move);
    Runner runner(context->journal, context->executor, *reporter);

    // The gate comes before the attempt is begun: a refusal leaves no trace.
    const auto& gate = moved.before.front();
    reporter->started(gate);
    const auto start = Clock::now();
    co_await warm_up(context, after(std::chrono::seconds(20)));
    const auto seen = co_await gate.observe();
    if (seen.state != State::done) {
        throw_conflict(gate, seen);
    }
    reporter->done(gate, seen.summary, to_ms(Clock::now() - start));

    const SignalsIgnored calm;
    co_await record_limits(context, move.from);
    co_await record_pooler_settings(&context->estate, &context->journal, after(std::chrono::seconds(10)));
    boost::json::object body;
    body["from"] = to_string(move.from);
    body["to"] = to_string(move.to);
    body["attempt"] = context->executor.attempt();
    context->journal.append(attempt_event(EventKind::begun, move, std::move(body)));
    std::exception_ptr error;
    try {
        const Steps stage(moved.before.begin() + 1, moved.before.end());
        co_await runner.forward(&stage, move.epoch, {});
        co_await runner.pause(&moved.pause, move.epoch, context->estate.config().max_pause);
        co_await runner.forward(&moved.after, move.epoch, {});
        complete(context, move, runner.pause_ms());
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        const auto cause = as_error(error);
        auto settled = co_await settle_failed(context, &runner, move, cause);
        co_return settled;
    }
    co_return result_of(runner, "switched", move.to, move.epoch);
}

Task<SwitchoverResult> settle_switchover(Context* context, Reporter* reporter) {
    const auto progress = context->progress();
    const auto& attempt = *progress.attempt;
    const Move move{attempt.from, attempt.to, attempt.epoch};
    Runner runner(context->journal, context->executor, *reporter);
    co_await require_newest_journal(context, attempt.switched ? move.epoch : move.epoch - 1);
    if (!attempt.token.empty()) {
        context->executor.set("begun_by", attempt.token);
    }
    bool forward = attempt.switched;
    if (forward) {
        forward = !co_await never_came_about(context, move);
    }
    if (forward) {
        co_await roll_forward(context, &runner, move);
        complete(context, move, 0);
        co_return result_of(runner, "switched", move.to, move.epoch);
    }
    co_await take_back(context, &runner, move);
    co_return result_of(runner, "aborted", move.from, move.epoch - 1);
}

} // namespace pgteal::cutover
