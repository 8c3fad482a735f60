// A table read in slices of bounded time, so that who wants a lock on it waits for one of them at most.
#pragma once

#include <cstdint>
#include <string>

#include "postgres/connection.hpp"
#include "replication/compare/compare_sql.hpp"

namespace pgteal::replication {

/// What is asked of each slice. Slices don't share rows.
class SliceReader {
public:
    SliceReader() = default;
    virtual ~SliceReader() = default;
    SliceReader(const SliceReader&) = delete;
    SliceReader& operator=(const SliceReader&) = delete;
    virtual void begin() = 0; ///< what was taken so far is void
    [[nodiscard]] virtual std::string text(const std::string& slice) const = 0;
    virtual void take(const postgres::Result& rows) = 0;
};

/// Pure. The rows of the blocks from `first` to before `end`, as a condition on ctid.
std::string slice_condition(std::int64_t first, std::int64_t end, int server_version);
/// Pure. How many blocks come next, after so many took that long.
std::int64_t next_blocks(std::int64_t blocks, Clock::duration took, int server_version);

/// In a REPEATABLE READ transaction that is open: all rows of its snapshot, each once. Going back to the
/// savepoint after each slice keeps the snapshot and gives up the lock on the table. Rows that a rewrite of
/// the table (VACUUM FULL) moves to other blocks meanwhile are read from the beginning again.
Task<void> read_slices(postgres::Connection& connection, const ComparedTable& table, SliceReader& reader,
                       Deadline deadline);

} // namespace pgteal::replication
