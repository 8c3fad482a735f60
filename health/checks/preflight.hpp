// The checks before a run: everything that would make it fail later is found now, and nothing is changed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/finding.hpp"
#include "health/facts/pooler_facts.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

struct PreflightInput {
    std::vector<std::string> databases;
    int lanes = 1; ///< of all databases together
    Clock::duration max_pause = std::chrono::seconds(5);
    std::vector<PoolerFacts> poolers;
    std::string blue_peer_conninfo;  ///< how green reaches blue; secret
    std::string green_peer_conninfo; ///< how blue reaches green; secret
    std::string run_name;
    bool run_started = false; ///< a run is under way: green need not be empty, our objects are expected
    std::vector<std::string> accept; ///< check ids whose errors the operator accepted (they become warnings):
                                     ///< cutover/config/acceptable.hpp
    bool carry_partitions = false;   ///< clients may make partitions during the run
    std::map<std::string, std::string> subscriber_tables; ///< by database: SQL for others' subscribers
    int dump_version = 0;                                 ///< of pg_dump, 0 = none found
};

/// All checks, ordered. Never throws for what a check is there to find: an unreachable server is a finding,
/// and what depends on it is left out.
Task<std::vector<CheckResult>> preflight(postgres::Server& blue, postgres::Server& green,
                                         PreflightInput input, Deadline deadline);

} // namespace pgteal::health
