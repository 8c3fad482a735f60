// check during a prepared run: the lanes in use.
#pragma once

#include "base/finding.hpp"
#include "cutover/estate/estate.hpp"
#include "cutover/record/progress.hpp"

namespace pgteal::cutover {

/// During a prepared run: the lanes in use, which a gate would refuse. Writes a marker into each, as status
/// does.
Task<health::CheckResult> check_lanes(Estate* estate, Progress progress, Deadline deadline);

} // namespace pgteal::cutover
