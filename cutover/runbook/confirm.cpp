#include "cutover/runbook/walks.hpp"

namespace pgteal::cutover {

namespace {

Task<Observation> look_at_confirm(Context* context, Move move) {
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

Actions todo_of_confirm(Context* context, Move move) {
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

void walk_confirm(Step& step, Context& context, Move move) {
    step.walk([c = &context, move] { return look_at_confirm(c, move); },
              [c = &context, move] { return todo_of_confirm(c, move); });
}

} // namespace pgteal::cutover
