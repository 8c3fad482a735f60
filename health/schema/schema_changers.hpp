// Who changes the schema while clients work: functions, jobs and statements that the freeze will refuse.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// Fills `changers`, `changes` and `stranger` of facts, whose extensions have been read.
Task<void> read_schema_changers(postgres::Connection& connection, DatabaseFacts& facts, Deadline deadline);

/// An error, which can be accepted, where writes of clients run such a function; a warning for others, and
/// where what they do with partitions is carried.
CheckResult check_schema_changers(const std::vector<DatabaseFacts>& databases,
                                  const std::vector<std::string>& accept, bool carry_partitions = false);
/// Schema pgteal must be free, or a superuser's.
CheckResult check_own_schema(const std::vector<DatabaseFacts>& databases);

} // namespace pgteal::health
