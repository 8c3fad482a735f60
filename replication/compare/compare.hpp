// Comparison of data, both sides live or still: equal content, not equal counts.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catalog/tables.hpp"
#include "postgres/server.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

struct Difference {
    std::string key;    ///< key columns as text, "(7)" or "(7,abc)"
    std::string kind;   ///< missing (not on standing), extra (only on standing), changed
    std::string script; ///< the migration that changed it on green, "" when none did
};
struct TableComparison {
    std::string database, name;
    std::int64_t rows = 0;               ///< on the serving side
    std::vector<Difference> differences; ///< at most 100 are listed
    std::int64_t difference_count = 0;   ///< differing rows
    bool counted_all = true;             ///< false: counting stopped beyond 10,000
    /// Rows that migrations inserted on green and that are there only: no differences. Identity (see
    /// compare_sql.hpp) -> script, of the first 10,000.
    std::map<std::string, std::string> migrated = {};
    std::int64_t migrated_count = 0;
};
struct Comparison {
    bool equal = true;
    std::int64_t rows = 0;
    std::vector<TableComparison> tables;
};

/// Compares one database between the serving and the standing side over the columns both have, each cast to
/// the serving side's type where types of PostgreSQL's own differ. First one hash per table on both sides at
/// once, in slices of bounded time (count and the sum of 64 bits of md5 over each row's text: the same on
/// every major, unlike hashtext). Where that differs, buckets, then rows. A differing row is only reported
/// once it is proven not to be lag or a write under way: serving's version read, a marker written and awaited
/// in every lane, standing's version read, serving's version read again; equal to either is equal, unchanged
/// on serving and different on standing is a difference, still moving is tried again (with the deadline as
/// bound; a row that never stands still long enough counts as unproven and makes the result Error(deadline)).
/// A row with a key that is written all the time is read on both sides as of one commit (compare_exact.hpp).
/// Nothing that clients need is locked while a lane is waited for, and nothing of users runs: values are
/// compared as their output functions print them, every statement has limits, and what is read is read in
/// READ ONLY transactions. What the server would run by itself as it plans over a table (owners_code.hpp) is
/// Error(conflict), unless it is accepted. Tables without key, or with REPLICA IDENTITY FULL, are compared as
/// multisets of rows; their `key` is the row itself, cut short. `lanes` are those that carry serving to
/// standing; none when nothing replicates and both sides stand still. Throws Error(conflict) when a table is
/// missing on the standing side.
Task<Comparison> compare_database(postgres::Server& serving, postgres::Server& standing, std::string database,
                                  std::vector<Lane> lanes, std::vector<PublishedTable> tables, int jobs,
                                  Deadline deadline, std::function<void(int done, int total)> progress,
                                  bool owners_code_accepted = false);

} // namespace pgteal::replication
