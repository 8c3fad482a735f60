// Checks of what goes on on the servers: who holds transactions, who writes past a fence, whose slots and
// subscriptions there are.
#pragma once

#include "base/clock.hpp"
#include "base/finding.hpp"
#include "health/checks/server_checks.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

CheckResult check_prepared_transactions(const Sides& sides, const std::vector<std::string>& databases);
CheckResult check_long_transactions(const Sides& sides, Clock::duration max_pause);
CheckResult check_superuser_sessions(const ServerFacts& blue);
CheckResult check_role_settings(const Sides& sides);
CheckResult check_other_subscriptions(const Sides& sides, const std::vector<std::string>& databases,
                                      bool run_started);
CheckResult check_other_slots(const ServerFacts& blue, const std::vector<std::string>& databases);
/// pg_cron, pgAgent and their like: `extensions` are those of the run's databases.
CheckResult check_jobs(const ServerFacts& blue, const std::vector<DatabaseFacts>& databases);
/// Objects named pgteal_ although no run is under way.
CheckResult check_leftovers(const Sides& sides, bool run_started);

} // namespace pgteal::health
