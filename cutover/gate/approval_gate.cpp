#include "cutover/gate/approval_gate.hpp"

#include "base/async.hpp"
#include "cutover/migrations/migrations.hpp"
#include "cutover/record/approvals.hpp"

namespace pgteal::cutover {

namespace {

Task<bool> anything_pending(Context* context) {
    const auto& config = context->estate.config();
    if (!config.migrate.command.empty()) {
        co_return true; // only that tool knows
    }
    bool found = false;
    for (const auto& database : config.databases) {
        if (database.migrations.empty()) {
            continue;
        }
        const auto dsn = context->estate.server(Side::blue).dsn().with_database(database.name);
        const auto folder = database.migrations;
        const std::function<void()> look = [&found, &config, dsn, folder] {
            const auto files = migration::find_migrations(folder);
            const auto applied = migration::history(dsn, "blue", history_of(config));
            found = found || !migration::pending(files, applied, policy_of(config)).empty();
        };
        co_await run_blocking(look);
    }
    co_return found;
}

} // namespace

Task<void> require_approvals_to_prepare(Context* context) {
    const auto progress = context->progress();
    if (context->estate.config().migrate.approvals == 0 ||
        (progress.active && progress.step(StepId::migrate).done)) {
        co_return;
    }
    const bool pending = co_await anything_pending(context);
    if (pending) {
        require_approvals(context->estate.config(), context->journal, "prepare");
    }
}

} // namespace pgteal::cutover
