// Is there room on green for what blue does, and on both for what a run does?
#pragma once

#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// Two-phase transactions, connections and locks. Pure.
CheckResult check_capacity(const ServerFacts& blue, const ServerFacts& green,
                           const std::vector<DatabaseFacts>& databases,
                           const std::vector<std::string>& accept);

} // namespace pgteal::health
