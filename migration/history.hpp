// What has been applied to a database: its table pgteal_migrations.history.
#pragma once

#include <string>
#include <vector>

#include "migration/find.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::migration {

struct Applied {
    std::string version, name, script, checksum;
    std::string applied_at; ///< UTC, 2026-01-31T12:00:00Z
    double ms = 0;
    /// applied | running (a statement outside a transaction was under way) | failed (stopped between two
    /// statements)
    std::string state;
    int statements_done = 0;   ///< of an unfinished file: how many of its statements are known to have run
    std::string done_checksum; ///< of those statements, so that the rest of the file may be mended
    [[nodiscard]] bool finished() const { return state == "applied"; }
};

/// Reads the history of that database, in version order; empty when there is none. Blocking.
/// Throws Error(unreachable), Error(connection_lost), ServerError.
std::vector<Applied> history(const postgres::Dsn& dsn_with_database, const std::string& side = "green");

/// Takes the history of `from` over to `to`, which has none: a clone of the schema has the migrations in it
/// already. All rows or none; nothing when `to` has a history or `from` has none. Blocking. Errors as
/// history().
void adopt_history(const postgres::Dsn& from, const postgres::Dsn& to);

/// What `apply` would run now; an unfinished file is still pending. Throws Error(migration) when an applied
/// file changed (checksum) or is missing, or when a file that is new has a lower version than the newest
/// applied one.
std::vector<File> pending(const std::vector<File>& files, const std::vector<Applied>& applied);

} // namespace pgteal::migration
