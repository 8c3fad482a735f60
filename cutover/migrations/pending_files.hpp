// The files that a side has not applied yet, of both phases in the order in which they will run.
#pragma once

#include <string>
#include <vector>

#include "base/side.hpp"
#include "cutover/config/config.hpp"
#include "migration/files/find.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::cutover {

/// Blocking. Expand files first, then contract files. Throws as migration::find_migrations(), history() and
/// pending(); with `whole`, Error(migration) too for a file that is applied in part.
std::vector<migration::File> pending_files(const Config& config, const postgres::Dsn& dsn_with_database,
                                           Side side, const std::string& folder, bool whole = false);

/// The databases that have migrations: of the config, or the one that was asked for. Throws Error(usage) for
/// one that isn't in the config or has no migrations.
std::vector<DatabaseConfig> databases_to_migrate(const Config& config, const std::string& asked);

} // namespace pgteal::cutover
