// Checks over what neither dump nor roles nor lanes bring to the other side.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"
#include "health/facts/pooler_facts.hpp"

namespace pgteal::health {

/// Tables and other objects that pg_dump takes for an extension's, though its script doesn't make them.
CheckResult check_extension_members(const std::vector<DatabaseFacts>& databases,
                                    const std::vector<std::string>& accept);
/// Users' objects in pg_catalog and information_schema, which pg_dump takes for the system's, and what users
/// changed of its own there. `green` may be unknown (null).
CheckResult check_system_schemas(const std::vector<DatabaseFacts>& databases, const ServerFacts* green,
                                 const std::vector<std::string>& accept);
/// Security labels of roles and databases, which no dump holds, and of other objects, whose provider green
/// must have. `green` may be unknown (null).
CheckResult check_security_labels(const ServerFacts& blue, const ServerFacts* green,
                                  const std::vector<DatabaseFacts>& databases,
                                  const std::vector<std::string>& accept);
/// Catalogs of either server that this pgteal doesn't know: what is in them may stay behind.
CheckResult check_catalogs(const std::vector<const ServerFacts*>& sides);
/// Entries that lead to a standby of blue: nothing moves them, and they would go on serving blue's rows.
CheckResult check_standby_entries(const ServerFacts& blue, const std::vector<PoolerFacts>& poolers,
                                  const std::vector<std::string>& databases,
                                  const std::vector<std::string>& accept);

} // namespace pgteal::health
