// Checks of the two servers: identity, versions, privileges, settings and the resources that lanes take. Pure
// functions of facts.
#pragma once

#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// The servers that could be read: both, one or none.
using Sides = std::vector<const ServerFacts*>;

/// What a run takes on each side: every lane is a slot, a walsender, a worker and an origin there, in one
/// direction or the other.
struct Need {
    int lanes = 1;            ///< of all databases together
    bool run_started = false; ///< what is named pgteal_ is this run's and not in its way
};

CheckResult check_different_servers(const ServerFacts& blue, const ServerFacts& green);
CheckResult check_versions(const ServerFacts& blue, const ServerFacts& green);
CheckResult check_recovery(const Sides& sides);
CheckResult check_privileges(const Sides& sides);
CheckResult check_role_replication(const Sides& sides);
CheckResult check_wal_level(const Sides& sides);
CheckResult check_slots(const Sides& sides, Need need);
CheckResult check_senders(const Sides& sides, Need need);
CheckResult check_workers(const Sides& sides, Need need);
CheckResult check_origins(const Sides& sides, Need need);
CheckResult check_slot_retention(const Sides& sides);
/// How many standbys synchronous_standby_names makes a commit wait for; 0 without any (PostgreSQL docs:
/// synchronous_standby_names).
int standbys_wanted(const std::string& names);
CheckResult check_synchronous_standbys(const Sides& sides);
/// Settings of our role that would make lanes change values on their way: what `settings` has, on `side`, in
/// `database` ("" for the server's own). Text for people; "" when all is well.
std::string lane_settings_problem(const std::map<std::string, std::string>& settings);
std::string lane_settings_fix(const std::string& role_sql);
CheckResult check_lane_settings(const ServerFacts& blue, const ServerFacts* green,
                                const std::vector<DatabaseFacts>& databases);
/// `dump_version` as 150020, 0 = none found.
CheckResult check_dump(const ServerFacts& blue, const ServerFacts& green, int dump_version);

} // namespace pgteal::health
