// privileges, carry-grants, late-grants: what tools grant, revoke and comment on during a run is so
// on both sides.
#include <fmt/format.h>

#include "cutover/gate/rights.hpp"
#include "cutover/runbook/runbook.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto patience = std::chrono::minutes(1);

/// What the steps of one walk know of each other: the first look is what is recorded of `from`.
struct Walk {
    bool performed = false;
    std::size_t warnings = 0; ///< before it
    std::string summary;
};

std::string count_of(int count, const std::string& what) {
    return count == 0 ? "" : std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string summary_of(const RightsPlan& plan, Side to) {
    std::string text;
    for (const auto& part : {count_of(plan.roles, "role"), count_of(plan.privileges, "privilege"),
                             count_of(plan.comments, "comment")}) {
        text += (text.empty() || part.empty() ? "" : ", ") + part;
    }
    return text.empty() ? "roles, privileges and comments as recorded"
                        : text + " carried to " + to_string(to);
}

void warn_of(Context* context, const RightsPlan& plan, Side to) {
    for (const auto& one : plan.left_out) {
        context->executor.results().warnings.push_back("privileges were not carried to " + to_string(to) +
                                                       ": " + one);
    }
}

Task<Observation> observe_rights(Context* context, Move move, RightsScope scope, bool late,
                                 std::shared_ptr<Walk> walk) {
    Observation seen;
    seen.state = State::done;
    auto& results = context->executor.results();
    if (walk->performed && results.warnings.size() > walk->warnings) { // what failed is not recorded as done
        results.rights.clear();
        seen.summary = "not all of it: see the warnings";
        co_return seen;
    }
    if (walk->performed) { // what was granted meanwhile is carried after the switch, not waited for
        if (!late) {
            context->executor.results().rights[move.to] =
                co_await read_rights(context, move.to, after(patience));
        }
        seen.summary = walk->summary;
        co_return seen;
    }
    if (!context->progress().active) { // for plan: nothing began yet, and green may have no database
        seen.state = State::absent;
        co_return seen;
    }
    auto plan = co_await look_at_rights(context, move, scope, after(patience));
    if (!plan) {
        seen.summary = "an earlier version prepared the run: privileges and comments were frozen";
        co_return seen;
    }
    auto& rights = context->executor.results().rights;
    rights[move.from] = plan->from_now;
    walk->summary = summary_of(*plan, move.to);
    warn_of(context, *plan, move.to);
    if (late) {
        rights[move.to] = plan->to_then;
    } else if (plan->actions.empty()) {
        rights[move.to] = co_await read_rights(context, move.to, after(patience));
    }
    seen.summary = walk->summary;
    seen.state = plan->actions.empty() ? State::done : State::absent;
    seen.seen = std::move(*plan);
    co_return seen;
}

std::vector<Action> plan_rights(Context* context, const Observation& seen, Walk* walk) {
    const auto* plan = std::any_cast<RightsPlan>(&seen.seen);
    if (plan == nullptr) {
        return {};
    }
    walk->performed = true;
    walk->warnings = context->executor.results().warnings.size();
    for (const auto& [name, binding] : plan->secrets) {
        context->executor.set(name, binding.value, true);
    }
    return plan->actions;
}

Step rights_step(Context& context, Move move, RightsScope scope, bool late) {
    auto walk = std::make_shared<Walk>();
    Step step;
    step.writers_after = late ? Writers::to : Writers::from;
    step.observe = [c = &context, move, scope, late, walk] {
        return observe_rights(c, move, scope, late, walk);
    };
    step.plan = [c = &context, walk](const Observation& seen) { return plan_rights(c, seen, walk.get()); };
    // No undo: it is so on the side that serves, and a look would keep clients waiting.
    return step;
}

} // namespace

Step privileges_step(Context& context) {
    auto step = rights_step(context, {Side::blue, Side::green, 1}, {}, false);
    step.id = "privileges";
    step.title = "Carry privileges";
    step.makes_true =
        "Roles, privileges and comments that changed on blue since the run began are so on green.";
    step.writers_after = Writers::blue;
    return step;
}

Step carry_privileges_step(Context& context, Move move) {
    // The way back is not held up by a grant.
    auto step = rights_step(context, move, {true, move.to == Side::blue}, false);
    step.id = "carry-grants";
    step.title = "Carry privileges";
    step.makes_true =
        "Roles, privileges and comments that changed on `from` since they were last recorded are so on `to`.";
    return step;
}

Step late_privileges_step(Context& context, Move move) {
    auto step = rights_step(context, move, {false, true}, true);
    step.id = "late-grants";
    step.title = "Carry late privileges";
    step.makes_true = "So are roles and privileges that changed between that and the fence.";
    step.recovery = Recovery::forward;
    return step;
}

} // namespace pgteal::cutover
