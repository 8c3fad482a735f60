// prepare, abort, finish, resume: the run's life apart from its switchovers.
#include <random>

#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/engine/decision.hpp"
#include "cutover/engine/left_behind.hpp"
#include "cutover/engine/runner.hpp"
#include "cutover/estate/leads.hpp"
#include "cutover/fence/own_tables.hpp"
#include "cutover/gate/approval_gate.hpp"
#include "cutover/gate/rights.hpp"
#include "cutover/gate/way_back.hpp"
#include "cutover/look/binding.hpp"
#include "cutover/look/epochs.hpp"
#include "cutover/look/green_database.hpp"
#include "cutover/look/side_doubt.hpp"
#include "cutover/runbook/record_run.hpp"
#include "cutover/runbook/runbook.hpp"
#include "cutover/status/status.hpp"
#include "cutover/switchover/switchover.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

Event run_event(EventKind kind, std::int64_t epoch, boost::json::object body = {}) {
    Event event;
    event.epoch = epoch;
    event.step = "run";
    event.kind = kind;
    event.body = std::move(body);
    return event;
}

std::string new_run_id() {
    std::random_device source;
    return fmt::format("{:08x}{:08x}", source(), source());
}

boost::json::object steps_document(const std::vector<StepTime>& times) {
    boost::json::array list;
    for (const auto& time : times) {
        list.push_back(boost::json::object{{"id", time.id}, {"ms", to_ms(time.time)}});
    }
    boost::json::object document;
    document["steps"] = std::move(list);
    return document;
}

/// The operator changed a pooler's file and says so: taken note of, provided that our entries still point
/// where they have to.
Task<Exit> note_pooler_files(Work* work) {
    const auto serving = work->context.progress().serving;
    Runner runner(work->journal, work->executor, work->narrator);
    const auto silent = co_await take_along(&work->context, &runner, serving);
    for (const auto& [pooler, why] : silent) {
        spdlog::warn("pooler {} stays behind, since it does not answer: {}", pooler, why);
    }
    const auto made =
        co_await remake_idle_lanes(&work->context, &runner, other(serving), after(std::chrono::minutes(2)));
    for (const auto& lane : made) {
        work->narrator.say(lane);
    }
    auto baselines = recorded_poolers(work->journal);
    co_await add_new_entries(&work->context.estate, serving, &baselines, after(std::chrono::seconds(30)));
    for (auto& baseline : baselines) {
        const auto file = pooler::read_config(baseline.path);
        const auto written = pooler::targets_in(file.text);
        for (const auto& [entry, target] : targets_for(work->session.config, serving, baseline)) {
            const auto found = written.find(entry);
            if (found == written.end() || found->second != target) {
                throw Error(ErrorCode::refused, baseline.name,
                            "entry " + entry + " in " + baseline.path + " does not point at " +
                                to_string(serving),
                            "correct the file and RELOAD it");
            }
        }
        baseline.hash = file.hash;
    }
    record_poolers(work->journal, baselines);
    work->narrator.say("Took note of the poolers' files. " + to_string(serving) + " serves.");
    if (work->session.options.json) {
        boost::json::object document;
        document["outcome"] = "noted";
        document["serving"] = to_string(serving);
        print_json(document);
    }
    co_return Exit::done;
}

Task<Exit> go_on_preparing(Work* work) {
    auto& context = work->context;
    co_await require_approvals_to_prepare(&context);
    Runner runner(context.journal, context.executor, work->narrator);
    auto progress = context.progress();
    if (context.begun(StepId::claim)) { // once the sides have turned, its steps would turn the lanes back
        co_await require_newest_journal(&context, progress.epoch);
    }
    co_await require_no_doubt(&context);
    if (!progress.active) {
        // The checks come before there is a run: a refusal leaves no trace of one.
        const auto check = step_of(StepId::check, context);
        work->narrator.started(check);
        const auto start = Clock::now();
        const auto seen = co_await check.observe();
        if (seen.state != State::done) {
            throw_conflict(check, seen);
        }
        work->narrator.done(check, seen.summary, Clock::now() - start);
        co_await record_baseline(&work->context);
        co_await record_binding(&context);
        const auto id = new_run_id();
        context.journal.append(run_event(EventKind::run_begun, 1, boost::json::object{{"run_id", id}}));
        bind_run(*work, id);
        progress = context.progress();
    }
    const auto steps = steps_of({Part::prepare}, context);
    if (!progress.prepared) {
        work->journal.forget(facts::prepared_recorded);
    }
    co_await runner.forward(&steps, 1, progress.steps);
    crash_point("prepare", "unrecorded");
    record_carried_rights(&context);
    if (!context.journal.recall(facts::prepared_recorded)) {
        co_await record_prepared(&work->context);
    }
    co_await note_sides(&context);
    const auto streams = co_await read_streams(&context.estate, Side::blue, after(std::chrono::minutes(1)));
    SwitchBack way_back;
    for (const auto& one : streams) {
        way_back.databases.push_back(one.back);
    }
    auto document = steps_document(runner.times());
    document["outcome"] = "prepared";
    document["switch_back"] = to_json(way_back);
    document["run"] = work->session.config.run;
    document["rows_copied"] = context.executor.results().rows_copied;
    document["warnings"] = boost::json::value_from(context.executor.results().warnings);
    if (work->session.options.json) {
        print_json(document);
    } else {
        for (const auto& warning : context.executor.results().warnings) {
            work->narrator.say("  warning   " + warning);
        }
        const auto said = prepared_text(streams);
        work->narrator.say("\n" + said + (said.empty() ? "" : "\n") +
                           "Green is a copy of blue and in step. Blue serves.\nMove to green:   pgteal "
                           "cutover\nTake it away:    pgteal abort");
    }
    co_return Exit::done;
}

Task<Exit> go_on_removing(Work* work) {
    auto& context = work->context;
    const auto progress = context.progress();
    if (context.begun(StepId::claim)) { // before it, blue may belong to another run
        co_await require_newest_journal(&context, progress.epoch);
    }
    if (!progress.removing) {
        const bool keep = work->session.options.keep_green;
        context.journal.remember(facts::keep_green, keep);
    } else if (work->session.options.keep_green) {
        context.journal.remember(facts::keep_green, true);
    }
    co_await require_droppable(&context);
    if (!progress.removing) {
        co_await require_nothing_only_on_green(&context);
        context.journal.append(run_event(EventKind::removing, progress.epoch));
    }
    Runner runner(context.journal, context.executor, work->narrator);
    const auto steps = steps_of({Part::prepare}, context);
    co_await runner.back(&steps, 1, progress.steps);
    context.journal.append(run_event(EventKind::removed, progress.epoch));
    const auto found = context.executor.bindings().find("roles_left");
    const auto left = found == context.executor.bindings().end() ? std::string() : found->second.value;
    const bool kept = context.journal.recall(facts::keep_green).value_or(false);
    if (work->session.options.json) {
        boost::json::object document;
        document["outcome"] = "removed";
        document["serving"] = "blue";
        document["roles_left"] = left;
        document["green_left"] = kept;
        print_json(document);
    } else if (kept) {
        std::string text = "\nThe run is taken away; green's databases and roles are left as they are. Where "
                           "its fence is up, on green:";
        for (const auto& database : work->session.config.database_names()) {
            const auto name = postgres::quote_identifier(database);
            text += "\n  ALTER DATABASE " + name + " RESET default_transaction_read_only; ALTER DATABASE " +
                    name + " CONNECTION LIMIT " + std::to_string(recorded_limit(context.journal, database)) +
                    ";";
        }
        work->narrator.say(text);
    } else if (!left.empty()) {
        work->narrator.say(
            "\nWhat pgteal made is gone, except for roles on green that something else there depends on "
            "by now: " +
            left +
            ".\nDROP OWNED BY each of them in the databases that it has to do with, then DROP "
            "ROLE. Blue serves, as found.");
    } else {
        work->narrator.say("\nEverything pgteal made is gone. Blue serves, as found.");
    }
    co_return Exit::done;
}

Task<Exit> go_on_finishing(Work* work) {
    auto& context = work->context;
    const auto progress = context.progress();
    co_await require_newest_journal(&context, progress.epoch);
    co_await require_droppable_schemas(&context.estate);
    if (!progress.finishing) {
        context.journal.append(run_event(EventKind::finishing, progress.epoch));
    }
    Runner runner(context.journal, context.executor, work->narrator);
    const auto standing = other(progress.serving);
    const auto steps = steps_of({Part::finish}, context, {standing, progress.serving, progress.epoch});
    co_await runner.forward(&steps, progress.epoch, {});
    context.journal.append(run_event(EventKind::finished, progress.epoch));
    const auto serving = to_string(progress.serving);
    if (work->session.options.json) {
        auto document = steps_document(runner.times());
        document["outcome"] = "finished";
        document["serving"] = serving;
        document["epoch"] = progress.epoch;
        print_json(document);
        co_return Exit::done;
    }
    std::string text = "\n" + serving + " serves for good; " + to_string(standing) +
                       " is retired and stays read-only for clients.\nTo open it again, on " +
                       to_string(standing) + ":";
    for (const auto& database : work->session.config.database_names()) {
        const auto name = postgres::quote_identifier(database);
        text += "\n  ALTER DATABASE " + name + " RESET default_transaction_read_only; ALTER DATABASE " +
                name + " CONNECTION LIMIT " + std::to_string(recorded_limit(context.journal, database)) + ";";
    }
    work->narrator.say(text);
    co_return Exit::done;
}

} // namespace

Task<Exit> run_prepare(Session* session) {
    Work work(session, "prepare");
    co_await require_bound(&work.context);
    co_await require_unlocked(session->estate.get(), "pgteal prepare");
    const auto progress = work.context.progress();
    if (progress.attempt || progress.removing || progress.finishing) {
        throw Error(ErrorCode::wrong_state, "", "the run was interrupted: " + step_words(progress),
                    "pgteal resume");
    }
    if (!progress.active && progress.ever_finished && progress.serving == Side::green) {
        // The check would say that green is not empty, and how to empty it: that is where the clients are.
        throw Error(
            ErrorCode::wrong_state, "green",
            "run " + session->config.run +
                " was finished and green serves: it can't be prepared as the copy of blue",
            "a next run has a config of its own, with another [run] name, and the serving server as [blue]");
    }
    if (progress.active && progress.epoch > 1) {
        co_await require_no_doubt(&work.context);
        co_return co_await note_pooler_files(&work);
    }
    co_await work.open_endpoint();
    if (progress.prepared) {
        // Run again on a prepared run it takes note of pooler files that the operator changed, and mends the
        // way back.
        const auto deadline = after(std::chrono::seconds(30));
        auto baselines = co_await read_poolers(session->estate.get(), deadline);
        record_poolers(work.journal, baselines);
    }
    auto exit = co_await go_on_preparing(&work);
    co_return exit;
}

Task<Exit> run_abort(Session* session) {
    Work work(session, "abort");
    co_await require_bound(&work.context);
    co_await require_unlocked(session->estate.get(), "pgteal abort");
    const auto progress = work.context.progress();
    if (!progress.active) {
        throw Error(ErrorCode::wrong_state, "", "there is no run to abort", "pgteal status");
    }
    if (progress.attempt && progress.attempt->switched) {
        throw Error(ErrorCode::wrong_state, "",
                    "the switch to " + to_string(progress.attempt->to) +
                        " is recorded: it can only be brought to its end",
                    "pgteal resume, then pgteal switch-back");
    }
    if (progress.epoch > 1) {
        throw Error(ErrorCode::wrong_state, "",
                    "this run has switched already (epoch " + std::to_string(progress.epoch) +
                        "); abort is for before the first cutover",
                    progress.serving == Side::green ? "pgteal switch-back, then pgteal finish"
                                                    : "pgteal finish");
    }
    if (progress.attempt) {
        session->interrupted = true;
        co_await settle_switchover(&work.context, &work.narrator);
        session->interrupted = false;
    }
    auto exit = co_await go_on_removing(&work);
    co_return exit;
}

Task<Exit> run_finish(Session* session) {
    Work work(session, "finish");
    co_await require_bound(&work.context);
    co_await require_unlocked(session->estate.get(), "pgteal finish");
    const auto progress = work.context.progress();
    if (!progress.active && progress.ever_finished) {
        throw Error(ErrorCode::wrong_state, "",
                    "this run was finished already; " + to_string(progress.serving) + " serves",
                    "pgteal status");
    }
    if (progress.finishing && !progress.attempt) {
        auto exit = co_await go_on_finishing(&work);
        co_return exit;
    }
    require_resting_run(progress, "finish");
    if (progress.unserved) {
        throw Error(ErrorCode::wrong_state, to_string(progress.serving),
                    "no client was seen to reach " + to_string(progress.serving) +
                        " since the switch, and finish would retire " + to_string(other(progress.serving)),
                    "pgteal resume tries it again; pgteal switch-back goes back");
    }
    if (progress.epoch == 1) {
        throw Error(ErrorCode::wrong_state, "",
                    "nothing was cut over yet: finish retires the side that stands after a cutover",
                    "pgteal cutover, or pgteal abort to take the run away");
    }
    auto exit = co_await go_on_finishing(&work);
    co_return exit;
}

Task<Exit> run_resume(Session* session) {
    session->interrupted = true; // until the journal has said otherwise: clients may be held
    const auto opened = open_to_resume(session);
    auto& work = *opened;
    const auto progress = work.context.progress();
    session->interrupted = progress.attempt.has_value();
    co_await require_bound(&work.context);
    const auto next = decide_resume(progress);
    if (next == Resume::nothing) {
        session->interrupted = true; // clients may be held all the same
        co_await refuse_paused(&work.context.estate);
        session->interrupted = false;
        throw Error(ErrorCode::wrong_state, "",
                    progress.active
                        ? "nothing was interrupted: the run rests, " + to_string(progress.serving) + " serves"
                        : "there is no run to resume",
                    progress.active ? "pgteal status" : "pgteal prepare");
    }
    co_await work.open_endpoint();
    switch (next) {
    case Resume::nothing:
        break;
    case Resume::go_on_preparing:
        co_return co_await go_on_preparing(&work);
    case Resume::go_on_removing:
        co_return co_await go_on_removing(&work);
    case Resume::go_on_finishing:
        co_return co_await go_on_finishing(&work);
    case Resume::undo_switchover:
    case Resume::finish_switchover: {
        session->interrupted = true; // until it is settled
        SwitchoverResult result;
        try {
            result = co_await settle_switchover(&work.context, &work.narrator);
        } catch (const SwitchoverFailed& failed) {
            session->interrupted = past_the_switch(failed.result());
            session->clients = clients_words(failed.result());
            throw;
        }
        session->interrupted = false;
        if (session->options.json) {
            auto document = switchover_document(work, result);
            print_json(document);
        } else {
            work.narrator.say(result.outcome == "switched"
                                  ? "\n" + to_string(result.serving) +
                                        " serves; the interrupted switch came to its end."
                                  : "\n" + to_string(result.serving) +
                                        " serves as before; the interrupted switch was taken back.");
        }
        co_return Exit::done;
    }
    }
    co_return Exit::done;
}

} // namespace pgteal::cutover
