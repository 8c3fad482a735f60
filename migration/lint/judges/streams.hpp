// What a statement means for replication in either direction, as far as its text and the catalogs tell.
#pragma once

#include <vector>

#include "migration/lint/world/view.hpp"
#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

/// Called once for each statement that has a tree, after the rules and before `world` takes the statement in.
/// `findings` are those of this statement: their forward, reverse and stream_why may be set, and new ones
/// added (View::finding()), with rules that begin with "stream-". Pure.
void judge_streams(const View& view, const World& world, std::vector<Finding>& findings);

} // namespace pgteal::migration::lint
