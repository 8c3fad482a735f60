#include "cutover/migrations/migration_check.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "cutover/migrations/migrations.hpp"

namespace pgteal::cutover {

namespace {

health::Finding finding_of(const DatabaseConfig& database, const Error& error) {
    return {"migrations",
            health::Level::error,
            error.side() == "controller" ? "" : error.side(),
            database.name + ": " + database.migrations,
            error.what(),
            error.hint()};
}

Task<std::size_t> pending_files(Estate* estate, const DatabaseConfig* database, bool run_started) {
    const auto& config = estate->config();
    const auto blue = estate->server(Side::blue).dsn().with_database(database->name);
    const auto folder = database->migrations;
    std::size_t count = 0;
    const std::function<void()> work = [&] {
        const auto files = migration::find_migrations(folder);
        // Once a run is on, green's history counts, and the step itself reads that.
        const auto applied = run_started ? std::vector<migration::Applied>{}
                                         : migration::history(blue, "blue", history_of(config));
        count = migration::pending(files, applied, policy_of(config)).size();
    };
    co_await run_blocking(work);
    co_return count;
}

} // namespace

Task<health::CheckResult> check_migrations(Estate* estate, bool run_started) {
    health::CheckResult result{"migrations", {}, ""};
    std::size_t pending = 0;
    for (const auto& database : estate->config().databases) {
        if (database.migrations.empty()) {
            continue;
        }
        try {
            if (estate->config().migrate.command.empty()) {
                pending += co_await pending_files(estate, &database, run_started);
            } else if (!std::filesystem::is_directory(database.migrations)) {
                throw Error(ErrorCode::file, "", database.migrations + " is no folder",
                            "correct migrations of [[database]] " + database.name);
            } else if (!run_started) {
                const auto blue = estate->server(Side::blue).dsn().with_database(database.name);
                const auto table = history_of(estate->config());
                const std::function<void()> look = [&] {
                    migration::require_plain_table(blue, "blue", table);
                };
                co_await run_blocking(look);
            }
        } catch (const Error& error) {
            if (error.code() == ErrorCode::file || error.code() == ErrorCode::migration) {
                result.findings.push_back(finding_of(database, error));
            }
            // A side that is away is another check's to say.
        }
    }
    result.summary = std::to_string(pending) + " migrations pending";
    co_return result;
}

} // namespace pgteal::cutover
