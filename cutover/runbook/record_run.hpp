// What a run remembers of the world: as it was found, and as it was when prepare ended.
#pragma once

#include "cutover/engine/context.hpp"

namespace pgteal::cutover {

/// Pooler entries and files, connection limits, roles that green had.
Task<void> record_baseline(Context* context);
/// Schemas, large objects, settings and privileges of both sides: the gate finds what changed since.
Task<void> record_prepared(Context* context);

} // namespace pgteal::cutover
