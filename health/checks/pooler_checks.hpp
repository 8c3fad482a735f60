// Checks of the poolers, from what cutover/ read of them. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "health/checks/preflight.hpp"

namespace pgteal::health {

CheckResult check_poolers_reachable(const std::vector<PoolerFacts>& poolers);
/// PAUSE in session pooling waits until clients disconnect (PgBouncer docs: PAUSE).
CheckResult check_pool_mode(const std::vector<PoolerFacts>& poolers);
/// query_wait_timeout and query_timeout go on counting for clients held by PAUSE.
CheckResult check_pooler_timeouts(const std::vector<PoolerFacts>& poolers, Clock::duration max_pause);
/// With so_reuseport several processes share a port, and an admin command reaches one of them: that of a unix
/// socket is known, so each may be a pooler of its own.
CheckResult check_reuseport(const std::vector<PoolerFacts>& poolers);
/// Every wanted entry is there and points at blue, and nothing else does; entries of other databases may,
/// where that is accepted. Once a run has started entries may point at green.
CheckResult check_entries(const std::vector<PoolerFacts>& poolers, const std::vector<std::string>& databases,
                          bool run_started, const std::vector<std::string>& accept = {});

inline constexpr const char* other_entries = "other-entries"; ///< in accept

/// Ends what this role replicates by itself; pgteal's own lanes go on.
std::string end_replication(const std::string& role);

} // namespace pgteal::health
