// Locks on pgteal's own tables. Members of pg_write_all_data may take them in any mode (docs: LOCK,
// predefined roles), and no privilege of a table or schema keeps them from it; each statement of pgteal would
// wait.
#pragma once

#include <optional>
#include <string>

#include "base/refusal.hpp"
#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// SQL: whether pg_locks l, joined with pg_stat_activity a, is a client's lock on a table of pgteal's in this
/// database that pgteal's statements could wait for. Who writes to the probe, as everybody may, keeps nobody
/// waiting; a row of another table may be locked by SELECT ... FOR UPDATE.
std::string locks_own_table_text();

/// The lock of the oldest transaction `from` (SQL from FROM on, with pg_stat_activity as a) if it goes on for
/// a second: its `columns`. What lasts for a moment only, as when a client's row makes a partition or
/// somebody runs GRANT, keeps nobody waiting, and a moment later there may be another such: looks ten times
/// at most.
Task<std::optional<postgres::Result>> lasting_locker(postgres::Server* server, std::string database,
                                                     std::string columns, std::string from,
                                                     Deadline deadline);

/// SQL, for a transaction that is to lock the row of pgteal.run while clients are held, or to change it
/// (`write`): locks it and ends who keeps it from that. Who has locked the table against writers only is not
/// waited for by the fence, which ends him anyway.
std::string take_run_row_text(bool write);

/// Whoever locks a table of pgteal's in a database of the run, with pid, role and the statement that ends
/// it, to be followed by `again` (a command, or ""). Reads no table of pgteal's. A side that does not answer
/// has none.
Task<std::optional<Refusal>> own_table_lockers(Estate* estate, std::string again, Deadline deadline);

/// Throws Error(refused) for such a session.
Task<void> require_unlocked(Estate* estate, std::string again);

/// Schema pgteal goes last, and not when somebody has put something into it or made something depend on it.
/// Throws Error(server), by dropping it in a transaction that is rolled back: before anything is taken away.
Task<void> require_droppable_schema(Estate* estate, Side side, std::string database);
/// Of all databases on both sides.
Task<void> require_droppable_schemas(Estate* estate);

} // namespace pgteal::cutover
