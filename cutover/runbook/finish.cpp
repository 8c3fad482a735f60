// finish: the standing side is let go, and nothing of pgteal stays behind.
#include "base/error.hpp"
#include "cutover/runbook/walks.hpp"
#include "replication/lane/control.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto finish_patience = std::chrono::seconds(30);

Task<Observation> look_at_finish(Context* context, Side standing) {
    std::size_t left = 0;
    for (const auto side : {Side::blue, Side::green}) {
        for (const auto& database : context->estate.config().databases) {
            const auto stray =
                co_await replication::stray_objects(context->estate.server(side), database.name,
                                                    context->estate.config().run, {}, after(finish_patience));
            left += stray.size();
            const auto schema = co_await context->estate.server(side).exec(
                database.name, "SELECT to_regnamespace('pgteal') IS NOT NULL", {}, after(finish_patience));
            left += schema.get<bool>(0, 0) ? 1U : 0U;
        }
    }
    Observation seen;
    seen.state = left == 0 ? State::done : State::partial;
    seen.summary = "lanes, slots, freeze and markers removed; " + to_string(standing) + " stays read-only";
    co_return seen;
}

Actions todo_of_finish(Context* context) {
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

void walk_finish(Step& step, Context& context, Move move) {
    step.walk([c = &context, move] { return look_at_finish(c, move.from); },
              [c = &context] { return todo_of_finish(c); });
}

} // namespace pgteal::cutover
