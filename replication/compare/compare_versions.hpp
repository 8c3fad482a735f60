// Rows of one table as one side has them at one moment, and the limits under which compare asks for them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postgres/connection.hpp"
#include "replication/compare/compare_sql.hpp"

namespace pgteal::replication {

/// What one side has of one identity at one moment.
struct Version {
    std::int64_t rows = 0;
    std::string content;
    std::string place; ///< means something on the side it was read from only
    std::string shown;
    std::int64_t migrated = 0; ///< of the rows, those that a migration wrote
    std::string script;        ///< that migration

    [[nodiscard]] bool same_data(const Version& other) const {
        return rows == other.rows && content == other.content;
    }
    [[nodiscard]] bool untouched(const Version& other) const {
        return same_data(other) && place == other.place;
    }
};
using Versions = std::map<std::string, Version>;

constexpr int versions_columns = 7; ///< of identities_sql() and copies_sql()
Versions versions_of(const postgres::Result& rows);

/// How long compare waits for a table that is locked: whoever waits in vain says so.
constexpr Clock::duration compare_lock_limit = std::chrono::seconds(30);

/// SET LOCAL of the limits that every transaction of compare has: on a statement, on a wait for a lock, and
/// on an open transaction that nobody goes on with, because its controller is gone.
std::string compare_limits(Deadline deadline);

/// One statement in a READ ONLY transaction of its own, as three commands of a script.
std::string reading(const std::string& text, Deadline deadline);

/// Begins a transaction whose snapshot is taken at once.
std::string begin_snapshot(Deadline deadline);

Task<Versions> read_versions(postgres::Connection& connection, std::string text, Deadline deadline);
/// These identities, as of one moment. Where there is no key to find them by, in slices.
Task<Versions> read_versions(postgres::Connection& connection, const ComparedTable& table,
                             const std::vector<std::string>& ids, Deadline deadline);

} // namespace pgteal::replication
