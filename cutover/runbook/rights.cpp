// privileges, carry-grants, late-grants: what tools grant, revoke and comment on during a run is so
// on both sides.
#include <fmt/format.h>

#include "cutover/gate/rights.hpp"
#include "cutover/runbook/walks.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto rights_patience = std::chrono::minutes(1);

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

Task<Sight<RightsPlan>> look_at_rights_of(Context* context, Move move, RightsScope scope, bool late,
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
                co_await read_rights(context, move.to, after(rights_patience));
        }
        seen.summary = walk->summary;
        co_return seen;
    }
    if (!context->progress().active) { // for plan: nothing began yet, and green may have no database
        seen.state = State::absent;
        co_return seen;
    }
    auto plan = co_await look_at_rights(context, move, scope, after(rights_patience));
    if (!plan.refused.empty()) {
        co_return refused(plan.refused);
    }
    auto& rights = context->executor.results().rights;
    rights[move.from] = plan.from_now;
    walk->summary = summary_of(plan, move.to);
    warn_of(context, plan, move.to);
    if (late) {
        rights[move.to] = plan.to_then;
    } else if (plan.actions.empty()) {
        rights[move.to] = co_await read_rights(context, move.to, after(rights_patience));
    }
    seen.summary = walk->summary;
    seen.state = plan.actions.empty() ? State::done : State::absent;
    co_return Sight<RightsPlan>(std::move(seen), std::move(plan));
}

Actions todo_of_rights(Context* context, const RightsPlan& plan, Walk* walk) {
    if (plan.actions.empty()) {
        return {};
    }
    walk->performed = true;
    walk->warnings = context->executor.results().warnings.size();
    for (const auto& [name, binding] : plan.secrets) {
        context->executor.set(name, binding.value, true);
    }
    return plan.actions;
}

void walk_rights(Step& step, Context& context, Move move, RightsScope scope, bool late) {
    auto walk = std::make_shared<Walk>();
    // Not taken back: it is so on the side that serves, and a look would keep clients waiting.
    step.walk<RightsPlan>(
        {.look = [c = &context, move, scope, late,
                  walk] { return look_at_rights_of(c, move, scope, late, walk); },
         .todo = [c = &context, walk](const RightsPlan& plan) { return todo_of_rights(c, plan, walk.get()); },
         .back = {},
         .expected = {}});
}

} // namespace

void walk_privileges(Step& step, Context& context, Move) {
    walk_rights(step, context, {Side::blue, Side::green, 1}, {}, false);
}

void walk_carry_grants(Step& step, Context& context, Move move) {
    // The way back is not held up by a grant.
    walk_rights(step, context, move, {true, move.to == Side::blue}, false);
}

void walk_late_grants(Step& step, Context& context, Move move) {
    walk_rights(step, context, move, {true, true}, true);
}

} // namespace pgteal::cutover
