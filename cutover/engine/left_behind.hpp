// Poolers that a switch-back goes without: a dead one is no reason to stay where nobody wants to be. The
// fence keeps its clients from writing to the side that was left, until it is taken along.
#pragma once

#include <map>
#include <set>
#include <string>

#include "cutover/engine/context.hpp"
#include "cutover/engine/runner.hpp"

namespace pgteal::cutover {

/// Asks every pooler of the run at once. Those that don't answer within 3 s are left behind from here on, and
/// the others are not. Throws Error(unreachable) when none answers: then nobody could be held.
Task<void> leave_silent_behind(Context* context);

/// File, RELOAD, read-back and RESUME for those that are left behind: they lead to `serving` and are part of
/// the run again. Returns those that still don't answer, with why; their files lead there all the same, where
/// they can be written, so that one that is started again comes up right.
Task<std::map<std::string, std::string>> take_along(Context* context, Runner* runner, Side serving);

} // namespace pgteal::cutover
