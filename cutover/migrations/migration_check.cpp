#include "cutover/migrations/migration_check.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "cutover/migrations/linted.hpp"
#include "cutover/migrations/migrations.hpp"
#include "migration/lint/lint.hpp"
#include "migration/lint/read_files.hpp"

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

/// What the linter says of replication, over blue as it is.
Task<std::vector<health::Finding>> lint_files(Estate* estate, const DatabaseConfig* database) {
    constexpr int per_major = 10000;
    migration::lint::Options options{estate->config().lint};
    options.offline = false;
    options.same_change = false;
    const auto green = co_await estate->server(Side::green).identity(after(std::chrono::seconds(10)));
    options.pg_version = green.version / per_major;
    const auto blue = estate->server(Side::blue).dsn().with_database(database->name);
    const auto table = history_of(estate->config());
    const auto folder = database->migrations;
    std::vector<health::Finding> findings;
    const std::function<void()> work = [&] {
        auto files = migration::lint::read_sources({folder}).files;
        const auto ground = read_lint_ground(blue, table);
        leave_out_applied(files, ground.applied);
        findings = stream_findings(database->name, migration::lint::lint(files, &ground.catalog, options));
    };
    co_await run_blocking(work);
    co_return findings;
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
                const auto files = co_await pending_files(estate, &database, run_started);
                pending += files;
                if (files > 0 && !run_started) {
                    auto said = co_await lint_files(estate, &database);
                    std::move(said.begin(), said.end(), std::back_inserter(result.findings));
                }
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
