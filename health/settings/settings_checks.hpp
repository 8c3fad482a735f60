// What clients see and get because of settings: of the servers' configuration files, and of roles and
// databases.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// Libraries that blue loads for its sessions and green does not. Pure.
CheckResult check_libraries(const ServerFacts& blue, const ServerFacts& green);

/// A setting of roles or databases that green refuses, in green's words.
struct SettingTrial {
    std::vector<StoredSetting> stored; ///< with this name and value
    std::string problem;
};
struct SettingTrials {
    std::size_t tried = 0; ///< different settings
    std::vector<SettingTrial> refused;
    std::vector<ParameterGrant> unknown; ///< privileges on parameters that green doesn't know
    std::string problem;                 ///< why not all were tried; "" when they were
};
/// Pure.
CheckResult check_stored_settings(const SettingTrials& trials);

} // namespace pgteal::health
