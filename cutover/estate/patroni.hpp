// Patroni drops logical slots that it doesn't know: within its loop (10 s), and at once after a restart.
#pragma once

#include "base/finding.hpp"
#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// A side that Patroni runs, and the slots of this run that its `ignore_slots` has to name. A side that is
/// away is another check's to say.
Task<health::CheckResult> check_patroni(Estate* estate, Deadline deadline);

/// Pure. The lines for the dynamic configuration (patronictl edit-config), as YAML.
std::string ignore_slots(const std::vector<replication::Lane>& lanes);

} // namespace pgteal::cutover
