// finish: the standing side is let go, and nothing of pgteal stays behind.
#include "base/error.hpp"
#include "cutover/runbook/runbook.hpp"
#include "replication/lane/control.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto patience = std::chrono::seconds(30);

Task<Observation> observe_finish(Context* context, Side standing) {
    std::size_t left = 0;
    for (const auto side : {Side::blue, Side::green}) {
        for (const auto& database : context->estate.config().databases) {
            const auto stray =
                co_await replication::stray_objects(context->estate.server(side), database.name,
                                                    context->estate.config().run, {}, after(patience));
            left += stray.size();
            const auto schema = co_await context->estate.server(side).exec(
                database.name, "SELECT to_regnamespace('pgteal') IS NOT NULL", {}, after(patience));
            left += schema.get<bool>(0, 0) ? 1U : 0U;
        }
    }
    Observation seen;
    seen.state = left == 0 ? State::done : State::partial;
    seen.summary = "lanes, slots, freeze and markers removed; " + to_string(standing) + " stays read-only";
    co_return seen;
}

std::vector<Action> plan_finish(Context* context) {
    std::vector<Action> actions;
    for (const auto publisher : {Side::blue, Side::green}) {
        for (const auto& lane : context->estate.lanes(publisher)) {
            actions.push_back(sql(other(publisher), replication::drop_subscription(lane), 0));
            actions.push_back(sql(publisher, replication::drop_slot(lane), 1));
            actions.push_back(sql(publisher, replication::drop_publication(lane), 1));
        }
        for (const auto& database : context->estate.config().databases) {
            actions.push_back(sql(publisher, replication::unfreeze_ddl(database.name), 2));
            actions.push_back(sql(publisher, replication::drop_control_schema(database.name), 2));
        }
    }
    return actions;
}

} // namespace

Step finish_step(Context& context, Side standing) {
    Step step;
    step.id = "finish";
    step.title = "Retire the standing side";
    step.makes_true = "No lane, slot, freeze or marker is left on either side; the standing side stays "
                      "read-only for clients.";
    step.writers_after = Writers::to;
    step.recovery = Recovery::forward;
    step.deadline = std::chrono::minutes(10);
    step.observe = [c = &context, standing] { return observe_finish(c, standing); };
    step.plan = [c = &context](const Observation&) { return plan_finish(c); };
    return step;
}

} // namespace pgteal::cutover
