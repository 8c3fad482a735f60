// INSERT, UPDATE, DELETE, SELECT, and what can't be seen into.
#include <algorithm>

#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/expressions.hpp"
#include "migration/lint/world/row_changes.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

/// WHERE true, WHERE 1 = 1: the same as none.
bool is_always_true(const Node& where) {
    if (where.is("A_Const")) {
        return where["boolval"].flag("boolval");
    }
    if (where.is("TypeCast")) {
        return where["arg"]["sval"].text("sval") == "t";
    }
    if (where.is("A_Expr") && where["lexpr"].is("A_Const") && where["rexpr"].is("A_Const")) {
        const auto name = strings(where.list("name"));
        return name.size() == 1 && name.front() == "=" &&
               where["lexpr"]["ival"].number("ival") == where["rexpr"]["ival"].number("ival") &&
               where["lexpr"]["sval"].text("sval") == where["rexpr"]["sval"].text("sval");
    }
    return false;
}

void judge_every_row(Judge& judge, const Node& node, std::string_view rule, const std::string& table) {
    const auto where = node["whereClause"];
    if ((where && !is_always_true(where)) || !node.list("fromClause").empty() ||
        !node.list("usingClause").empty()) {
        return;
    }
    Saying saying;
    saying.rule = rule;
    saying.relation = table;
    saying.lock = Lock::row_exclusive;
    saying.at = node["relation"].location();
    saying.fix = (rule == "delete-without-where" ? "DELETE FROM " + qualified(table)
                                                 : "UPDATE " + qualified(table) + " SET ...") +
                 " WHERE ...;  -- in batches by a range of keys, each committed by itself";
    judge.say(saying);
}

void judge_insert(Judge& judge, const Node& node) {
    const auto table = judge.world().name_of(node["relation"]);
    // Of partitions only those that get a row: which ones, its values decide.
    judge.lock(table, Lock::row_exclusive);
    judge.lock_referenced(table, Lock::row_share);
}

void judge_update(Judge& judge, const Node& node) {
    const auto table = judge.world().name_of(node["relation"]);
    judge.lock_tree(table, Lock::row_exclusive);
    judge_every_row(judge, node, "update-without-where", table);
}

void judge_delete(Judge& judge, const Node& node) {
    const auto table = judge.world().name_of(node["relation"]);
    judge.lock_tree(table, Lock::row_exclusive);
    if (const auto* known = judge.world().table(table)) {
        for (const auto& other : known->now.referenced_by) {
            const auto* referencing = judge.world().table(other);
            bool acts = false;
            if (referencing != nullptr) {
                for (const auto& constraint : referencing->now.constraints) {
                    acts = acts || (constraint.references == table &&
                                    (constraint.definition.find("ON DELETE CASCADE") != std::string::npos ||
                                     constraint.definition.find("ON DELETE SET") != std::string::npos));
                }
            }
            judge.lock(other, acts ? Lock::row_exclusive : Lock::row_share);
        }
    }
    judge_every_row(judge, node, "delete-without-where", table);
}

/// A function of the user's may do anything.
void judge_calls(Judge& judge, const Node& node) {
    const auto judged = volatility_of(node, judge.world());
    if (!judged.is_volatile) {
        return;
    }
    const auto name = judged.because.substr(0, judged.because.find('('));
    if (!builtin_function(name).known) {
        judge.not_analysed("it calls " + judged.because + ", which may do anything");
    }
}

void judge_change(Judge& judge, const Node& node) {
    if (node.is("InsertStmt")) {
        judge_insert(judge, node);
    } else if (node.is("UpdateStmt")) {
        judge_update(judge, node);
    } else if (node.is("DeleteStmt")) {
        judge_delete(judge, node);
    } else {
        judge.lock_tree(judge.world().name_of(node["relation"]), Lock::row_exclusive);
    }
}

/// The statement, what its WITH changes, and what EXPLAIN ANALYZE runs.
void judge_query(Judge& judge, const Node& node) {
    const auto query = inner_query(node);
    if (query.is("SelectStmt")) {
        const bool locks_rows = !query.list("lockingClause").empty();
        judge.lock_sources(query, locks_rows ? Lock::row_share : Lock::access_share);
        if (!node.is("CopyStmt") && !node.is("CreateTableAsStmt") && !is_only_planned(node)) {
            judge_calls(judge, query);
        }
    } else if (query.is("InsertStmt")) {
        // Not the node itself: of a partitioned table only some partitions are locked.
        judge.lock_sources(query["selectStmt"]);
        if (const auto with = query["withClause"]) {
            judge.lock_sources(with);
        }
    } else if (query) {
        judge.lock_sources(query);
    }
    for (const auto& change : row_changes(node)) {
        if (is_only_planned(node)) {
            judge.lock_tree(judge.world().name_of(change["relation"]), Lock::row_exclusive);
        } else {
            judge_change(judge, change);
        }
    }
}

void judge_unseen(Judge& judge, const Node& node) {
    if (node.is("DoStmt")) {
        judge.not_analysed("a DO block runs what only the server sees");
    } else if (node.is("CallStmt")) {
        judge.not_analysed("a procedure runs what only the server sees");
    } else if (node.is("ExecuteStmt") || (node.is("ExplainStmt") && node["query"].is("ExecuteStmt"))) {
        judge.not_analysed("it runs a prepared statement");
    } else if (node.is("CreateExtensionStmt") || node.is("AlterExtensionStmt")) {
        judge.not_analysed("an extension's script runs what only the server sees");
    } else if (node.is("AlterTableMoveAllStmt")) {
        judge.not_analysed("which tables are moved is known to the server alone");
    } else if (node.is("CreateFunctionStmt")) {
        const auto language = option_text(node.list("options"), "language");
        for (const auto& option : node.list("options")) {
            if (option.text("defname") != "as") {
                continue;
            }
            const auto body = strings(option["arg"].list("items"));
            if (language == "plpgsql" && !body.empty() &&
                find_word(body.front(), "EXECUTE") != std::string::npos) {
                judge.not_analysed("its body builds statements with EXECUTE");
            }
        }
    }
}

} // namespace

void judge_rows(Judge& judge) {
    const auto& node = judge.view().node;
    if (node.is("CopyStmt") && node["relation"]) {
        judge.lock_tree(judge.world().name_of(node["relation"]),
                        node.flag("is_from") ? Lock::row_exclusive : Lock::access_share);
    }
    const bool is_query = node.is("SelectStmt") || node.is("CopyStmt") || node.is("ExplainStmt");
    if (is_query || !row_changes(node).empty()) {
        judge_query(judge, node);
    }
    judge_unseen(judge, node);
}

} // namespace pgteal::migration::lint
