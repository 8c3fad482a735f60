// Why an apply worker fails, in its own words: PostgreSQL says it in the log alone.
#pragma once

#include <string>

#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

/// Pure. The last failure in `log` (stderr format, any prefix) of the worker with that origin: "table
/// public.t: duplicate key value violates unique constraint \"t_pkey\" (key (id); the server's own log has
/// the row)"; "" when there is none. Values of rows are never in it. PostgreSQL 15 and newer name the origin.
std::string failure_in_log(const std::string& log, const std::string& origin);

/// The same from the subscriber's log; "" where the server keeps none itself, or pgteal may not read it.
Task<std::string> read_apply_failure(postgres::Server& subscriber, Lane lane, Deadline deadline);

} // namespace pgteal::replication
