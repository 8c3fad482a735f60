// Rows that the migrations of a run wrote on green: the other side doesn't have them, and nobody is to blame.
// While migrations run nothing else writes there, so the transaction that made a row tells whose it is.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "postgres/connection.hpp"
#include "postgres/statement.hpp"
#include "replication/compare/compare.hpp"

namespace pgteal::replication {

/// From now on what is written in the database is written by `script`; by nobody of ours when it is "".
postgres::Statement note_migration(const std::string& database, const std::string& script);
/// Notes "" unless that was said last: before lanes start, whatever interrupted the migrations.
postgres::Statement end_migrations(const std::string& database);

/// Of one side; empty on a side that no migration was applied to.
struct MigratedRows {
    struct Range {
        std::string script;
        std::int64_t first = 0, end = 0; ///< transaction ids with their epoch
        bool operator==(const Range&) const = default;
    };
    std::vector<Range> ranges;
    /// Rows that a comparison found on this side only, by table (as in messages) and identity (see
    /// compare_sql.hpp): they stay a migration's when clients change them after a switch.
    std::map<std::string, std::map<std::string, std::string>> inserted; ///< -> script
};
Task<MigratedRows> read_migrated_rows(postgres::Connection& connection, Deadline deadline);

/// Pure. The script that wrote row `t`, or NULL, as an expression of type text.
std::string written_by(const std::vector<MigratedRows::Range>& ranges);

/// Keeps what the comparison found for those that come later. At most as many a table as are listed.
postgres::Statement keep_migrated_rows(const std::string& database, const Comparison& comparison);

/// "public.country (2 rows, V1__countries.sql)", one for each table with rows of migrations.
std::vector<std::string> migrated_in_words(const Comparison& comparison);
/// The same of what was kept. One query; nothing when the side has no record.
Task<std::vector<std::string>> kept_in_words(postgres::Connection& connection, Deadline deadline);

} // namespace pgteal::replication
