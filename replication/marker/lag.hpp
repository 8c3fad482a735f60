// Markers of kind 'lag', which anyone may write at any time: for measuring, and for comparing data that
// moves.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postgres/connection.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

/// Lane number -> token that its marker has got, which is greater than every one before it in that lane.
using SentMarkers = std::map<int, std::int64_t>;

/// Commits a marker in each of the lanes (of one database). Greater than what is there, whatever the clock
/// says: so "at least this token" is a safe thing to wait for, even while others write theirs.
Task<SentMarkers> send_markers(postgres::Connection& publisher, std::vector<int> lanes, Deadline deadline);

/// Those that the subscriber shows by now.
Task<std::vector<int>> arrived_markers(postgres::Connection& subscriber, SentMarkers sent, Deadline deadline);

/// Waits until all have arrived or the deadline passes; those that arrived.
Task<std::vector<int>> arrived_by(postgres::Connection& subscriber, SentMarkers sent, Deadline deadline);

/// Waits until all have arrived. Throws DeadlinePassed that names the lanes that are late; the connection
/// stays usable.
Task<void> await_sent(postgres::Connection& subscriber, std::string database, SentMarkers sent,
                      Deadline deadline);

} // namespace pgteal::replication
