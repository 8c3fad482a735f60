// The statements in a statement that change rows.
#pragma once

#include <vector>

#include "migration/lint/world/tree.hpp"

namespace pgteal::migration::lint {

/// What EXPLAIN, COPY and CREATE TABLE AS are about; the node itself for all others.
Node inner_query(const Node& node);
/// EXPLAIN without ANALYZE: its query is not run.
bool is_only_planned(const Node& node);
/// Pure. Each INSERT, UPDATE, DELETE and MERGE: the statement itself or its inner query first, then those in
/// its WITH (docs: "Data-Modifying Statements in WITH", which stand at the top only). A statement that is
/// only planned changes nothing, but is answered too: it locks the tables.
std::vector<Node> row_changes(const Node& node);

} // namespace pgteal::migration::lint
