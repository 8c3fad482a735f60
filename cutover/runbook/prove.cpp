// analyze, compare: a side that clients can be shown.
#include "cutover/runbook/walks.hpp"
#include "replication/clone/clone.hpp"
#include "replication/compare/migrated_rows.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto prove_patience = std::chrono::seconds(60);

Task<Observation> look_at_milestone(Context* context, StepId step, std::string summary) {
    std::size_t reached = 0;
    for (const auto& database : context->estate.config().databases) {
        const auto all =
            co_await milestones(&context->estate.server(Side::green), database.name, after(prove_patience));
        reached += all.contains(name_of(step)) ? 1U : 0U;
    }
    co_return counted(reached, context->estate.config().databases.size(), std::move(summary));
}

struct AnalyzeSeen {
    /// Materialized views that clients can read on blue, by database: a dump makes them empty, and an empty
    /// one answers with an error.
    std::map<std::string, std::vector<std::string>> views;
    std::map<std::string, std::string> tables; ///< what to analyze in each database; "" = all of it
};

/// "" where ANALYZE as a whole stays on this server. That of a table with foreign children or partitions asks
/// their servers, which may not answer green, or not our login (docs: ANALYZE, "Notes").
Task<std::string> tables_of_here(postgres::Server* server, std::string database) {
    const auto rows = co_await server->exec(
        std::move(database),
        "WITH RECURSIVE reach AS (\n"
        "  SELECT h.inhparent AS relid FROM pg_inherits h JOIN pg_class f ON f.oid = h.inhrelid WHERE "
        "f.relkind = 'f'\n"
        "  UNION SELECT h.inhparent FROM pg_inherits h JOIN reach r ON r.relid = h.inhrelid)\n"
        "SELECT coalesce(string_agg(format('%I.%I', n.nspname, c.relname), ', '), '') FROM pg_class c\n"
        "  JOIN pg_namespace n ON n.oid = c.relnamespace\n"
        " WHERE EXISTS (SELECT FROM reach) AND c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't'\n"
        "   AND c.oid NOT IN (SELECT relid FROM reach)",
        {}, after(prove_patience));
    co_return rows.get<std::string>(0, 0);
}

Task<Sight<AnalyzeSeen>> look_at_analyze(Context* context) {
    auto seen = co_await look_at_milestone(context, StepId::analyze, "statistics gathered");
    AnalyzeSeen todo;
    std::string left;
    for (const auto& database : context->estate.config().database_names()) {
        if (seen.state != State::done) {
            const auto found =
                co_await context->estate.server(Side::blue)
                    .exec(database,
                          "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'm' AND "
                          "c.relispopulated ORDER BY c.oid",
                          {}, after(prove_patience));
            for (int row = 0; row < found.rows(); ++row) {
                todo.views[database].push_back(found.get<std::string>(row, 0));
            }
            auto& green = context->estate.server(Side::green);
            const auto reached = co_await milestones(&green, database, after(prove_patience));
            auto& there =
                reached.contains(name_of(StepId::schema)) ? green : context->estate.server(Side::blue);
            todo.tables[database] = co_await tables_of_here(&there, database);
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
    co_return Sight<AnalyzeSeen>(std::move(seen), std::move(todo));
}

Actions todo_of_analyze(Context* context, const AnalyzeSeen& todo) {
    Actions actions;
    for (const auto& database : context->estate.config().databases) {
        if (todo.views.contains(database.name)) {
            Sql refresh;
            refresh.side = Side::green;
            refresh.statement = replication::fill_views(database.name, todo.views.at(database.name));
            refresh.limit = std::chrono::hours(24);
            actions.push_back({std::move(refresh), 0});
        }
        Sql analyze;
        analyze.side = Side::green;
        const auto tables = todo.tables.find(database.name);
        const bool all = tables == todo.tables.end() || tables->second.empty();
        analyze.statement = {database.name, all ? "ANALYZE" : "ANALYZE " + tables->second, {}};
        analyze.limit = std::chrono::hours(24);
        actions.push_back({std::move(analyze), 0});
        actions.push_back(sql(Side::green, milestone(database.name, StepId::analyze), 1));
    }
    return actions;
}

/// A slot of the way back that was there once is gone: an HA tool dropped it, or the server is another one.
Task<bool> slot_to_be_made_again(Context* context) {
    if (!context->progress().prepared) {
        co_return false;
    }
    for (const auto& state : co_await lane_states(&context->estate, Side::green, after(prove_patience))) {
        if (!state.slot || state.slot_status == "lost") {
            co_return true;
        }
    }
    co_return false;
}

Task<Observation> look_at_compare(Context* context) {
    auto seen = co_await look_at_milestone(context, StepId::compare, {});
    // Where a slot has to be made anew the comparison is made anew too.
    if (seen.state == State::done && context->executor.results().comparisons.empty()) {
        const bool again = co_await slot_to_be_made_again(context);
        seen.state = again ? State::absent : seen.state;
    }
    std::int64_t rows = 0;
    std::size_t tables = 0;
    std::string migrated;
    for (const auto& comparison : context->executor.results().comparisons) {
        for (const auto& words : replication::migrated_in_words(comparison)) {
            migrated += (migrated.empty() ? "; inserted by migrations, on green only: " : ", ") + words;
        }
        rows += comparison.rows;
        tables += comparison.tables.size();
    }
    seen.summary = rows > 0 ? std::to_string(rows) + " rows in " + std::to_string(tables) + " tables equal"
                            : "content equal";
    seen.summary += migrated;
    co_return seen;
}

Actions todo_of_compare(Context* context) {
    Actions actions;
    int phase = 0;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back({CompareData{database.name, Side::blue}, phase++});
        actions.push_back(sql(Side::green, milestone(database.name, StepId::compare), phase++));
    }
    return actions;
}

} // namespace

void walk_analyze(Step& step, Context& context, Move) {
    step.walk<AnalyzeSeen>(
        {.look = [c = &context] { return look_at_analyze(c); },
         .todo = [c = &context](const AnalyzeSeen& seen) { return todo_of_analyze(c, seen); },
         .back = [](const AnalyzeSeen&) { return nothing(); },
         .expected = {}});
}

void walk_compare(Step& step, Context& context, Move) {
    step.walk([c = &context] { return look_at_compare(c); }, [c = &context] { return todo_of_compare(c); },
              nothing);
}

} // namespace pgteal::cutover
