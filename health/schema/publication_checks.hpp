// Publications of others.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// `subscriber_tables`: by database, the SQL that makes pgteal's tables on somebody else's subscriber. An
/// error where a slot is read through pgoutput (whose publications can't be told from its slot), and then
/// accepted by name.
CheckResult check_all_tables_publications(const ServerFacts& blue,
                                          const std::vector<DatabaseFacts>& databases,
                                          const std::map<std::string, std::string>& subscriber_tables,
                                          const std::vector<std::string>& accept);

} // namespace pgteal::health
