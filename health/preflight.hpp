// The checks before a run: everything that would make it fail later is found now, and nothing is changed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "health/finding.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

/// What a pooler reported, passed in by cutover/ (health/ does not know pooler/).
struct PoolerFacts {
    std::string name;
    std::string pool_mode;                  ///< of the pooler
    std::vector<std::string> session_users; ///< with pool_mode = session of their own
    double query_wait_timeout = 0;          ///< seconds, 0 = none
    bool so_reuseport = false;
    struct Entry {
        std::string name, pool_mode, host, port, database;
        bool points_at_blue = false;
        bool wanted = false;
        bool star = false;
        bool known = true; ///< false: named in our config, but the pooler has no such entry
        std::vector<std::string> addresses{}; ///< of one that leads to neither side, numeric
        bool points_at_a_side = true;
        std::string doubt{}; ///< why it can't be told where it leads; "" when it can
    };
    std::vector<Entry> entries;
    std::string problem; ///< unreachable, unreadable file, … with `problem_fix`; "" when fine
    std::string problem_fix;
    double query_timeout = 0; ///< seconds, 0 = none
    /// Where so_reuseport is on: processes that listen on its port of this machine, 0 when that can't be
    /// told.
    int processes = 0;
    bool own_socket = false;  ///< its console is reached by a unix socket, which is one process's alone
    std::string port;         ///< it listens on
    std::string socket_admin; ///< `admin` by its unix socket, for a fix; "" when it has none
    std::vector<std::pair<std::string, std::string>> replication_clients{}; ///< entry, user
};

struct PreflightInput {
    std::vector<std::string> databases;
    int lanes = 1; ///< of all databases together
    double max_pause_seconds = 5;
    std::vector<PoolerFacts> poolers;
    std::string blue_peer_conninfo;  ///< how green reaches blue; secret
    std::string green_peer_conninfo; ///< how blue reaches green; secret
    std::string run_name;
    bool run_started = false; ///< a run is under way: green need not be empty, our objects are expected
    std::vector<std::string> accept; ///< check ids whose errors the operator accepted (they become warnings):
                                     ///< cutover/acceptable.hpp
    bool carry_partitions = false;   ///< clients may make partitions during the run
    std::map<std::string, std::string> subscriber_tables; ///< by database: SQL for others' subscribers
    int dump_version = 0;                                 ///< of pg_dump, 0 = none found
};

/// Errors first, then warnings, then the rest; stable.
std::vector<CheckResult> order(std::vector<CheckResult> results);

/// All checks, ordered. Never throws for what a check is there to find: an unreachable server is a finding,
/// and what depends on it is left out.
Task<std::vector<CheckResult>> preflight(postgres::Server& blue, postgres::Server& green,
                                         PreflightInput input, Deadline deadline);

} // namespace pgteal::health
