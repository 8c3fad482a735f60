// ALTER TABLE, RENAME and SET SCHEMA in the world.
#pragma once

#include "migration/lint/world/view.hpp"
#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

void alter_table(World& world, const View& view);
void rename_object(World& world, const Node& node);

} // namespace pgteal::migration::lint
