// Whether a switch that is on record came about at all.
#pragma once

#include "cutover/engine/context.hpp"

namespace pgteal::cutover {

/// A recorded switch, looked at by another process: was `from` opened again by hand meanwhile, since `to` did
/// not answer, say? What it took since is not on `to` yet, so that going on to `to` would lose it. While no
/// database of `to` was opened the switch never came about, and can be taken back. Throws Error(conflict)
/// when that can't be told, or isn't so.
Task<bool> never_came_about(Context* context, Move move);

} // namespace pgteal::cutover
