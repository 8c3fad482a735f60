#include "migration/lint/world/row_changes.hpp"

#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

bool changes_rows(const Node& node) {
    return node.is("InsertStmt") || node.is("UpdateStmt") || node.is("DeleteStmt") || node.is("MergeStmt");
}

} // namespace

Node inner_query(const Node& node) {
    const bool wraps = node.is("ExplainStmt") || node.is("CopyStmt") || node.is("CreateTableAsStmt");
    if (!wraps) {
        return node;
    }
    const auto query = node["query"];
    return node.is("ExplainStmt") && query.is("CreateTableAsStmt") ? query["query"] : query;
}

bool is_only_planned(const Node& node) {
    return node.is("ExplainStmt") && !option_on(node.list("options"), "analyze");
}

std::vector<Node> row_changes(const Node& node) {
    const auto query = inner_query(node);
    std::vector<Node> changes;
    if (changes_rows(query)) {
        changes.push_back(query);
    }
    for (const auto& one : query["withClause"].list("ctes")) {
        if (const auto change = one["ctequery"]; changes_rows(change)) {
            changes.push_back(change);
        }
    }
    return changes;
}

} // namespace pgteal::migration::lint
