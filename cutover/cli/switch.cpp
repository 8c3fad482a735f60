// cutover and switch-back: one procedure, two directions.
#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/engine/left_behind.hpp"
#include "cutover/fence/own_tables.hpp"
#include "cutover/look/binding.hpp"
#include "cutover/record/approvals.hpp"
#include "cutover/runbook/runbook.hpp"
#include "cutover/switchover/switchover.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

namespace {

/// Round trips measured now, and how often the pause makes them: what clients would feel without waiting for
/// their own transactions.
Task<Clock::duration> forecast(Context* context, Move move) {
    const auto databases = context->estate.config().database_names();
    Clock::duration slowest_sql{};
    for (const auto side : {move.from, move.to}) {
        for (const auto& database : databases) {
            const auto start = Clock::now();
            co_await context->estate.server(side).script(database, "SELECT 1",
                                                         after(std::chrono::seconds(5)));
            slowest_sql = std::max(slowest_sql, Clock::now() - start);
        }
    }
    Clock::duration slowest_pooler{};
    for (auto& unit : context->estate.poolers()) {
        const auto start = Clock::now();
        co_await unit.console->entries(after(std::chrono::seconds(5)));
        slowest_pooler = std::max(slowest_pooler, Clock::now() - start);
    }
    const auto lanes = context->estate.lanes(move.from, databases.front());
    const auto lags = co_await replication::measure_lag(
        context->estate.server(move.from), context->estate.server(move.to), lanes, std::chrono::seconds(3));
    Clock::duration lag{};
    for (const auto& [number, one] : lags) {
        lag = std::max(lag, one.time);
    }
    // SQL: fence, marker, barrier and sequences, switch; pooler: PAUSE, shield, RELOAD, read-back, RESUME
    // twice. Each of the four commits is flushed, and so are the journal and the directory: about 1 ms each
    // on a local disk.
    co_return 5 * slowest_sql + 6 * slowest_pooler + lag + std::chrono::milliseconds(6);
}

Task<Exit> rehearse(Work* work, Side to) {
    auto& context = work->context;
    const auto progress = context.progress();
    const Move move{other(to), to, progress.epoch + 1};
    const auto behind = left_behind(context.journal);
    if (to == Side::blue) {
        co_await leave_silent_behind(&context);
    }
    co_await warm_up(&context, after(std::chrono::seconds(20)));
    const auto gate = step_of(StepId::gate, context, move);
    work->narrator.started(gate);
    const auto start = Clock::now();
    const auto seen = co_await gate.observe();
    record_left_behind(context.journal, behind); // nobody was
    if (seen.state != State::done) {
        throw_conflict(gate, seen);
    }
    work->narrator.done(gate, seen.summary, Clock::now() - start);
    const auto& warnings = context.executor.results().warnings;
    const auto said = warnings.size(); // by the gate
    const auto carry = step_of(StepId::carry_grants, context, move);
    const auto found = co_await carry.observe();
    if (found.state == State::conflict) {
        throw_conflict(carry, found);
    }
    const auto carried = describe(found.todo());
    const auto held = co_await forecast(&context, move);
    if (work->session.options.json) {
        boost::json::object document;
        document["outcome"] = "rehearsed";
        document["serving"] = to_string(move.from);
        document["epoch"] = progress.epoch;
        document["forecast_ms"] = to_ms(held);
        boost::json::array actions;
        for (const auto& [where, what] : carried) {
            actions.push_back(boost::json::object{{"where", where}, {"what", what}});
        }
        document["carried"] = std::move(actions);
        document["warnings"] = boost::json::value_from(warnings);
        print_json(document);
    } else {
        for (const auto& [where, what] : carried) {
            work->narrator.say("            " + where + ":  " + what);
        }
        for (auto i = said; i < warnings.size(); ++i) {
            work->narrator.say("  warning   " + warnings[i]);
        }
        work->narrator.say(fmt::format("\nThe gate is open. Clients would be held about {}, and longer by as "
                                       "much as their longest open transaction.\nNothing was changed.",
                                       duration_text(held)));
    }
    co_return Exit::done;
}

std::string capital(Side side) { return side == Side::blue ? "Blue" : "Green"; }

std::string next_lines(Side serving) {
    const auto text =
        "\n" + capital(serving) + " serves. " + capital(other(serving)) + " is read-only and in step.";
    return text +
           (serving == Side::green
                ? "\nBack to blue at any time:   pgteal switch-back\nWhen you are sure:          pgteal "
                  "finish"
                : "\nTo green again:             pgteal cutover\nWhen you are sure:          pgteal finish");
}

Task<Exit> move_to(Session* session, Side to) {
    const std::string command = to == Side::green ? "cutover" : "switch-back";
    Work work(session, command);
    co_await require_bound(&work.context);
    co_await require_unlocked(session->estate.get(), "pgteal " + command);
    auto progress = work.context.progress();
    if (command == "switch-back" && progress.active && progress.epoch == 1 && !progress.attempt) {
        throw Error(ErrorCode::wrong_state, "", "nothing was cut over yet: blue serves",
                    progress.prepared ? "pgteal cutover" : "pgteal prepare");
    }
    if (to == Side::blue && !session->options.dry_run && progress.attempt && progress.attempt->switched &&
        progress.attempt->to == Side::green) {
        session->interrupted = true; // until it is as far as going back needs
        co_await settle_for_way_back(&work.context, &work.narrator);
        session->interrupted = false;
        session->touched = true;
        progress = work.context.progress();
    }
    require_resting_run(progress, command);
    require_known_poolers(work.context);
    if (progress.serving == to) {
        throw Error(ErrorCode::wrong_state, "", to_string(to) + " serves already",
                    to == Side::green ? "pgteal switch-back goes back to blue"
                                      : "pgteal cutover goes to green");
    }
    if (to == Side::green) { // the way back is never held up
        require_approvals(session->config, work.journal, command);
    }
    if (session->options.dry_run) {
        co_return co_await rehearse(&work, to);
    }
    co_await work.open_endpoint();
    const auto direction = to_string(other(to)) + ">" + to_string(to);
    SwitchoverResult result;
    try {
        result = co_await switchover(&work.context, &work.narrator, to);
    } catch (const SwitchoverFailed& failed) {
        work.metrics.switchover(direction, failed.result().outcome, failed.result().held);
        if (session->options.json) {
            auto document = switchover_document(work, failed.result());
            const auto wrapped = error_document(failed);
            document["error"] = wrapped.at("error");
            print_json(document);
            co_return past_the_switch(failed.result()) ? Exit::interrupted : Exit::failed;
        }
        session->interrupted = past_the_switch(failed.result());
        session->clients = clients_words(failed.result());
        throw;
    }
    work.metrics.switchover(direction, result.outcome, result.held);
    if (session->options.json) {
        print_json(switchover_document(work, result));
    } else {
        std::string text;
        for (const auto& warning : work.executor.results().warnings) {
            text += "\n  warning   " + warning;
        }
        const bool follows = work.executor.results().halted.empty();
        work.narrator.say(text + (follows ? next_lines(result.serving)
                                          : "\n" + capital(result.serving) + " serves. " +
                                                capital(other(result.serving)) +
                                                " is read-only and does not follow."));
    }
    co_return Exit::done;
}

} // namespace

bool past_the_switch(const SwitchoverResult& result) {
    return result.outcome == "interrupted" || result.outcome == "switched";
}

std::string clients_words(const SwitchoverResult& result) {
    if (!result.turned && result.outcome != "switched") {
        return {};
    }
    const auto serving = to_string(result.serving);
    std::string who;
    for (const auto& one : result.waiting) {
        who += (who.empty() ? "" : ", ") + one;
    }
    const auto follows = other(result.serving);
    if (!result.served) {
        return "No client was seen to get through to " + serving +
               (result.turned ? "; " + to_string(follows) + " follows it." : ".");
    }
    return "Clients go on, on " + serving + (who.empty() ? "" : ", but for those of " + who) +
           (result.turned ? ", and " + to_string(follows) + " follows it." : ".");
}

boost::json::object switchover_document(Work& work, const SwitchoverResult& result) {
    boost::json::object document;
    document["outcome"] = result.outcome;
    document["serving"] = to_string(result.serving);
    document["epoch"] = result.epoch;
    document["pause_ms"] = to_ms(result.held);
    boost::json::array steps;
    for (const auto& time : result.steps) {
        boost::json::object one;
        one["id"] = time.id;
        one["ms"] = to_ms(time.time);
        steps.push_back(std::move(one));
    }
    document["steps"] = std::move(steps);
    boost::json::array databases;
    for (const auto& name : work.session.config.database_names()) {
        boost::json::object one;
        one["name"] = name;
        one["serving"] = to_string(result.serving);
        databases.push_back(std::move(one));
    }
    document["databases"] = std::move(databases);
    boost::json::array poolers;
    for (const auto& baseline : recorded_poolers(work.journal)) {
        boost::json::object one;
        one["name"] = baseline.name;
        const auto proven = work.executor.results().targets.find(baseline.name);
        one["target"] =
            proven != work.executor.results().targets.end() ? proven->second : to_string(result.serving);
        poolers.push_back(std::move(one));
    }
    document["poolers"] = std::move(poolers);
    boost::json::array warnings;
    for (const auto& warning : work.executor.results().warnings) {
        warnings.push_back(boost::json::string(warning));
    }
    document["warnings"] = std::move(warnings);
    return document;
}

Task<Exit> run_cutover(Session* session) { return move_to(session, Side::green); }
Task<Exit> run_switch_back(Session* session) { return move_to(session, Side::blue); }

} // namespace pgteal::cutover
