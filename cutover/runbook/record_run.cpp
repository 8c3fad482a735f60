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
    context->journal.set_fact("poolers", boost::json::value()); // an earlier run's
    context->journal.set_fact("poolers_left_out", boost::json::value());
    record_left_behind(context->journal, {});
    auto baselines = co_await read_poolers(&estate, deadline);
    for (const auto& baseline : baselines) {
        if (baseline.entries.empty()) {
            throw Error(ErrorCode::refused, baseline.name,
                        "no entry of pooler " + baseline.name + " points at blue (" +
                            estate.config().blue.pooler_host + ":" + estate.config().blue.pooler_port + ")",
                        "name its entries in [[pooler]], or set pooler_host and pooler_port of [blue]");
        }
    }
    record_poolers(context->journal, baselines);
    boost::json::object limits;
    for (const auto& database : estate.config().databases) {
        const auto fence = co_await read_fence(&estate.server(Side::blue), database.name, deadline);
        limits[database.name] = fence.connection_limit;
    }
    context->journal.set_fact("limits", limits);
    context->journal.set_fact("compared", boost::json::value());
    co_await record_found_databases(context, deadline);
    context->journal.set_fact("roles_made", boost::json::object());
    context->journal.set_fact("roles_made_on_blue", boost::json::object());
    // Before anything is copied: what is granted from here on is carried at the end of prepare.
    const auto rights = co_await read_rights(context, Side::blue, after(std::chrono::minutes(1)));
    record_rights(context->journal, Side::blue, rights);
    record_rights(context->journal, Side::green, {});
    const auto roles =
        co_await estate.server(Side::green).exec("", "SELECT rolname::text FROM pg_roles", {}, deadline);
    boost::json::array existing;
    for (int i = 0; i < roles.rows(); ++i) {
        existing.push_back(boost::json::value(roles.get<std::string>(i, 0)));
    }
    context->journal.set_fact("roles_before", existing);
}

Task<void> record_fingerprint(Context* context) {
    co_await record_objects(context, after(std::chrono::minutes(1)));
    boost::json::object prints;
    for (const auto side : {Side::blue, Side::green}) {
        prints[to_string(side)] =
            co_await fingerprint(&context->estate, side, after(std::chrono::minutes(1)));
    }
    for (const auto& database : context->estate.config().databases) {
        boost::json::object counts;
        boost::json::object states;
        for (const auto side : {Side::blue, Side::green}) {
            const auto state = co_await read_database_state(&context->estate.server(side), database.name,
                                                            after(std::chrono::minutes(1)));
            boost::json::array statements;
            for (const auto& one : state) {
                statements.push_back(boost::json::value(one));
            }
            states[to_string(side)] = std::move(statements);
            counts[to_string(side)] = co_await large_objects(&context->estate.server(side), database.name,
                                                             after(std::chrono::minutes(1)));
        }
        context->journal.set_fact("large_objects " + database.name, counts);
        context->journal.set_fact("database_state " + database.name, states);
    }
    context->journal.set_fact("fingerprint", prints); // last: it says that all of this is recorded
}

} // namespace pgteal::cutover
