// check and plan: what would be done and what stands in its way; nothing is changed.
#include <fmt/format.h>

#include "base/version.hpp"
#include "cutover/checks/checks.hpp"
#include "cutover/cli/terminal.hpp"
#include "cutover/cli/work.hpp"
#include "cutover/engine/runner_parts.hpp"
#include "cutover/fence/own_tables.hpp"
#include "cutover/gate/database_state.hpp"
#include "cutover/gate/rights.hpp"
#include "cutover/look/side_looks.hpp"
#include "cutover/runbook/runbook.hpp"
#include "health/facts/verdict.hpp"

namespace pgteal::cutover {

namespace {

Task<std::string> side_words(Estate* estate, Side side) {
    auto& server = estate->server(side);
    try {
        const auto identity = co_await server.identity(after(std::chrono::seconds(10)));
        co_return fmt::format("{} {} ({}.{})", to_string(side), server.dsn().address(),
                              identity.version / 10000, identity.version % 10000);
    } catch (const Error&) {
        co_return fmt::format("{} {} (unreachable)", to_string(side), server.dsn().address());
    }
}

void print_finding(const health::Finding& finding) {
    const auto state = finding.level == health::Level::error     ? "refused"
                       : finding.level == health::Level::warning ? "warning"
                                                                 : "info";
    print(fmt::format("  {:<9} {}{}", state, finding.object.empty() ? "" : finding.object + ": ",
                      finding.message));
    if (!finding.fix.empty()) {
        // A fix that says itself where it is typed knows better than the finding.
        const bool says_where = finding.fix.starts_with("on blue") || finding.fix.starts_with("on green");
        const auto where = says_where || finding.side.empty() ? std::string() : "on " + finding.side + ":  ";
        print(fmt::format("            fix{}{}{}", says_where || !where.empty() ? ", " : ":  ", where,
                          finding.fix));
    }
}

boost::json::object findings_document(const std::vector<health::CheckResult>& results) {
    boost::json::array list;
    for (const auto& result : results) {
        for (const auto& finding : result.findings) {
            boost::json::object one;
            one["check"] = std::string(finding.check);
            one["level"] = health::to_string(finding.level);
            one["side"] = finding.side;
            one["object"] = finding.object;
            one["message"] = finding.message;
            one["fix"] = finding.fix;
            list.push_back(std::move(one));
        }
    }
    boost::json::object document;
    document["findings"] = std::move(list);
    document["checks"] = results.size();
    return document;
}

/// What comes after a look that found nothing in the way.
std::string next_of(const Progress& progress) {
    return !progress.active || !progress.prepared ? "pgteal prepare"
           : progress.serving == Side::blue       ? "pgteal cutover --dry-run"
                                                  : "pgteal status";
}

void print_findings(const std::vector<health::CheckResult>& results, const Progress& progress) {
    std::string ok;
    int refused = 0;
    int warnings = 0;
    int passed = 0;
    for (const auto& result : results) {
        for (const auto& finding : result.findings) {
            refused += finding.level == health::Level::error ? 1 : 0;
            warnings += finding.level == health::Level::warning ? 1 : 0;
            print_finding(finding);
        }
        if (std::none_of(result.findings.begin(), result.findings.end(),
                         [](const auto& f) { return f.level != health::Level::info; })) {
            ++passed;
            if (!result.summary.empty() && ok.size() < 160) {
                ok += (ok.empty() ? "" : ", ") + result.summary;
            }
        }
    }
    print(fmt::format("  {:<9} {} checks: {}", "ok", passed, ok));
    print(fmt::format("\n{} refused, {} {}. {}{}", refused, warnings, warnings == 1 ? "warning" : "warnings",
                      worth_a_look(progress) ? "Nothing was changed but pgteal's own record of this look."
                                             : "Nothing was changed.",
                      refused > 0 ? " Fix what is refused and run pgteal check again."
                                  : " Next:  " + std::string(progress.active ? "" : "pgteal plan, then ") +
                                        next_of(progress)));
}

boost::json::object step_document(const Step& step, const std::vector<Action>& actions,
                                  const std::string& state) {
    boost::json::object document;
    document["id"] = step.id;
    document["title"] = step.title;
    document["makes_true"] = step.makes_true;
    document["writers_after"] = to_string(step.writers_after);
    document["recovery"] = to_string(step.recovery);
    document["in_pause"] = step.in_pause;
    document["state"] = state;
    document["actions"] = actions_body(actions)["actions"];
    return document;
}

std::string indented(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == '\n') {
            out += "                ";
        }
    }
    return out;
}

void print_step(const boost::json::object& step) {
    print(fmt::format("\n  {:<12} {}{}", step.at("id").as_string().c_str(),
                      step.at("title").as_string().c_str(),
                      step.at("in_pause").as_bool() ? "   (clients held)" : ""));
    print(fmt::format("            = {}", step.at("makes_true").as_string().c_str()));
    if (step.at("state").as_string() == "done") {
        print("              (done)");
    }
    if (step.at("state").as_string() == "conflict") {
        print(fmt::format("              CONFLICT  {}", step.at("evidence").as_string().c_str()));
    }
    for (const auto& action : step.at("actions").as_array()) {
        print(fmt::format("            {}:  {}", action.at("where").as_string().c_str(),
                          indented(action.at("what").as_string().c_str())));
    }
}

/// A step of prepare is looked at as it is now. A conflict has nothing to plan from.
Task<boost::json::object> planned(const Step* step) {
    const auto seen = co_await step->observe();
    const bool todo = seen.state == State::absent || seen.state == State::partial;
    auto document = step_document(*step, todo ? seen.todo() : Actions{}, to_string(seen.state));
    if (seen.state == State::conflict) {
        document["side"] = seen.side;
        document["evidence"] = seen.evidence;
        document["hint"] = seen.hint;
    }
    co_return document;
}

/// A step of the switchover is planned for an undisturbed run: when its turn comes everything before it is
/// done.
boost::json::object expected(const Step& step) {
    const auto& seen = step.expected ? step.expected() : step.unseen;
    return step_document(step, seen.todo(), to_string(State::absent));
}

} // namespace

namespace {

/// Of a run that is under way: whether one of its servers went back in time.
Task<health::CheckResult> check_sides(Estate* estate, Progress progress) {
    const auto looked = co_await look_at_sides(estate, progress, after(std::chrono::seconds(15)));
    health::CheckResult result{"sides", {}, "both sides have all that they had"};
    if (auto refusal = refusal_of(looked.doubts, progress.serving, progress.epoch, progress.prepared)) {
        result.findings.push_back({result.check, health::Level::error, refusal->side, "",
                                   std::move(refusal->message), std::move(refusal->hint)});
    }
    co_return result;
}

bool sides_answer(const std::vector<health::CheckResult>& results) {
    return std::none_of(results.begin(), results.end(),
                        [](const auto& one) { return one.check == "reachable" && !one.findings.empty(); });
}

/// The same: whether clients would live on the standing side with what they live with now.
Task<health::CheckResult> check_states(Estate* estate, const Journal* journal, Progress progress) {
    const Move move{progress.serving, other(progress.serving), progress.epoch + 1};
    health::CheckResult result{"client-settings", {}, "clients' settings are alike on both sides"};
    for (const auto& database : estate->config().database_names()) {
        auto changed =
            co_await changed_database(estate, journal, move, database, after(std::chrono::seconds(15)));
        if (changed) {
            const bool refused = move.to == Side::green || changed->read_only;
            result.findings.push_back({result.check, refused ? health::Level::error : health::Level::warning,
                                       changed->refusal.side, "", std::move(changed->refusal.message),
                                       std::move(changed->refusal.hint)});
        }
    }
    co_return result;
}

} // namespace

Task<Exit> run_check(Session* session) {
    const auto peeked = Journal::peek(session->config.state, session->config.run);
    const auto progress = peeked ? progress_of(*peeked) : Progress{};
    Terminal terminal(stderr, session->options.quiet || session->options.json);
    CheckScope scope;
    scope.run_started = progress.active && progress.steps.contains(name_of(StepId::claim));
    scope.trial_restore = !session->options.quick;
    scope.folder = session->config.state + "/" + session->config.run;
    scope.say = [&terminal](const std::string& text) { terminal.say("  " + text + " …"); };
    auto results = co_await run_checks(session->estate.get(), std::move(scope));
    std::optional<Refusal> locker;
    if (worth_a_look(progress)) {
        locker =
            co_await own_table_lockers(session->estate.get(), "pgteal check", after(std::chrono::seconds(5)));
    }
    if (locker) { // what follows would wait for it
        health::CheckResult locks{"own-tables", {}, ""};
        health::add(locks, health::Level::error, locker->side, "", locker->message + ".", locker->hint);
        results.push_back(std::move(locks));
        results = health::order(std::move(results));
    } else if (worth_a_look(progress)) {
        auto sides = co_await check_sides(session->estate.get(), progress);
        results.push_back(std::move(sides));
        const bool both = sides_answer(results);
        if (progress.prepared && both) {
            auto states = co_await check_states(session->estate.get(), &*peeked, progress);
            results.push_back(std::move(states));
        }
        results = health::order(std::move(results));
    }
    if (session->options.json) {
        print_json(findings_document(results));
    } else {
        const auto blue = co_await side_words(session->estate.get(), Side::blue);
        const auto green = co_await side_words(session->estate.get(), Side::green);
        print(fmt::format("pgteal {}   run {}   {}   {}\n", version, session->config.run, blue, green));
        print_findings(results, progress);
    }
    co_return errors_in(results) > 0 ? Exit::refused : Exit::done;
}

Task<Exit> run_plan(Session* session) {
    Work work(session, "plan");
    auto progress = work.context.progress();
    if (recorded_poolers(work.journal).empty() || !progress.active) {
        const auto baselines = co_await read_poolers(session->estate.get(), after(std::chrono::seconds(20)));
        record_poolers(work.journal, baselines);
    }
    boost::json::array steps;
    std::optional<Error> conflict; // the first
    const auto add = [&steps, &conflict](boost::json::object step) {
        if (!conflict && step.at("state").as_string() == "conflict") {
            conflict = Error(ErrorCode::refused, std::string(step.at("side").as_string()),
                             "step " + std::string(step.at("id").as_string()) +
                                 " can't be gone on with: " + std::string(step.at("evidence").as_string()),
                             std::string(step.at("hint").as_string()));
        }
        steps.push_back(std::move(step));
    };
    const Move move{progress.serving, other(progress.serving), progress.epoch + 1};
    for (const auto& row : runbook()) {
        const auto step = step_of(row.id, work.context, move);
        const bool by_look =
            row.part == Part::prepare ? !row.asks : step.planned_by_look && progress.prepared;
        if (by_look) {
            auto document = co_await planned(&step);
            add(std::move(document));
        } else {
            add(expected(step));
        }
    }
    if (session->options.json) {
        boost::json::object document;
        document["run"] = session->config.run;
        document["steps"] = std::move(steps);
        if (conflict) {
            document["error"] = error_document(*conflict).at("error");
        }
        print_json(document);
        co_return conflict ? Exit::refused : Exit::done;
    }
    print("The runbook of run " + session->config.run +
          ". Values known only when a step runs are written as psql variables, :'name'.");
    for (const auto& step : steps) {
        print_step(step.as_object());
    }
    if (conflict) {
        throw Error(*conflict);
    }
    print("\nNothing was changed. Next:  " + next_of(progress));
    co_return Exit::done;
}

} // namespace pgteal::cutover
