#include "cutover/migrations/pending_files.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "cutover/migrations/migrations.hpp"

namespace pgteal::cutover {

namespace {

void refuse_half_applied(const std::vector<migration::File>& files,
                         const std::vector<migration::Applied>& rows, const std::string& side) {
    for (const auto& row : rows) {
        const auto found = std::ranges::find_if(
            files, [&row](const auto& file) { return migration::same_migration(file, row); });
        if (found != files.end() && !row.finished() && row.statements_done > 0) {
            throw Error(ErrorCode::migration, side,
                        found->script + " is applied to " + side + " in part, " +
                            std::to_string(row.statements_done) + " of its " +
                            std::to_string(found->statements.size()) +
                            " statements: it can't be rehearsed as a whole",
                        "bring it to its end there first");
        }
    }
}

} // namespace

std::vector<migration::File> pending_files(const Config& config, const postgres::Dsn& dsn_with_database,
                                           Side side, const std::string& folder, bool whole) {
    const auto files = migration::find_migrations(folder);
    auto applied = migration::history(dsn_with_database, to_string(side), history_of(config));
    auto pending = migration::pending(files, applied, policy_of(config, migration::Phase::expand));
    if (whole) {
        refuse_half_applied(pending, applied, to_string(side));
    }
    // By the time the contract files run, these have.
    for (const auto& file : pending) {
        std::erase_if(applied, [&](const auto& row) { return migration::same_migration(file, row); });
        migration::Applied row;
        row.version = file.version;
        row.name = file.name;
        row.script = file.script;
        row.checksum = file.checksum;
        row.repeatable = file.repeatable;
        row.state = "applied";
        applied.push_back(std::move(row));
    }
    for (auto& file : migration::pending(files, applied, policy_of(config, migration::Phase::contract))) {
        pending.push_back(std::move(file));
    }
    return pending;
}

std::vector<DatabaseConfig> databases_to_migrate(const Config& config, const std::string& asked) {
    std::vector<DatabaseConfig> found;
    for (const auto& database : config.databases) {
        if ((asked.empty() || database.name == asked) && !database.migrations.empty()) {
            found.push_back(database);
        }
    }
    if (!asked.empty() && found.empty()) {
        const bool known = std::ranges::any_of(config.databases,
                                               [&](const auto& database) { return database.name == asked; });
        throw Error(ErrorCode::usage, "",
                    known ? "database " + asked + " has no migrations in the config"
                          : "database " + asked + " is not in the config",
                    known ? "set migrations = \"DIR\" in its [[database]] section" : "pgteal migrate status");
    }
    return found;
}

} // namespace pgteal::cutover
