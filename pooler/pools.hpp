// How the clients of each pool fare, as the running pooler has it (PgBouncer docs: SHOW POOLS).
#pragma once

#include <string>
#include <vector>

#include "base/async.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::pooler {

struct Pool {
    std::string entry;
    std::string user; ///< that logs in to the server
    int clients = 0;  ///< served or waiting
    int waiting = 0;  ///< for a server connection
    int servers = 0;  ///< connections that came through their login
};

/// Opens a session of its own on the console. Throws Error(unreachable), ConnectionLost, DeadlinePassed,
/// ServerError.
Task<std::vector<Pool>> read_pools(postgres::Dsn admin, std::string pooler, Deadline deadline);

} // namespace pgteal::pooler
