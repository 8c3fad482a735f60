// What has been applied to a database, in pgteal's table or in Flyway's.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "migration/files/find.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::migration {

/// Where what was applied is recorded: pgteal_migrations.history, or Flyway's table as Flyway 5 to 11 make
/// and fill it (flyway-core, PostgreSQLDatabase and Database.getInsertStatement), so that an application's
/// own Flyway validates it. pgteal_migrations.history then holds nothing but files that are half-way.
struct HistoryTable {
    bool flyway = false;
    std::string schema = "public", name = "flyway_schema_history"; ///< of Flyway's
    bool operator==(const HistoryTable&) const = default;
};

/// From the config's words: "pgteal" or "flyway", and "schema.table".
HistoryTable history_table(const std::string& kind, const std::string& schema_and_name);

struct Applied {
    std::string version, name, script, checksum; ///< version "" for repeatable ones; checksum "" = none kept
    std::string applied_at;                      ///< UTC, 2026-01-31T12:00:00Z
    Clock::duration time{};
    /// applied | running (a statement outside a transaction was under way) | failed (stopped between two
    /// statements) | broken (Flyway says that it failed there)
    std::string state;
    int statements_done = 0;   ///< of an unfinished file: how many of its statements are known to have run
    std::string done_checksum; ///< of those statements, so that the rest of the file may be mended
    bool repeatable = false;
    /// Flyway's: SQL, JDBC, BASELINE … Only SQL rows have a file here.
    std::string type = "SQL";
    [[nodiscard]] bool finished() const { return state == "applied"; }
};

/// Whether the row is about this file, whatever the two have in them.
bool same_migration(const File& file, const Applied& row);

/// No row is about this file, and one of Flyway's BASELINE rows stands for everything up to its version:
/// Flyway says "Below Baseline" and never runs it; nor does pgteal.
bool below_baseline(const File& file, const std::vector<Applied>& applied);

/// Reads the history of that database: versioned rows in order, then repeatable ones; empty when there is
/// none. Blocking. Throws Error(unreachable), Error(connection_lost), ServerError.
std::vector<Applied> history(const postgres::Dsn& dsn_with_database, const std::string& side = "green",
                             const HistoryTable& table = {});

/// Takes the history of `from` over to `to`, which has none: a clone of the schema has the migrations in it
/// already. All rows or none; nothing when `to` has a history or `from` has none. Blocking. Errors as
/// history(). Flyway's rows are taken as they are. Neither table goes through a lane: the two sides have
/// different migrations, and each side's table says which.
void adopt_history(const postgres::Dsn& from, const postgres::Dsn& to, const HistoryTable& table = {});

/// Copies the rows of a table, whose column names are the same on both sides, to where it has none: a tool's
/// own record. Nothing when either side has no such table, or `to` has rows. Blocking. Errors as history().
void carry_table(const postgres::Dsn& from, const postgres::Dsn& to, const HistoryTable& table);

/// Throws Error(migration) when such a table is there and may run code of others: strange_code.hpp. Blocking.
void require_plain_table(const postgres::Dsn& dsn_with_database, const std::string& side,
                         const HistoryTable& table);

/// What is allowed.
struct Policy {
    bool gaps = true;          ///< between version numbers, see gaps()
    bool out_of_order = false; ///< a new file below the newest applied one
    Phase phase = Phase::expand;
    bool placeholders = true; ///< false: ${name} is refused: a tool would replace it, and pgteal doesn't
};

/// What `apply` would run now, in this order; an unfinished file is still pending, and so is a repeatable one
/// whose text changed. Files of the other phase are left out; a contract file may come late. Throws
/// Error(migration) when an applied file changed (checksum) or is missing, when a file that is new has a
/// lower version than the newest applied one, when Flyway recorded a failure, when a contract file comes
/// after an expand file that isn't applied, and for gaps.
std::vector<File> pending(const std::vector<File>& files, const std::vector<Applied>& applied,
                          const Policy& policy = {});

/// Versions that `there` has applied and `here` has not, as "V7__x.sql": somebody migrated that side by
/// itself.
std::vector<std::string> missing_here(const std::vector<Applied>& here, const std::vector<Applied>& there);

} // namespace pgteal::migration
