// What comes to be: tables, partitions, views, triggers, rules, policies and other things on a table.
#include <algorithm>

#include "migration/lint/judges/alter.hpp"
#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

void judge_partition(Judge& judge, const Node& node, const std::string& name) {
    const auto& world = judge.world();
    const auto relation = node.list("inhRelations").front();
    const auto parent = world.name_of(relation);
    judge.lock(parent, Lock::access_exclusive);
    judge.lock_referenced(parent, Lock::share_row_exclusive);
    judge.lock_referencing(parent, Lock::share_row_exclusive);
    bool has_default = false;
    if (const auto* known = world.table(parent)) {
        for (const auto& child : known->now.partitions) {
            const auto* one = world.table(child);
            if (one != nullptr && one->now.default_partition) {
                has_default = true;
                judge.lock_tree(child, Lock::access_exclusive, false, true);
            }
        }
    }
    Saying saying;
    saying.rule = "create-partition";
    saying.relation = parent;
    saying.lock = Lock::access_exclusive;
    saying.scan = has_default;
    saying.at = relation.location();
    saying.fix = "CREATE TABLE " + qualified(name) + " (LIKE " + qualified(parent) +
                 " INCLUDING DEFAULTS INCLUDING CONSTRAINTS);\nALTER TABLE " + qualified(parent) +
                 " ATTACH PARTITION " + qualified(name) + " ...;";
    judge.say(saying);
}

void judge_create_table(Judge& judge, const Node& node) {
    const auto& world = judge.world();
    const auto name = world.name_of(node["relation"]);
    if (node["relation"].text("relpersistence") == "t") {
        return;
    }
    const auto* there = world.table(name);
    if (node.flag("if_not_exists") && there != nullptr && there->complete) {
        return;
    }
    if (there != nullptr && there->complete && there->made_in < 0 && !world.offline()) {
        judge.advise("table-exists", "Leave the file out, or record it as applied.");
        return;
    }
    if (node["partbound"] && !node.list("inhRelations").empty()) {
        judge_partition(judge, node, name);
    } else {
        for (const auto& parent : node.list("inhRelations")) {
            judge.lock(world.name_of(parent), Lock::share_update_exclusive);
        }
    }
    for (const auto& element : node.list("tableElts")) {
        if (element.is("TableLikeClause")) {
            judge.lock(world.name_of(element["relation"]), Lock::access_share);
        }
    }
    // As it will be, for its foreign keys and their indexes.
    const auto table = table_of(node, world, judge.text());
    for (const auto& constraint : table.now.constraints) {
        if (constraint.kind != "f") {
            continue;
        }
        if (constraint.references != name) {
            judge.lock_tree(constraint.references, Lock::share_row_exclusive);
        }
        const bool served =
            std::any_of(table.now.indexes.begin(), table.now.indexes.end(), [&](const auto& index) {
                return !index.columns.empty() && !constraint.columns.empty() &&
                       index.columns.front() == constraint.columns.front();
            });
        if (!served) {
            judge_foreign_key_index(judge, name, constraint.columns, node["relation"].location());
        }
    }
}

/// The columns that the view will have; nothing when a star or an expression hides a name.
std::vector<std::string> view_columns(const Node& node) {
    std::vector<std::string> columns;
    for (const auto& target : node["query"].list("targetList")) {
        const auto fields = target["val"].list("fields");
        auto name = std::string(target.text("name"));
        if (name.empty() && target["val"].is("ColumnRef") && !fields.empty()) {
            name = string_of(fields.back());
        }
        if (name.empty()) {
            return {};
        }
        columns.push_back(std::move(name));
    }
    const auto aliases = strings(node.list("aliases"));
    std::copy_n(aliases.begin(), std::min(aliases.size(), columns.size()), columns.begin());
    return columns;
}

void judge_replaced(Judge& judge, const Node& node, const Table& old) {
    const auto columns = view_columns(node);
    const auto& before = old.now.columns;
    if (!old.complete || before.empty() || columns.empty()) {
        return;
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (i >= columns.size() || columns[i] != before[i].name) {
            judge.advise("replace-view", "DROP VIEW and CREATE VIEW in one transaction; old code breaks.",
                         "Here: " + before[i].name + ".");
            return;
        }
    }
}

void judge_create_view(Judge& judge, const Node& node) {
    const auto name = judge.world().name_of(node["view"]);
    if (const auto* old = judge.world().table(name); old != nullptr && node.flag("replace")) {
        judge_replaced(judge, node, *old);
    }
    if (node.flag("replace") && (judge.world().table(name) != nullptr || judge.world().offline())) {
        judge.lock(name, Lock::access_exclusive);
    }
    judge.lock_sources(node["query"]);
}

void judge_trigger(Judge& judge, const Node& node) {
    const auto table = judge.world().name_of(node["relation"]);
    const auto* known = judge.world().table(table);
    if (node.flag("row") && known != nullptr && known->now.kind == "p") {
        judge.lock_tree(table, Lock::share_row_exclusive);
    } else {
        judge.lock(table, Lock::share_row_exclusive);
    }
    if (node["constrrel"]) {
        judge.lock(judge.world().name_of(node["constrrel"]), Lock::access_share);
    }
}

void judge_publication(Judge& judge, const Node& node) {
    for (const auto& object : node.list("pubobjects")) {
        if (const auto relation = object["pubtable"]["relation"]) {
            judge.lock_tree(judge.world().name_of(relation), Lock::share_update_exclusive);
        }
    }
}

void judge_comment(Judge& judge, const Node& node) {
    const auto type = node.text("objtype");
    auto parts = strings(node["object"].list("items"));
    if (parts.empty()) {
        return;
    }
    if (type == "OBJECT_TABLE" || type == "OBJECT_VIEW" || type == "OBJECT_MATVIEW") {
        judge.lock(judge.world().name_of(parts), Lock::share_update_exclusive);
    } else if (type == "OBJECT_COLUMN" && parts.size() > 1) {
        parts.pop_back();
        judge.lock(judge.world().name_of(parts), Lock::share_update_exclusive);
    } else if ((type == "OBJECT_TABCONSTRAINT" || type == "OBJECT_TRIGGER" || type == "OBJECT_RULE" ||
                type == "OBJECT_POLICY") &&
               parts.size() > 1) {
        parts.pop_back();
        judge.lock(judge.world().name_of(parts), Lock::access_share);
    }
}

void judge_owned_sequence(Judge& judge, const Node& node) {
    for (const auto& option : node.list("options")) {
        if (option.text("defname") == "owned_by") {
            auto parts = strings(option["arg"].list("items"));
            if (parts.size() > 1) {
                parts.pop_back();
                judge.lock(judge.world().name_of(parts), Lock::access_share);
            }
        }
    }
}

} // namespace

void judge_tables(Judge& judge) {
    const auto& node = judge.view().node;
    const auto& world = judge.world();
    if (node.is("CreateStmt")) {
        judge_create_table(judge, node);
    } else if (node.is("ViewStmt")) {
        judge_create_view(judge, node);
    } else if (node.is("CreateTableAsStmt")) {
        judge.lock_sources(node["query"]);
    } else if (node.is("CreateTrigStmt")) {
        judge_trigger(judge, node);
    } else if (node.is("RuleStmt")) {
        judge.lock(world.name_of(node["relation"]), Lock::access_exclusive);
    } else if (node.is("CreatePolicyStmt") || node.is("AlterPolicyStmt")) {
        judge.lock(world.name_of(node["table"]), Lock::access_exclusive);
    } else if (node.is("CreateStatsStmt")) {
        for (const auto& relation : node.list("relations")) {
            judge.lock(world.name_of(relation), Lock::share_update_exclusive);
        }
    } else if (node.is("CreatePublicationStmt") || node.is("AlterPublicationStmt")) {
        judge_publication(judge, node);
    } else if (node.is("CommentStmt")) {
        judge_comment(judge, node);
    } else if (node.is("CreateSeqStmt") || node.is("AlterSeqStmt")) {
        judge_owned_sequence(judge, node);
    }
}

} // namespace pgteal::migration::lint
