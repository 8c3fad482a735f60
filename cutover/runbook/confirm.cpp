#include "cutover/runbook/runbook.hpp"

namespace pgteal::cutover {

namespace {

Task<Observation> observe_confirm(Context* context, Move move) {
    Observation seen;
    std::size_t entries = 0;
    bool done = true;
    for (const auto& baseline : recorded_poolers(context->journal)) {
        for (const auto& [entry, target] : baseline.entries) {
            ++entries;
            done = done && context->executor.proven(baseline.name, entry, move.to);
        }
        done = done && context->executor.settled(baseline.name);
    }
    seen.state = done ? State::done : State::absent;
    seen.summary = std::to_string(entries) + " of " + std::to_string(entries) + " entries answer from " +
                   to_string(move.to) + " and take writes";
    co_return seen;
}

std::vector<Action> plan_confirm(Context* context, Move move) {
    std::vector<Action> actions;
    for (const auto& baseline : recorded_poolers(context->journal)) {
        for (const auto& [entry, target] : baseline.entries) {
            actions.push_back({ProbeEntry{baseline.name, entry, move.to}, 0});
        }
        actions.push_back({PoolerCommand{baseline.name, PoolerCommand::Kind::settle, {}}, 1});
    }
    return actions;
}

} // namespace

Step confirm_step(Context& context, Move move) {
    Step step;
    step.id = "confirm";
    step.title = "Confirm through every entry";
    step.makes_true = "Through every entry of every pooler a client reached the new side and wrote to it.";
    step.writers_after = Writers::to;
    step.recovery = Recovery::forward;
    step.observe = [c = &context, move] { return observe_confirm(c, move); };
    step.plan = [c = &context, move](const Observation&) { return plan_confirm(c, move); };
    return step;
}

} // namespace pgteal::cutover
