// RENAME, SET SCHEMA, TRUNCATE, LOCK, REFRESH.
#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/sql_text.hpp"

namespace pgteal::migration::lint {

namespace {

/// A view under the old name keeps old code going.
std::string view_way(const std::string& from, const std::string& to) {
    return "-- until the contract phase the old name stays, as a view made in the same transaction:\n"
           "CREATE VIEW " +
           qualified(from) + " AS SELECT * FROM " + qualified(to) + ";";
}

void judge_rename_column(Judge& judge, const Node& node, const std::string& table) {
    judge.lock_tree(table, Lock::access_exclusive);
    const auto from = std::string(node.text("subname"));
    if (judge.world().is_new_column(table, from)) {
        return;
    }
    const auto to = std::string(node.text("newname"));
    Saying saying;
    saying.rule = "rename-column";
    saying.relation = table;
    saying.lock = Lock::access_exclusive;
    const auto place = find_word(judge.text(), from, node["relation"].location() + 1);
    saying.at = place == std::string::npos ? 0 : place;
    saying.fix = "-- expand: a new column beside it, kept in step by a trigger and filled in batches;\n"
                 "ALTER TABLE " +
                 qualified(table) + " ADD COLUMN " + ident(to) +
                 " ...;\n-- contract, when no code names the old one:\nALTER TABLE " + qualified(table) +
                 " DROP COLUMN " + ident(from) + ";";
    judge.say(saying);
}

void judge_rename(Judge& judge, const Node& node) {
    const auto type = node.text("renameType");
    if (type == "OBJECT_TYPE" || type == "OBJECT_DOMAIN" || !node["relation"]) {
        return;
    }
    const auto relation = judge.world().name_of(node["relation"]);
    if (judge.world().index(relation) != nullptr || type == "OBJECT_INDEX" || type == "OBJECT_SEQUENCE") {
        return; // SHARE UPDATE EXCLUSIVE on the index alone
    }
    if (type == "OBJECT_COLUMN") {
        judge_rename_column(judge, node, relation);
        return;
    }
    if (type == "OBJECT_TABCONSTRAINT") {
        judge.lock_tree(relation, Lock::access_exclusive);
        return;
    }
    judge.lock(relation, Lock::access_exclusive);
    if (type == "OBJECT_TABLE" || type == "OBJECT_VIEW" || type == "OBJECT_MATVIEW") {
        const auto to = schema_of(relation) + "." + std::string(node.text("newname"));
        Saying saying;
        saying.rule = "rename-table";
        saying.relation = relation;
        saying.lock = Lock::access_exclusive;
        saying.at = node["relation"].location();
        saying.fix = view_way(relation, to);
        judge.say(saying);
    }
}

void judge_set_schema(Judge& judge, const Node& node) {
    if (!node["relation"]) {
        return;
    }
    const auto relation = judge.world().name_of(node["relation"]);
    judge.lock(relation, Lock::access_exclusive);
    if (node.text("objectType") != "OBJECT_TABLE") {
        return;
    }
    Saying saying;
    saying.rule = "set-schema";
    saying.relation = relation;
    saying.lock = Lock::access_exclusive;
    saying.at = node["relation"].location();
    saying.fix = view_way(relation, std::string(node.text("newschema")) + "." + bare_name(relation));
    judge.say(saying);
}

void lock_with_references(Judge& judge, const std::string& table, std::set<std::string>& seen) {
    if (!seen.insert(table).second) {
        return;
    }
    // A new file, but nothing is written or read.
    judge.lock_tree(table, Lock::access_exclusive);
    if (const auto* known = judge.world().table(table)) {
        for (const auto& other : known->now.referenced_by) {
            lock_with_references(judge, other, seen);
        }
    }
}

void judge_truncate(Judge& judge, const Node& node) {
    std::set<std::string> seen;
    for (const auto& relation : node.list("relations")) {
        const auto table = judge.world().name_of(relation);
        if (node.text("behavior") == "DROP_CASCADE") {
            lock_with_references(judge, table, seen);
        } else {
            judge.lock_tree(table, Lock::access_exclusive);
        }
        Saying saying;
        saying.rule = "truncate";
        saying.relation = table;
        saying.lock = Lock::access_exclusive;
        saying.at = relation.location();
        saying.more = seen.size() > 1 ? "CASCADE empties the tables that refer to it as well." : "";
        saying.fix = "DELETE FROM " + qualified(table) + " WHERE ...;  -- in batches by a range of keys";
        judge.say(saying);
    }
}

void judge_lock(Judge& judge, const Node& node) {
    const auto lock = static_cast<Lock>(node.number("mode"));
    for (const auto& relation : node.list("relations")) {
        const auto table = judge.world().name_of(relation);
        if (relation.flag("inh")) {
            judge.lock_tree(table, lock);
        } else {
            judge.lock(table, lock);
        }
        if (lock >= Lock::share) {
            Saying saying;
            saying.rule = "lock-table";
            saying.relation = table;
            saying.lock = lock;
            saying.at = relation.location();
            saying.fix = "SET LOCAL lock_timeout = '2s';  -- before it, and little after it";
            judge.say(saying);
        }
    }
}

void judge_refresh(Judge& judge, const Node& node) {
    const auto name = judge.world().name_of(node["relation"]);
    const bool concurrent = node.flag("concurrent");
    const bool fills = !node.flag("skipData");
    judge.lock(name, concurrent ? Lock::exclusive : Lock::access_exclusive, !concurrent && fills, fills);
    if (concurrent) {
        return; // reads go on, and nobody else writes a materialized view
    }
    if (!fills) {
        Saying empties;
        empties.rule = "refresh-without-data";
        empties.relation = name;
        empties.lock = Lock::access_exclusive;
        empties.at = node["relation"].location();
        empties.fix = "REFRESH MATERIALIZED VIEW CONCURRENTLY " + qualified(name) + ";";
        judge.say(empties);
        return;
    }
    Saying saying;
    saying.rule = "refresh-materialized-view";
    saying.relation = name;
    saying.lock = Lock::access_exclusive;
    saying.rewrite = saying.scan = true;
    saying.at = node["relation"].location();
    saying.fix = "REFRESH MATERIALIZED VIEW CONCURRENTLY " + qualified(name) +
                 ";  -- needs a unique index over all its rows";
    judge.say(saying);
}

} // namespace

void judge_relations(Judge& judge) {
    const auto& node = judge.view().node;
    if (node.is("RenameStmt")) {
        judge_rename(judge, node);
    } else if (node.is("AlterObjectSchemaStmt")) {
        judge_set_schema(judge, node);
    } else if (node.is("TruncateStmt")) {
        judge_truncate(judge, node);
    } else if (node.is("LockStmt")) {
        judge_lock(judge, node);
    } else if (node.is("RefreshMatViewStmt")) {
        judge_refresh(judge, node);
    }
}

} // namespace pgteal::migration::lint
