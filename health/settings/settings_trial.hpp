// Has the other side take what roles and databases set.
#pragma once

#include <vector>

#include "health/facts/facts.hpp"
#include "health/settings/settings_checks.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

/// Each different setting once: set_config() in a transaction of its own, and LOAD of libraries in a session
/// that ends with it, as a login does (docs: "Shared Library Preloading"). What names objects that the other
/// side gets only later (schemas, roles, tablespaces) is not tried. Never throws for a server that goes away.
Task<SettingTrials> try_settings(postgres::Server& green, std::vector<StoredSetting> stored,
                                 std::vector<ParameterGrant> grants, Deadline deadline);

} // namespace pgteal::health
