// Where a run waits for approvals.
#pragma once

#include "cutover/engine/context.hpp"

namespace pgteal::cutover {

/// prepare applies the migrations that blue has not: before the first run of it touches anything, and before
/// an interrupted one goes on to that step. Throws Error(refused); Error(migration) when the files don't fit
/// blue's history.
Task<void> require_approvals_to_prepare(Context* context);

} // namespace pgteal::cutover
