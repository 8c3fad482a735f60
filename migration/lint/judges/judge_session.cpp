// What the transaction around the statement makes of it.
#include <algorithm>

#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/row_changes.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

bool is_concurrent(const Node& node) {
    if (node.is("IndexStmt") || node.is("DropStmt")) {
        return node.flag("concurrent");
    }
    if (node.is("ReindexStmt")) {
        return option_on(node.list("params"), "concurrently");
    }
    if (node.is("AlterTableStmt")) {
        const auto commands = node.list("cmds");
        return std::any_of(commands.begin(), commands.end(),
                           [](const Node& one) { return one["def"].flag("concurrent"); });
    }
    return false;
}

void judge_concurrently(Judge& judge) {
    const auto& view = judge.view();
    if (!is_concurrent(view.node)) {
        return;
    }
    if (judge.world().in_transaction()) {
        judge.advise("concurrently-in-transaction", "A file of its own, without BEGIN and COMMIT.");
        return;
    }
    // Settings and other concurrent work don't suffer.
    const auto& all = view.file.statements;
    const bool alone = std::all_of(all.begin(), all.end(), [](const Statement& one) {
        return !one.transactional || one.text.starts_with("SET ") || one.text.starts_with("set ") ||
               one.text.starts_with("RESET") || one.text.starts_with("reset");
    });
    const bool first = std::find_if(all.begin(), all.end(), [](const Statement& one) {
                           return !one.transactional;
                       })->line == view.statement.line;
    if (!alone && first) {
        judge.advise("concurrently-not-alone", "Put it into a file of its own.");
    }
}

/// The strongest lock on what was there before.
const Effect* strongest(const Judge& judge) {
    const Effect* result = nullptr;
    for (const auto& effect : judge.effects()) {
        if (!judge.world().is_new(effect.relation) && (result == nullptr || effect.lock > result->lock)) {
            result = &effect;
        }
    }
    return result;
}

void judge_lock_timeout(Judge& judge, const Effect* effect) {
    if (effect == nullptr || effect->lock < Lock::share || judge.world().lock_timeout() ||
        judge.world().timeout_said()) {
        return;
    }
    Saying saying;
    saying.rule = "lock-timeout";
    saying.relation = effect->relation;
    saying.lock = effect->lock;
    saying.fix = judge.world().in_transaction() ? "SET LOCAL lock_timeout = '2s';  -- before it"
                                                : "SET lock_timeout = '2s';  -- before it";
    judge.say(saying);
}

void judge_work(Judge& judge) {
    if (!judge.world().in_transaction()) {
        return;
    }
    const auto held = judge.world().held_exclusively();
    if (held.empty()) {
        return;
    }
    const auto& node = judge.view().node;
    const auto changes = row_changes(node);
    const bool writes =
        !is_only_planned(node) && std::any_of(changes.begin(), changes.end(), [](const Node& one) {
            return one.is("UpdateStmt") || one.is("DeleteStmt") ||
                   (one.is("InsertStmt") && !one["selectStmt"].list("fromClause").empty());
        });
    const Effect* work = nullptr;
    for (const auto& effect : judge.effects()) {
        const bool rows = effect.lock == Lock::row_exclusive && writes;
        if ((effect.scan || effect.rewrite || rows) && !judge.world().is_empty(effect.relation) &&
            !judge.is_small(effect.relation)) {
            work = &effect;
        }
    }
    if (work == nullptr) {
        return;
    }
    Saying saying;
    saying.rule = "work-under-lock";
    saying.relation = held.front();
    saying.lock = Lock::access_exclusive;
    saying.more = "Locked since an earlier statement: " + held.front() + ".";
    saying.fix = "Put this statement into a migration of its own.";
    judge.say(saying);
}

bool has_escape(const Node& node) {
    return node.flag("if_not_exists") || node.flag("missing_ok") || node.flag("replace") ||
           node.flag("skipIfNewValExists");
}

void judge_repeatable(Judge& judge) {
    const auto& view = judge.view();
    if (judge.world().in_transaction() || view.file.statements.size() < 2 || has_escape(view.node)) {
        return;
    }
    const auto& node = view.node;
    const bool creates = node.is("CreateStmt") || node.is("DropStmt") || node.is("CreateSchemaStmt") ||
                         node.is("CreateSeqStmt") || (node.is("IndexStmt") && !node.flag("concurrent"));
    const auto commands = node.is("AlterTableStmt") ? node.list("cmds") : std::vector<Node>();
    const bool adds = std::any_of(commands.begin(), commands.end(), [](const Node& one) {
        const auto subtype = one.text("subtype");
        return (subtype == "AT_AddColumn" || subtype == "AT_DropColumn" || subtype == "AT_DropConstraint") &&
               !one.flag("missing_ok");
    });
    if (creates || adds) {
        judge.advise("not-repeatable", "IF NOT EXISTS or IF EXISTS.");
    }
}

void judge_control(Judge& judge) {
    const auto& node = judge.view().node;
    if (!node.is("TransactionStmt")) {
        return;
    }
    const auto kind = node.text("kind");
    if (kind == "TRANS_STMT_BEGIN" || kind == "TRANS_STMT_START" || kind == "TRANS_STMT_COMMIT" ||
        kind == "TRANS_STMT_ROLLBACK") {
        judge.advise("transaction-control", "Take it out: the file is one transaction.");
    }
}

} // namespace

void judge_session(Judge& judge) {
    judge_concurrently(judge);
    judge_work(judge);
    judge_repeatable(judge);
    judge_control(judge);
    judge_lock_timeout(judge, strongest(judge));
}

} // namespace pgteal::migration::lint
