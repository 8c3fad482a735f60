// Roles of the side that serves that would become more on the other one, since their names stand there for
// somebody else.
#pragma once

#include "cutover/estate/estate.hpp"
#include "health/facts/verdict.hpp"

namespace pgteal::cutover {

/// The check role-names. `from` serves. Never throws: what can't be read is a warning.
Task<health::CheckResult> check_role_names(Estate* estate, Side from, Deadline deadline);

} // namespace pgteal::cutover
