// A switch that nobody noticed: no client has reached the new side since, so that the old one may go on.
#pragma once

#include "cutover/engine/context.hpp"
#include "cutover/engine/runner.hpp"

namespace pgteal::cutover {

/// Right after clients were let go: whether for seconds not one of those that wait is served by `to`, through
/// any pooler, and nobody is there directly. Returns at once when somebody is; soon when nobody waits and the
/// logins that the gate tried come through.
Task<bool> nobody_reaches(Context* context, Move move);

/// Puts `to` back as it stood before the switch: fenced, its row at the epoch before. Only while the lanes
/// are not turned, and only when it is proven that nothing was written there since: by what the idle lanes'
/// slots, which begin at the switch, would carry back. After it the switch never came about (came_about.hpp)
/// and is taken back like any other attempt. Throws when that can't be proven or done; `to` serves then as
/// before.
Task<void> unswitch(Context* context, Runner* runner, Move move);

} // namespace pgteal::cutover
