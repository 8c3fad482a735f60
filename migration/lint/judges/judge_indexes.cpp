// CREATE INDEX, DROP INDEX, REINDEX, CLUSTER, VACUUM, ANALYZE.
#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

/// The statement's own text with CONCURRENTLY after its INDEX.
std::string concurrently(const std::string& text) {
    const auto place = find_word(text, "INDEX");
    if (place == std::string::npos) {
        return text + ";";
    }
    const auto after = place + std::string_view("INDEX").size();
    return text.substr(0, after) + " CONCURRENTLY" + text.substr(after) + ";  -- a file of its own";
}

void judge_invalid_leftover(Judge& judge, const Node& node, const std::string& table) {
    const auto name = schema_of(table) + "." + std::string(node.text("idxname"));
    const auto* there = judge.world().index(name);
    const bool is_invalid = there != nullptr && !there->now.valid;
    if (there != nullptr && !is_invalid && !judge.world().offline()) {
        return; // it is there and good
    }
    if (judge.world().dropped_here(name)) {
        return;
    }
    Saying saying;
    saying.rule = "concurrently-if-not-exists";
    saying.relation = judge.world().is_new(table) ? "" : table;
    saying.lock = Lock::share_update_exclusive;
    saying.more = is_invalid ? "It is there, and it is INVALID." : "";
    saying.fix = "DROP INDEX CONCURRENTLY IF EXISTS " + qualified(name) + ";  -- first";
    judge.say(saying);
}

bool same_columns(const CatalogIndex& index, const Node& node) {
    const auto parts = node.list("indexParams");
    if (parts.size() != index.columns.size() || index.partial || !index.valid || node["whereClause"] ||
        node.flag("unique") != index.unique || node.text("accessMethod") != index.method) {
        return false;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (index.columns[i].empty() || parts[i].text("name") != index.columns[i] ||
            !parts[i].list("opclass").empty() || parts[i].text("ordering") != "SORTBY_DEFAULT") {
            return false;
        }
    }
    return true;
}

void judge_create(Judge& judge, const Node& node) {
    const auto table = judge.world().name_of(node["relation"]);
    const auto* known = judge.world().table(table);
    const auto name = schema_of(table) + "." + std::string(node.text("idxname"));
    const bool is_concurrent = node.flag("concurrent");
    if (node.flag("if_not_exists") && judge.world().index(name) != nullptr &&
        judge.world().index(name)->now.valid) {
        judge.lock(table, is_concurrent ? Lock::share_update_exclusive : Lock::share);
        return;
    }
    const bool only = !node["relation"].flag("inh");
    const bool partitioned = known != nullptr && known->now.kind == "p";
    const auto lock = is_concurrent ? Lock::share_update_exclusive : Lock::share;
    judge.lock(table, lock, false, !partitioned && !(only && judge.world().offline()));
    if (partitioned && !only) {
        for (const auto& child : judge.below(table)) {
            const auto* one = judge.world().table(child);
            judge.lock(child, lock, false, one == nullptr || one->now.kind != "p");
        }
    }
    if (known != nullptr) {
        for (const auto& index : known->now.indexes) {
            if (same_columns(index, node)) {
                judge.advise("duplicate-index", "Leave it out.", "It is " + index.name + ".");
                break; // one says enough: a file with thousands of the same would say it millions of times
            }
        }
    }
    if (is_concurrent) {
        if (partitioned) {
            judge.advise(
                "concurrently-partitioned",
                "CREATE INDEX " + ident(node.text("idxname")) + " ON ONLY " + qualified(table) +
                    " (...);\n-- then on each partition CREATE INDEX CONCURRENTLY, and ALTER INDEX " +
                    ident(node.text("idxname")) + " ATTACH PARTITION ...;");
        }
        if (node.flag("if_not_exists")) {
            judge_invalid_leftover(judge, node, table);
        }
        return;
    }
    if (only && (partitioned || judge.world().offline())) {
        return; // ONLY is for partitioned tables: nothing is built
    }
    Saying saying;
    saying.rule = "create-index";
    saying.relation = table;
    saying.lock = Lock::share;
    saying.scan = true;
    saying.at = 0;
    if (partitioned) {
        saying.more = "The table is partitioned: every partition is locked.";
        saying.fix = "CREATE INDEX " + ident(node.text("idxname")) + " ON ONLY " + qualified(table) +
                     " (...);\n-- then on each partition, a file of its own:\n"
                     "CREATE INDEX CONCURRENTLY ... ;\nALTER INDEX " +
                     ident(node.text("idxname")) + " ATTACH PARTITION ...;";
    } else {
        saying.fix = concurrently(judge.text());
    }
    judge.say(saying);
}

void judge_reindex(Judge& judge, const Node& node) {
    const bool is_concurrent = option_on(node.list("params"), "concurrently");
    // SHARE on the table, and ACCESS EXCLUSIVE on the index, which every query on the table opens.
    const auto lock = is_concurrent ? Lock::share_update_exclusive : Lock::access_exclusive;
    auto name = node["relation"] ? judge.world().name_of(node["relation"]) : std::string();
    if (node.text("kind") == "REINDEX_OBJECT_INDEX") {
        const auto* index = judge.world().index(name);
        if (index == nullptr) {
            judge.unknown("the table of index " + name);
        }
        name = index != nullptr ? index->table : "";
    }
    if (name.empty() && !node["relation"]) {
        for (const auto& [table, known] : judge.world().tables()) {
            if (known.now.kind == "r" &&
                (node.text("kind") != "REINDEX_OBJECT_SCHEMA" || known.now.schema == node.text("name"))) {
                judge.lock(table, lock, false, true);
            }
        }
    }
    judge.lock(name, lock, false, true);
    if (!is_concurrent) {
        Saying saying;
        saying.rule = "reindex";
        saying.relation = name;
        saying.lock = lock;
        saying.scan = true;
        const auto& text = judge.text();
        const auto place =
            find_word(text, node["relation"] ? node["relation"].text("relname") : node.text("name"));
        saying.at = 0;
        const auto kind = node.text("kind") == "REINDEX_OBJECT_INDEX" ? "INDEX" : "TABLE";
        saying.fix = place != std::string::npos && node["relation"]
                         ? "REINDEX " + std::string(kind) + " CONCURRENTLY " +
                               qualified(judge.world().name_of(node["relation"])) + ";  -- a file of its own"
                         : "REINDEX ... CONCURRENTLY";
        judge.say(saying);
    }
}

void judge_rewriting(Judge& judge, const Node& relation, std::string fix) {
    const auto table = judge.world().name_of(relation);
    judge.lock(table, Lock::access_exclusive, true, true);
    Saying saying;
    saying.rule = "rewrite-table";
    saying.relation = table;
    saying.lock = Lock::access_exclusive;
    saying.rewrite = saying.scan = true;
    saying.at = relation.location();
    saying.fix = std::move(fix);
    judge.say(saying);
}

void judge_vacuum(Judge& judge, const Node& node) {
    const bool full = option_on(node.list("options"), "full");
    for (const auto& one : node.list("rels")) {
        if (full) {
            judge_rewriting(judge, one["relation"],
                            "VACUUM " + qualified(judge.world().name_of(one["relation"])) +
                                ";  -- or pg_repack, when the space itself is needed");
        } else {
            judge.lock_tree(judge.world().name_of(one["relation"]), Lock::share_update_exclusive);
        }
    }
    if (full && node.list("rels").empty()) {
        Saying saying;
        saying.rule = "rewrite-table";
        saying.lock = Lock::access_exclusive;
        saying.rewrite = saying.scan = true;
        saying.more = "Every table of the database, one after another.";
        saying.fix = "VACUUM;  -- or pg_repack for the tables that need it";
        judge.say(saying);
    }
}

/// Each table that was clustered before, by the index of that time.
void judge_cluster_all(Judge& judge) {
    const auto& world = judge.world();
    bool found = false;
    for (const auto& [name, table] : world.tables()) {
        const auto& indexes = table.now.indexes;
        if (std::none_of(indexes.begin(), indexes.end(), [](const auto& one) { return one.clustered; })) {
            continue;
        }
        found = true;
        judge.lock(name, Lock::access_exclusive, true, true);
        Saying saying;
        saying.rule = "rewrite-table";
        saying.relation = name;
        saying.lock = Lock::access_exclusive;
        saying.rewrite = saying.scan = true;
        saying.more = "CLUSTER without a name does so with every table that was clustered before.";
        saying.fix = "pg_repack orders a table without locking it.";
        judge.say(saying);
    }
    if (world.offline()) {
        judge.unknown("which tables have been clustered");
        if (!found) {
            Saying saying;
            saying.rule = "rewrite-table";
            saying.lock = Lock::access_exclusive;
            saying.rewrite = saying.scan = true;
            saying.certain = false;
            saying.more = "CLUSTER without a name does so with every table that was clustered before.";
            saying.fix = "pg_repack orders a table without locking it.";
            judge.say(saying);
        }
    }
}

} // namespace

void judge_indexes(Judge& judge) {
    const auto& node = judge.view().node;
    if (node.is("IndexStmt")) {
        judge_create(judge, node);
    } else if (node.is("ReindexStmt")) {
        judge_reindex(judge, node);
    } else if (node.is("VacuumStmt")) {
        judge_vacuum(judge, node);
    } else if (node.is("ClusterStmt") && node["relation"]) {
        judge_rewriting(judge, node["relation"], "pg_repack orders a table without locking it.");
    } else if (node.is("ClusterStmt")) {
        judge_cluster_all(judge);
    }
}

} // namespace pgteal::migration::lint
