// Materialized views that clients can read on the side that serves, and could not on the one that takes over.
#pragma once

#include <optional>
#include <string>

#include "cutover/gate/gate.hpp"

namespace pgteal::cutover {

/// nullopt when there is none. One that a migration dropped on `to` is not missed. The hint is what fills
/// them: from 17 on REFRESH runs with a search_path of its own, so that a function that names things without
/// their schema has to bring the path along, for that transaction; before that the session's path does it.
Task<std::optional<Refusal>> unfilled_views(postgres::Server* from, postgres::Server* to,
                                            std::string database, std::string again, Deadline deadline);

} // namespace pgteal::cutover
