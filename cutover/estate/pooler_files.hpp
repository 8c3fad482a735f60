// Whether each pooler's config file can be replaced, tried before anything depends on it.
#pragma once

#include "base/finding.hpp"
#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// Writes a copy beside each file and removes it again.
health::CheckResult check_pooler_files(const Estate& estate);
/// Sides and entries that name several hosts. `entries` of all poolers that belong to the run.
health::CheckResult check_hosts(const Config& config,
                                const std::vector<std::pair<std::string, pooler::Entry>>& entries);

} // namespace pgteal::cutover
