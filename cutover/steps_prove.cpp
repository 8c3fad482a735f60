// analyze, compare: a side that clients can be shown.
#include "cutover/runbook.hpp"
#include "replication/clone.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto patience = std::chrono::seconds(60);

Task<Observation> observe_milestone(Context* context, std::string what, std::string summary) {
    std::size_t reached = 0;
    for (const auto& database : context->estate.config().databases) {
        const auto all =
            co_await milestones(&context->estate.server(Side::green), database.name, after(patience));
        reached += all.contains(what) ? 1U : 0U;
    }
    co_return counted(reached, context->estate.config().databases.size(), std::move(summary));
}

/// Materialized views that clients can read on blue, by database: a dump makes them empty, and an empty one
/// answers with an error.
using Views = std::map<std::string, std::vector<std::string>>;

Task<Observation> observe_analyze(Context* context) {
    auto seen = co_await observe_milestone(context, "analyze", "statistics gathered");
    Views views;
    std::string left;
    for (const auto& database : context->estate.config().database_names()) {
        if (seen.state != State::done) {
            const auto found =
                co_await context->estate.server(Side::blue)
                    .exec(database,
                          "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'm' AND "
                          "c.relispopulated ORDER BY c.oid",
                          {}, after(patience));
            for (int row = 0; row < found.rows(); ++row) {
                views[database].push_back(found.get<std::string>(row, 0));
            }
        }
        const auto& bindings = context->executor.bindings();
        const auto not_filled = bindings.find(replication::binding_for("views_left", database));
        if (not_filled != bindings.end() && !not_filled->second.value.empty()) {
            left += (left.empty() ? "" : ", ") + not_filled->second.value;
        }
    }
    if (!left.empty()) {
        seen.summary += "; NOT filled, refresh them on green: " + left;
    }
    seen.seen = std::move(views);
    co_return seen;
}

std::vector<Action> plan_analyze(Context* context, const Observation& seen) {
    const auto* views = std::any_cast<Views>(&seen.seen);
    std::vector<Action> actions;
    for (const auto& database : context->estate.config().databases) {
        if (views != nullptr && views->contains(database.name)) {
            Sql refresh;
            refresh.side = Side::green;
            refresh.statement = replication::fill_views(database.name, views->at(database.name));
            refresh.limit = std::chrono::hours(24);
            actions.push_back({std::move(refresh), 0});
        }
        Sql analyze;
        analyze.side = Side::green;
        analyze.statement = {database.name, "ANALYZE", {}};
        analyze.limit = std::chrono::hours(24);
        actions.push_back({std::move(analyze), 0});
        actions.push_back(sql(Side::green, milestone(database.name, "analyze"), 1));
    }
    return actions;
}

Task<Observation> observe_compare(Context* context) {
    auto seen = co_await observe_milestone(context, "compare", {});
    std::int64_t rows = 0;
    std::size_t tables = 0;
    for (const auto& comparison : context->executor.results().comparisons) {
        rows += comparison.rows;
        tables += comparison.tables.size();
    }
    seen.summary = rows > 0 ? std::to_string(rows) + " rows in " + std::to_string(tables) + " tables equal"
                            : "content equal";
    co_return seen;
}

std::vector<Action> plan_compare(Context* context) {
    std::vector<Action> actions;
    int phase = 0;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back({CompareData{database.name, Side::blue}, phase++});
        actions.push_back(sql(Side::green, milestone(database.name, "compare"), phase++));
    }
    return actions;
}

std::vector<Action> nothing(const Observation& seen) {
    static_cast<void>(seen);
    return {};
}

} // namespace

Step analyze_step(Context& context) {
    Step step;
    step.id = "analyze";
    step.title = "Gather statistics";
    step.makes_true = "Green's planner knows the data; materialized views that blue had filled are filled.";
    step.deadline = std::chrono::hours(24);
    step.observe = [c = &context] { return observe_analyze(c); };
    step.plan = [c = &context](const Observation& seen) { return plan_analyze(c, seen); };
    step.undo = nothing;
    return step;
}

Step compare_step(Context& context) {
    Step step;
    step.id = "compare";
    step.title = "Compare the data";
    step.makes_true = "Every table has the same rows on both sides, apart from what is still under way.";
    step.deadline = std::chrono::hours(24);
    step.observe = [c = &context] { return observe_compare(c); };
    step.plan = [c = &context](const Observation&) { return plan_compare(c); };
    step.undo = nothing;
    return step;
}

} // namespace pgteal::cutover
