// Stored expressions (pg_node_tree) as PostgreSQL prints them.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace pgteal::replication {

/// Pure. The calls, as "funcid 16400" or "opno 16401", that the planner may evaluate by itself: those of
/// which no argument is sure to depend on a row still when it comes to them. COALESCE(1, x), a CASE, or a
/// strict function with a NULL among its arguments may turn out to be constants although they have columns
/// inside. `replaced`: calls in whose place the planner puts what it likes (SQL functions); nothing is sure
/// of these.
std::set<std::string> calls_without_row(std::string_view tree, const std::set<std::string>& replaced);

} // namespace pgteal::replication
