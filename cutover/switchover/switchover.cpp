#include "cutover/switchover/switchover.hpp"

#include <array>
#include <csignal>

#include "base/error.hpp"
#include "cutover/engine/left_behind.hpp"
#include "cutover/executor/pooler_settings.hpp"
#include "cutover/fence/run_row.hpp"
#include "cutover/gate/rights.hpp"
#include "cutover/look/epochs.hpp"
#include "cutover/look/side_doubt.hpp"
#include "cutover/runbook/runbook.hpp"
#include "cutover/switchover/came_about.hpp"
#include "cutover/switchover/confirm.hpp"
#include "cutover/switchover/switchover_parts.hpp"
#include "cutover/switchover/unswitch.hpp"

namespace pgteal::cutover {

namespace {

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

/// What clients live with now on the side that serves is what they get back, on whichever side.
Task<void> record_limits(Context* context, Side serving) {
    facts::ByName<int> limits;
    facts::ByName<std::string> settings;
    for (const auto& database : context->estate.config().databases) {
        const auto fence = co_await read_fence(&context->estate.server(serving), database.name,
                                               after(std::chrono::seconds(10)));
        limits[database.name] = fence.connection_limit;
        settings[database.name] = fence.setting;
    }
    context->journal.remember(facts::limits, limits);
    context->journal.remember(facts::read_only_settings, settings);
}

Task<void> take_back(Context* context, Runner* runner, Move move) {
    const auto progress = context->progress();
    const auto records = progress.attempt ? progress.attempt->steps : std::map<std::string, StepRecord>{};
    const auto steps = steps_of({Part::before, Part::held}, *context, move);
    co_await runner->back(&steps, move.epoch, records);
    discard_files(context);
    context->journal.append(attempt_event(EventKind::aborted, move));
}

/// What can be typed after a failure that left a switchover in its middle.
std::string resume_hint(const std::exception_ptr& error, bool switched) {
    if (overtaken_by_another(error)) {
        return overtaken_hint;
    }
    return std::string(switched ? "the switch is recorded, " : "the way back was not finished, ") +
           "clients may be held: run pgteal resume now";
}

/// What to do about a failure is decided by the journal: is the switch on disk?
Task<SwitchoverResult> settle_failed(Context* context, Runner* runner, Reporter* reporter, Move move,
                                     bool returning, Error cause) {
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
        throw SwitchoverFailed(second, std::string(cause.what()) + "; then: " + second.what(),
                               resume_hint(again, switched), std::move(result));
    }
    if (!switched) {
        auto result = result_of(*runner, "aborted", move.from, move.epoch - 1);
        const std::string command =
            move.to == Side::green ? "run pgteal cutover again" : "run pgteal switch-back again";
        // Who raised it may know how it is mended.
        const bool known = cause.hint().find(command) != std::string::npos;
        throw SwitchoverFailed(
            cause, cause.what(),
            to_string(move.from) + " serves as before and clients go on; nothing is left of the attempt. " +
                (known ? "To mend it: " + cause.hint() : "Mend the cause, then " + command),
            std::move(result));
    }
    auto concluded = co_await conclude(context, runner, reporter, move, returning);
    co_return concluded;
}

/// After unswitch(): the attempt is taken back like any other. Never forward from here on, whatever fails:
/// `from` may be open again.
Task<void> take_back_unswitched(Context* context, Runner* runner, Move move) {
    std::exception_ptr stuck;
    try {
        co_await take_back(context, runner, move);
    } catch (...) {
        stuck = std::current_exception();
    }
    if (stuck) {
        const auto error = as_error(stuck);
        throw SwitchoverFailed(error,
                               "no client could reach " + to_string(move.to) +
                                   "; the switch was put back, and then: " + error.what(),
                               resume_hint(stuck, false),
                               result_of(*runner, "interrupted", move.from, move.epoch - 1));
    }
}

[[noreturn]] void throw_returned(const Runner& runner, Move move) {
    const auto from = to_string(move.from);
    const auto to = to_string(move.to);
    const auto why = "no client could reach " + to + " through any pooler, and nothing was written there";
    auto result = result_of(runner, "returned", move.from, move.epoch - 1);
    if (runner.held_from()) {
        result.held = Clock::now() - *runner.held_from();
    }
    throw SwitchoverFailed(Error(ErrorCode::conflict, to, why), why + "; so " + from + " serves again",
                           "mend the way from the poolers to " + to +
                               " (pg_hba.conf, pooler_host, TLS); then " +
                               (move.to == Side::green ? "pgteal cutover" : "pgteal switch-back") + " again",
                           std::move(result));
}

/// A pooler that was left behind leads its clients to a fenced side until it is taken along, which is done
/// before anything else moves.
Task<void> take_all_along(Context* context, Runner* runner, Side serving) {
    const auto silent = co_await take_along(context, runner, serving);
    if (!silent.empty()) {
        const auto& [name, why] = *silent.begin();
        throw Error(ErrorCode::refused, name,
                    "pooler " + name + " was left behind when " + to_string(serving) +
                        " took over, and still does not answer: " + why,
                    "start it, then try again; if its machine is dead for good, take its section out of the "
                    "config and say accept = [\"pooler-gone\"] in [check]");
    }
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

Task<SwitchoverResult> switchover(Context* context, Reporter* reporter, Side to, bool returning) {
    const auto progress = context->progress();
    const Move move{other(to), to, progress.epoch + 1};
    Runner runner(context->journal, context->executor, *reporter);

    if (to == Side::blue) {
        co_await leave_silent_behind(context);
    } else {
        co_await take_all_along(context, &runner, move.from);
    }
    // The gate comes before the attempt is begun: a refusal leaves no trace.
    const auto gate = step_of(StepId::gate, *context, move);
    reporter->started(gate);
    const auto start = Clock::now();
    co_await warm_up(context, after(std::chrono::seconds(20)));
    const auto seen = co_await gate.observe();
    if (seen.state != State::done) {
        throw_conflict(gate, seen);
    }
    reporter->done(gate, seen.summary, Clock::now() - start);

    const SignalsIgnored calm;
    co_await record_limits(context, move.from);
    co_await record_pooler_settings(&context->estate, &context->journal, after(std::chrono::seconds(10)));
    boost::json::object body;
    body["from"] = to_string(move.from);
    body["to"] = to_string(move.to);
    body["attempt"] = context->executor.attempt();
    context->journal.append(attempt_event(EventKind::begun, move, std::move(body)));
    std::exception_ptr error;
    bool returned = false;
    try {
        const auto before = steps_of({Part::before}, *context, move);
        co_await runner.forward(&before, move.epoch, {});
        record_carried_rights(context);
        const auto held = steps_of({Part::held}, *context, move);
        co_await runner.pause(&held, move.epoch, context->estate.config().max_pause);
        // Before the lanes turn: a side that nobody reaches has nothing to carry back.
        const bool nobody = !returning && co_await nobody_reaches(context, move);
        if (nobody) {
            returning = true; // whatever comes of it, once is enough
            co_await unswitch(context, &runner, move);
            returned = true;
        }
        if (!returned) {
            const Steps turn{step_of(StepId::turn, *context, move)}; // then conclude()
            co_await runner.forward(&turn, move.epoch, {});
        }
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        const auto cause = as_error(error);
        auto settled = co_await settle_failed(context, &runner, reporter, move, returning, cause);
        co_return settled;
    }
    if (returned) {
        co_await take_back_unswitched(context, &runner, move);
        throw_returned(runner, move);
    }
    auto concluded = co_await conclude(context, &runner, reporter, move, returning);
    co_return concluded;
}

Task<SwitchoverResult> settle_switchover(Context* context, Reporter* reporter) {
    const auto progress = context->progress();
    Runner runner(context->journal, context->executor, *reporter);
    if (!progress.attempt) { // ended between the end of a switch and the way back from it
        const Move last{other(progress.serving), progress.serving, progress.epoch};
        co_await require_newest_journal(context, last.epoch);
        auto concluded = co_await conclude(context, &runner, reporter, last, false);
        co_return concluded;
    }
    const auto& attempt = *progress.attempt;
    const Move move{attempt.from, attempt.to, attempt.epoch};
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
        auto concluded = co_await conclude(context, &runner, reporter, move, attempt.returning);
        co_return concluded;
    }
    co_await take_back(context, &runner, move);
    if (attempt.returning) {
        const Move last{move.to, move.from, move.epoch - 1};
        auto concluded = co_await conclude(context, &runner, reporter, last, false);
        co_return concluded;
    }
    co_return result_of(runner, "aborted", move.from, move.epoch - 1);
}

Task<void> settle_for_way_back(Context* context, Reporter* reporter) {
    const auto progress = context->progress();
    const auto& attempt = *progress.attempt;
    const Move move{attempt.from, attempt.to, attempt.epoch};
    Runner runner(context->journal, context->executor, *reporter);
    co_await leave_silent_behind(context);
    co_await require_newest_journal(context, move.epoch);
    if (!attempt.token.empty()) {
        context->executor.set("begun_by", attempt.token);
    }
    if (co_await never_came_about(context, move)) {
        throw Error(ErrorCode::wrong_state, to_string(move.from),
                    "the switch to " + to_string(move.to) + " is recorded and never came about",
                    "pgteal resume takes it back: " + to_string(move.from) + " goes on");
    }
    co_await roll_forward(context, &runner, move);
    co_await put_settings_back(context, &runner, move);
    complete(context, move, {}, "not confirmed: going back was asked for");
}

} // namespace pgteal::cutover
