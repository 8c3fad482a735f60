#include "cutover/gate/way_back.hpp"

#include "base/error.hpp"

namespace pgteal::cutover {

namespace {

/// Making a slot waits for the write transactions that run on that server, in any database.
constexpr auto slot_patience = std::chrono::seconds(10);

bool slot_gone(const replication::LaneState& state) { return !state.slot || state.slot_status == "lost"; }

} // namespace

std::string missing_parts(const replication::LaneState& state) {
    std::string text = state.publication ? "" : "publication missing";
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (slot_gone(state)) {
        add(state.slot ? "slot lost" : "slot missing");
    }
    if (!state.subscription) {
        add("subscription missing");
    }
    return text;
}

std::optional<IdleLaneProblem> idle_lane_problem(const GateLane& lane) {
    const auto missing = missing_parts(lane.armed);
    if (missing.empty()) {
        return std::nullopt;
    }
    return IdleLaneProblem{"the way back for lane " + lane.lane.name() + " is not there (" + missing + ")",
                           lane.armed.publication};
}

std::string changed_words(const ChangedSchema& changed) {
    return "the schema on " + changed.side + " is not as recorded when the run was prepared" +
           (changed.what.empty() ? "" : ": " + changed.what);
}

std::vector<std::string> warnings_of(const GateFacts& facts) {
    std::vector<std::string> warnings;
    if (facts.move.to != Side::blue) {
        return warnings;
    }
    const auto from = to_string(facts.move.from);
    for (const auto& lane : facts.lanes) {
        if (const auto problem = idle_lane_problem(lane)) {
            warnings.push_back(problem->message +
                               (problem->mendable ? ": it is made again" : ": " + from + " will not follow"));
        }
    }
    for (const auto& one : facts.changed_schemas) {
        if (one.side == from) {
            warnings.push_back(changed_words(one));
        }
    }
    for (const auto& pooler : facts.poolers) {
        if (pooler.probe) {
            warnings.push_back(pooler.probe->message);
        }
    }
    for (const auto& name : facts.left_behind) {
        warnings.push_back("pooler " + name +
                           " does not answer and is left behind: the fence keeps its clients "
                           "from writing to " +
                           from);
    }
    return warnings;
}

std::vector<Action> remake_lane(const replication::Lane& lane, const replication::LaneState& state,
                                bool spared, int phase) {
    std::vector<Action> actions;
    if (!state.publication || missing_parts(state).empty()) {
        return actions;
    }
    const auto publisher = *parse_side(lane.publisher);
    const auto add = [&](Side side, postgres::Statement statement, int at) {
        Sql one{side, std::move(statement)};
        one.spared = spared;
        one.limit = slot_patience;
        actions.push_back({std::move(one), at});
    };
    if (slot_gone(state)) {
        if (state.slot) {
            add(publisher, replication::drop_slot(lane), phase);
        }
        add(publisher, replication::create_slot(lane), phase);
    }
    if (!state.subscription) {
        add(other(publisher), replication::create_subscription(lane), phase + 1);
    }
    return actions;
}

Task<std::vector<std::string>> remake_idle_lanes(Context* context, Runner* runner, Side publisher,
                                                 Deadline deadline) {
    const auto lanes = context->estate.lanes(publisher);
    const auto states = co_await lane_states(&context->estate, publisher, deadline);
    std::vector<std::string> made;
    std::vector<Action> actions;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        auto these = remake_lane(lanes[i], states[i], false, 0);
        if (!these.empty()) {
            made.push_back("Idle lane " + lanes[i].name() + " was not whole (" + missing_parts(states[i]) +
                           ") and is made again.");
            std::move(these.begin(), these.end(), std::back_inserter(actions));
        }
    }
    auto step = aside(StepId::idle_lanes);
    const auto failed =
        co_await runner->apart(&step, std::move(actions), context->progress().epoch, deadline);
    if (!failed.empty()) {
        std::rethrow_exception(failed.begin()->second);
    }
    co_return made;
}

} // namespace pgteal::cutover
