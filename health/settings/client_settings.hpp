// What the servers' configuration files have clients begin with.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// Settings that a client sees in what it reads, or that end what it does; lower case.
const std::vector<std::string>& visible_settings();
/// Settings that decide which plan is taken, and how much memory it has; lower case.
const std::vector<std::string>& speed_settings();
/// What keeps rows safe and lanes alive on the server as a whole.
const std::vector<std::string>& safety_settings();

/// What the servers' configuration files have clients begin with, where a connection that is kept would
/// change with the switch. One warning a database, with what carries blue's values. Pure.
CheckResult check_client_settings(const ServerFacts& blue, const ServerFacts& green,
                                  const std::vector<std::string>& databases, bool run_started);

} // namespace pgteal::health
