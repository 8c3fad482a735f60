// Who and what could spoil a switchover from outside pgteal's reach, read from the serving side.
#pragma once

#include <string>
#include <vector>

#include "cutover/gate/gate.hpp"

namespace pgteal::cutover {

/// Throws Error(refused) for a session that holds a lock which the switch would wait for: an uncommitted
/// change of a database or its settings, made in any database of the server, or a locked table of pgteal's.
Task<void> refuse_lockers(postgres::Server* server, std::string database, std::string again,
                          Deadline deadline);

/// Sessions of superusers that are not pgteal's own role, in one database.
Task<std::vector<SuperuserSession>> superuser_sessions(postgres::Server* server, std::string database,
                                                       Deadline deadline);

/// Roles that may write through a replication
/// session (exempt from CONNECTION LIMIT and no client backends to the server: walsender.c runs plain SQL for
/// replication=database), prepared transactions on the side that stands, large objects made since the run was
/// prepared (never replicated), and roles that can't log in on `to` as they do on `from`.
Task<std::vector<Refusal>> read_risks(Context* context, Move move, std::string database, Deadline deadline);

/// Large objects of one database of one side, as a number that the run records when it is prepared.
Task<std::int64_t> large_objects(postgres::Server* server, std::string database, Deadline deadline);

} // namespace pgteal::cutover
