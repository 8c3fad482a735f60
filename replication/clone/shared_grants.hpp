// Privileges on what belongs to no database: tablespaces and parameters. No dump of a database holds them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

struct SharedGrants {
    std::set<std::string> statements;  ///< GRANT … that would give all of them
    std::set<std::string> tablespaces; ///< that the server has
    int version = 0;                   ///< as 150020
};
Task<SharedGrants> read_shared_grants(postgres::Server& server, Deadline deadline);

/// Pure. What the target lacks. Nothing is taken away there: the server may serve others too. Privileges on
/// tablespaces and parameters that the target doesn't have are left out.
std::vector<postgres::Statement> plan_shared_grants(const SharedGrants& source, const SharedGrants& target);

} // namespace pgteal::replication
