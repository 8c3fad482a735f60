// Reads the facts that the checks judge. Reads only.
#pragma once

#include <string>
#include <vector>

#include "health/facts/facts.hpp"

namespace pgteal::health {

/// `databases`: the run's; `too_long`: transactions older than that are marked. Throws postgres errors.
Task<ServerFacts> read_server_facts(postgres::Server& server, std::vector<std::string> databases,
                                    Clock::duration too_long, Deadline deadline);
Task<DatabaseFacts> read_database_facts(postgres::Server& server, std::string database, Deadline deadline);
Task<GreenDatabase> read_green_database(postgres::Server& server, std::string database, Deadline deadline);

} // namespace pgteal::health
