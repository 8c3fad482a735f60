#include "cutover/engine/left_behind.hpp"

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/engine/runner_parts.hpp"

namespace pgteal::cutover {

namespace {

Task<void> ask(PoolerUnit* unit) { co_await unit->console->entries(after(console_patience)); }

std::vector<Action> take_along_actions(Context& context, const std::vector<PoolerBaseline>& late,
                                       Side serving) {
    std::vector<Action> actions;
    for (const auto& baseline : late) {
        const auto targets = targets_for(context.estate.config(), serving, baseline);
        actions.push_back({InstallConfig{baseline.name, baseline.path, targets}, 0});
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::raise_shield, {}}, 0});
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::reload, {}}, 0});
        actions.push_back({VerifyPooler{baseline.name, targets}, 0});
        for (const auto& [entry, target] : baseline.entries) {
            actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::resume, entry}, 0});
        }
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::lower_shield, {}}, 0});
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::settle, {}}, 1});
    }
    return actions;
}

/// The files as they are now are the ones that the next gate expects.
void note_files(Journal& journal, std::vector<PoolerBaseline> late) {
    for (auto& baseline : late) {
        try {
            baseline.hash = pooler::read_config(baseline.path).hash;
        } catch (const Error& error) {
            spdlog::warn("{}: {}", baseline.name, error.what());
        }
    }
    record_poolers(journal, std::move(late));
}

} // namespace

Task<void> leave_silent_behind(Context* context) {
    const auto before = left_behind(context->journal);
    record_left_behind(context->journal, {});
    const auto baselines = recorded_poolers(context->journal);
    std::vector<Task<void>> questions;
    for (const auto& baseline : baselines) {
        questions.push_back(ask(&context->estate.pooler(baseline.name)));
    }
    const auto errors = co_await settle(std::move(questions));
    std::set<std::string> silent;
    for (std::size_t i = 0; i < baselines.size(); ++i) {
        if (errors[i]) {
            silent.insert(baselines[i].name);
        }
    }
    if (!silent.empty() && silent.size() == baselines.size()) {
        record_left_behind(context->journal, before);
        throw Error(ErrorCode::unreachable, *silent.begin(),
                    "no pooler of the run answers: " + words_of(errors.front()),
                    "start one, or let pgteal reach its console; pgteal goes without the others");
    }
    record_left_behind(context->journal, silent);
}

Task<std::map<std::string, std::string>> take_along(Context* context, Runner* runner, Side serving) {
    std::map<std::string, std::string> silent;
    auto behind = left_behind(context->journal);
    if (behind.empty()) {
        co_return silent;
    }
    const auto& known = context->estate.config().poolers;
    std::vector<PoolerBaseline> late;
    for (auto& baseline : every_recorded_pooler(context->journal)) {
        const bool there = std::any_of(known.begin(), known.end(),
                                       [&baseline](const auto& one) { return one.name == baseline.name; });
        if (behind.contains(baseline.name) && there) {
            late.push_back(std::move(baseline));
        }
    }
    auto step = aside(StepId::take_along);
    step.in_pause = true; // of that pooler's clients
    auto actions = take_along_actions(*context, late, serving);
    const auto failed =
        co_await runner->apart(&step, std::move(actions), context->progress().epoch, after(console_patience));
    note_files(context->journal, late);
    for (const auto& baseline : late) {
        const auto error = failed.find(place_of_pooler(baseline.name));
        if (error == failed.end()) {
            behind.erase(baseline.name);
        } else {
            silent[baseline.name] = words_of(error->second);
        }
    }
    record_left_behind(context->journal, behind);
    co_return silent;
}

} // namespace pgteal::cutover
