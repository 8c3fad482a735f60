// What a pooler says of itself, as the checks get it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"

namespace pgteal::health {

/// What a pooler reported, passed in by cutover/ (health/ does not know pooler/).
struct PoolerFacts {
    std::string name;
    std::string pool_mode;                  ///< of the pooler
    std::vector<std::string> session_users; ///< with pool_mode = session of their own
    Clock::duration query_wait_timeout{};   ///< 0 = none
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
    Clock::duration query_timeout{}; ///< 0 = none
    /// Where so_reuseport is on: processes that listen on its port of this machine, 0 when that can't be
    /// told.
    int processes = 0;
    bool own_socket = false;  ///< its console is reached by a unix socket, which is one process's alone
    std::string port;         ///< it listens on
    std::string socket_admin; ///< `admin` by its unix socket, for a fix; "" when it has none
    std::vector<std::pair<std::string, std::string>> replication_clients{}; ///< entry, user
};

} // namespace pgteal::health
