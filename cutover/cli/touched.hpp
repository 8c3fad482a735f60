// What a command that failed has left, and the words for it: by what it wrote down before it acted, and by
// nothing else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cutover/cli/commands.hpp"
#include "cutover/record/progress.hpp"

namespace pgteal::cutover {

/// Pure. Whether the controller that wrote the events from `first_seq` on meant to change anything: a run was
/// begun, moved or ended, or there was something to do for a step. Looking leaves only `done` behind.
bool touched_by(const std::vector<Event>& events, std::int64_t first_seq);

/// Pure. One line on what a failure means for the clients and for what is there. `progress`: where the run
/// stands now; none when the journal can't be read.
std::string consequence(Exit exit, bool touched, const std::optional<Progress>& progress);

} // namespace pgteal::cutover
