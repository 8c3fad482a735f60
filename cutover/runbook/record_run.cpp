#include "cutover/runbook/record_run.hpp"

#include "base/error.hpp"
#include "cutover/engine/left_behind.hpp"
#include "cutover/gate/changed_schema.hpp"
#include "cutover/gate/database_state.hpp"
#include "cutover/gate/gate_risks.hpp"
#include "cutover/gate/rights.hpp"
#include "cutover/look/green_database.hpp"

namespace pgteal::cutover {

Task<void> record_baseline(Context* context) {
    const auto deadline = after(std::chrono::seconds(30));
    auto& estate = context->estate;
    auto& journal = context->journal;
    journal.forget(poolers_recorded); // an earlier run's
    journal.forget(facts::poolers_left_out);
    journal.forget(facts::poolers_left_behind);
    auto baselines = co_await read_poolers(&estate, deadline);
    for (const auto& baseline : baselines) {
        if (baseline.entries.empty()) {
            throw Error(ErrorCode::refused, baseline.name,
                        "no entry of pooler " + baseline.name + " points at blue (" +
                            estate.config().blue.pooler_host + ":" + estate.config().blue.pooler_port + ")",
                        "name its entries in [[pooler]], or set pooler_host and pooler_port of [blue]");
        }
    }
    record_poolers(journal, baselines);
    facts::ByName<int> limits;
    for (const auto& database : estate.config().databases) {
        const auto fence = co_await read_fence(&estate.server(Side::blue), database.name, deadline);
        limits[database.name] = fence.connection_limit;
    }
    journal.remember(facts::limits, limits);
    journal.forget(facts::compared);
    journal.forget(facts::prepared_recorded);
    co_await record_found_databases(context, deadline);
    for (const auto side : {Side::blue, Side::green}) {
        journal.forget(facts::roles_made, facts::roles_made.of(side));
    }
    // Before anything is copied: what is granted from here on is carried at the end of prepare.
    const auto rights = co_await read_rights(context, Side::blue, after(std::chrono::minutes(1)));
    record_rights(journal, Side::blue, rights);
    record_rights(journal, Side::green, {});
    const auto roles =
        co_await estate.server(Side::green).exec("", "SELECT rolname::text FROM pg_roles", {}, deadline);
    std::set<std::string> before;
    for (int i = 0; i < roles.rows(); ++i) {
        before.insert(roles.get<std::string>(i, 0));
    }
    journal.remember(facts::roles_before, before);
}

Task<void> record_prepared(Context* context) {
    const auto deadline = after(std::chrono::minutes(3));
    auto& journal = context->journal;
    co_await record_objects(context, deadline);
    for (const auto side : {Side::blue, Side::green}) {
        auto& server = context->estate.server(side);
        for (const auto& database : context->estate.config().database_names()) {
            const auto state = co_await read_database_state(&server, database, deadline);
            journal.remember(facts::database_state, facts::database_state.of(side, database), state);
            const auto count = co_await large_objects(&server, database, deadline);
            journal.remember(facts::large_objects, facts::large_objects.of(side, database), count);
        }
    }
    journal.remember(facts::prepared_recorded, true);
}

} // namespace pgteal::cutover
