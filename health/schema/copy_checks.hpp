// What a copy or a lane would stumble over though the schema fits, and what clients keep of it.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// Rows that can't be copied: hash partitions by an enum, values too large for COPY. Pure.
CheckResult check_copyable(const std::vector<DatabaseFacts>& databases);
/// Values that green can hold and blue can't read: they would stop the way back. Pure.
CheckResult check_newer_values(const std::vector<DatabaseFacts>& databases, int blue_major, int green_major);
/// Columns whose values another server reads in another way: its numbers, references to its objects, rows of
/// its catalogs. Pure.
CheckResult check_server_values(const std::vector<DatabaseFacts>& databases, int blue_major, int green_major);
/// Types with other OIDs on green, which drivers keep. Pure.
CheckResult check_type_oids(const std::vector<DatabaseFacts>& databases);

/// Time-outs that apply workers and walsenders would take from the server, the database or our role: only
/// those that end a worker's transaction (source: xact.c, proc.c). `green` may be nullptr. Pure.
CheckResult check_lane_timeouts(const ServerFacts& blue, const ServerFacts* green,
                                const std::vector<DatabaseFacts>& databases);

} // namespace pgteal::health
