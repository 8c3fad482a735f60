// Checks of green against what blue's databases need there. Pure functions of facts.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// The run's databases exist on blue.
CheckResult check_databases(const ServerFacts& blue, const std::vector<std::string>& databases);
/// Those that exist on green hold nothing of a user's. Skipped when a run has started.
CheckResult check_green_empty(const std::vector<GreenDatabase>& existing, bool run_started);

/// What green said when a collation like that of `database` was tried on it; "" = it knows the locale.
struct LocaleTrial {
    std::string database;
    std::string problem;
};
CheckResult check_locale(const ServerFacts& blue, const ServerFacts& green,
                         const std::vector<std::string>& databases, const std::vector<LocaleTrial>& trials);
CheckResult check_collation_versions(const ServerFacts& blue, const ServerFacts& green,
                                     const std::vector<std::string>& databases);
CheckResult check_extensions(const ServerFacts& green, const std::vector<DatabaseFacts>& databases);
CheckResult check_tablespaces(const ServerFacts& blue, const ServerFacts& green,
                              const std::vector<DatabaseFacts>& databases);

} // namespace pgteal::health
