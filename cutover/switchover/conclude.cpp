// The end of a switchover past its switch point: forward whatever happens, until nobody is kept from going
// back.
#include "cutover/engine/left_behind.hpp"
#include "cutover/gate/rights.hpp"
#include "cutover/look/side_doubt.hpp"
#include "cutover/runbook/runbook.hpp"
#include "cutover/switchover/confirm.hpp"
#include "cutover/switchover/switchover_parts.hpp"

namespace pgteal::cutover {

Event attempt_event(EventKind kind, const Move& move, boost::json::object body) {
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

SwitchoverResult result_of(const Runner& runner, std::string outcome, Side serving, std::int64_t epoch) {
    SwitchoverResult result{std::move(outcome), serving, epoch, runner.held_for(), runner.times()};
    result.held_from = runner.held_from();
    return result;
}

void discard_files(Context* context) {
    for (const auto& baseline : recorded_poolers(context->journal)) {
        pooler::discard_staged(baseline.path);
    }
}

namespace {

/// The files as they are now are the ones that the next gate expects.
void record_files(Context* context) {
    auto baselines = recorded_poolers(context->journal);
    for (auto& baseline : baselines) {
        baseline.hash = pooler::read_config(baseline.path).hash;
    }
    record_poolers(context->journal, baselines);
}

/// One look at all steps; poolers that are silent for longer than `poolers` are let be.
Task<void> roll_once(Runner* runner, const Steps* steps, Move move, std::map<std::string, StepRecord> records,
                     Deadline poolers) {
    std::exception_ptr error;
    try {
        co_await runner->roll_forward(steps, move.epoch, std::move(records));
    } catch (...) {
        error = std::current_exception();
    }
    if (error && !(runner->only_poolers_silent() && Clock::now() >= poolers)) {
        std::rethrow_exception(error);
    }
}

} // namespace

Task<bool> roll_forward(Context* context, Runner* runner, Move move) {
    const auto progress = context->progress();
    for (const auto& [name, value] : progress.bindings) {
        context->executor.set(std::string(name), std::string(value.as_string()));
    }
    const auto records = progress.attempt ? progress.attempt->steps : std::map<std::string, StepRecord>{};
    const auto steps = steps_again(*context, move);
    // A server or pooler that was killed may be back in a moment: clients wait for this, so it is tried for a
    // while. Those of a pooler that is dead wait for whoever starts it.
    const auto poolers = after(std::chrono::seconds(15));
    const std::function<Task<void>()> all_steps = [&] {
        return roll_once(runner, &steps, move, records, poolers);
    };
    const std::function<void()> reconnect = [context] {
        context->estate.server(Side::blue).close_idle();
        context->estate.server(Side::green).close_idle();
    };
    try {
        co_await insist(all_steps, after(std::chrono::seconds(60)), reconnect);
    } catch (...) {
        runner->note_failed();
        throw;
    }
    co_return !runner->only_poolers_silent();
}

void complete(Context* context, const Move& move, Clock::duration held, const std::string& unconfirmed,
              bool unserved) {
    record_files(context);
    discard_files(context);
    boost::json::object body;
    body["pause_ms"] = to_ms(held);
    if (!unconfirmed.empty()) {
        body["unconfirmed"] = unconfirmed;
    }
    if (unserved) {
        body["unserved"] = true;
    }
    context->journal.append(attempt_event(EventKind::completed, move, std::move(body)));
}

namespace {

std::string command_to(Side side) { return side == Side::green ? "pgteal cutover" : "pgteal switch-back"; }

/// Lanes that could not be turned: `from` stands, and does not follow.
std::string halted_words(const Context& context, Move move) {
    std::string lanes;
    for (const auto& lane : context.executor.results().halted) {
        lanes += (lanes.empty() ? "" : ", ") + lane;
    }
    return lanes.empty() ? lanes
                         : to_string(move.from) + " does not follow " + to_string(move.to) + ": lane " +
                               lanes + " is not whole";
}

/// `to` serves and its clients go on; what is not known, or not so, is for people to mend.
[[noreturn]] void throw_unconfirmed(const Context& context, const Runner& runner, Move move,
                                    const Confirmed& confirmed) {
    const auto& problem = *confirmed.problem;
    auto result = result_of(runner, "interrupted", move.to, move.epoch);
    result.served = confirmed.served;
    result.waiting = confirmed.waiting;
    result.turned = context.executor.results().halted.empty();
    const auto to = to_string(move.to);
    auto hint = problem.hint().empty() ? std::string("mend it") : problem.hint();
    while (hint.ends_with('.')) {
        hint.pop_back();
    }
    hint += "; then pgteal resume confirms the rest";
    if (move.to == Side::green) {
        hint += ". Or pgteal switch-back, which waits for none of it";
    }
    throw SwitchoverFailed(problem, to + " serves, and not all is confirmed: " + problem.what(),
                           std::move(hint), std::move(result));
}

/// No client has reached `to`, and none is there: the safe end is the side where all of them were served. By
/// the same procedure in the other direction, so that nothing depends on `to` having taken no write.
Task<SwitchoverResult> go_back(Context* context, Runner* runner, Reporter* reporter, Move move,
                               Confirmed confirmed) {
    const auto& problem = confirmed.problem;
    const auto from = to_string(move.from);
    const auto to = to_string(move.to);
    const auto why = (confirmed.read_only ? "no client could write on " : "no client could reach ") + to +
                     " through any pooler" + (problem ? ": " + std::string(problem->what()) : std::string());
    const auto first = result_of(*runner, "interrupted", move.to, move.epoch);
    complete(context, move, runner->held_for(), why, true);
    crash_point("return", "intent");
    std::exception_ptr error;
    SwitchoverResult back;
    try {
        back = co_await switchover(context, reporter, move.from, true);
    } catch (...) {
        error = std::current_exception();
    }
    const Error cause(ErrorCode::conflict, to, why);
    if (error) {
        const auto second = as_error(error);
        auto result = first;
        result.turned = true;
        auto hint = "mend one of the two, then " + command_to(move.from);
        try {
            std::rethrow_exception(error);
        } catch (const SwitchoverFailed& failed) {
            if (failed.result().outcome == "interrupted") {
                result = failed.result();
                hint = failed.hint();
            }
        } catch (...) { // refused: `to` serves still
        }
        throw SwitchoverFailed(cause, why + "; going back to " + from + " failed: " + second.what(),
                               std::move(hint), std::move(result));
    }
    if (first.held_from && back.held_from) {
        back.held += *back.held_from - *first.held_from;
    }
    back.outcome = "returned";
    throw SwitchoverFailed(
        cause, why + "; so " + from + " serves again, with all that was ever written",
        (confirmed.read_only ? problem->hint() : "mend the way from the poolers to " + to) + "; then " +
            command_to(move.to) + " again",
        std::move(back));
}

/// Clients went on long ago: whatever keeps it from its end is a warning.
Task<void> carry_late_rights(Context* context, Runner* runner, Move move) {
    const Steps late{step_of(StepId::late_grants, *context, move)};
    try {
        co_await runner->forward(&late, move.epoch, {});
        record_carried_rights(context);
    } catch (const Error& error) {
        context->executor.results().warnings.push_back(
            "whether privileges were changed on " + to_string(move.from) +
            " in the last moment could not be told: " + error.what() +
            "; pgteal migrate drift compares them");
    }
}

} // namespace

Task<SwitchoverResult> conclude(Context* context, Runner* runner, Reporter* reporter, Move move,
                                bool returning) {
    const auto confirmed = co_await confirm(context, runner, reporter, move);
    if (confirmed.nobody && !returning) {
        auto back = co_await go_back(context, runner, reporter, move, confirmed);
        co_return back;
    }
    if (confirmed.problem) {
        throw_unconfirmed(*context, *runner, move, confirmed);
    }
    co_await carry_late_rights(context, runner, move);
    complete(context, move, runner->held_for());
    co_await note_sides(context);
    auto& warnings = context->executor.results().warnings;
    const auto halted = halted_words(*context, move);
    const auto silent = co_await take_along(context, runner, move.to);
    for (const auto& [pooler, why] : silent) {
        warnings.push_back("pooler " + pooler + " was left behind, since it does not answer: " + why +
                           "; once it does, pgteal prepare takes it along");
    }
    if (halted.empty()) {
        co_return result_of(*runner, "switched", move.to, move.epoch);
    }
    if (move.to == Side::blue) { // what was asked for is done
        warnings.push_back(halted + "; pgteal finish ends the run, and pgteal check then says how green is "
                                    "emptied for another");
        co_return result_of(*runner, "switched", move.to, move.epoch);
    }
    auto result = result_of(*runner, "switched", move.to, move.epoch);
    result.served = confirmed.served;
    throw SwitchoverFailed(Error(ErrorCode::conflict, to_string(move.from), halted), halted,
                           "going back would lose what " + to_string(move.to) +
                               " takes from now on. pgteal finish ends the run where it serves",
                           std::move(result));
}

} // namespace pgteal::cutover
