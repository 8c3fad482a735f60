// Checks of what is inside the databases: what replication can't carry, and what behaves differently under
// it. Pure functions of facts.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// `blue_major`, `green_major`: up to 15 a subscriber scans the whole table for each row of a table with
/// REPLICA IDENTITY FULL.
CheckResult check_replica_identity(const std::vector<DatabaseFacts>& databases, int blue_major,
                                   int green_major);
CheckResult check_unlogged_tables(const std::vector<DatabaseFacts>& databases,
                                  const std::vector<std::string>& accept);
CheckResult check_large_objects(const std::vector<DatabaseFacts>& databases,
                                const std::vector<std::string>& accept);
CheckResult check_triggers(const std::vector<DatabaseFacts>& databases,
                           const std::vector<std::string>& accept);
CheckResult check_sequences(const std::vector<DatabaseFacts>& databases);
CheckResult check_extension_tables(const std::vector<DatabaseFacts>& databases);
/// Materialized views, foreign tables and event triggers: one check each.
std::vector<CheckResult> check_notable(const std::vector<DatabaseFacts>& databases);

} // namespace pgteal::health
