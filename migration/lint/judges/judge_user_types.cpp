// Enums and domains.
#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/sql_text.hpp"

namespace pgteal::migration::lint {

namespace {

void judge_domain(Judge& judge, const Node& node) {
    const auto subtype = node.text("subtype");
    const auto name = judge.world().type_name_of(strings(node.list("typeName")));
    const bool adds = subtype == "C" && !node["def"].flag("skip_validation");
    const bool sets_not_null = subtype == "O";
    const bool validates = subtype == "V";
    if (!adds && !sets_not_null && !validates) {
        return;
    }
    const auto* type = judge.world().type(name);
    if (type == nullptr) {
        judge.unknown("which tables use the domain " + name);
    }
    const auto lock = Lock::share; // for VALIDATE as well, up to 18
    bool in_use = false;
    Saying saying;
    saying.rule = "domain-constraint";
    saying.lock = lock;
    saying.scan = true;
    if (type != nullptr) {
        for (const auto& table : type->used_by) {
            judge.lock_tree(table, lock, false, true);
            in_use = true;
            if (saying.relation.empty() || !judge.is_small(table)) {
                saying.relation = table;
            }
        }
    }
    const bool maybe_used = type == nullptr || (judge.world().offline() && !judge.world().is_new_type(name));
    if ((!in_use && !maybe_used) || lock < Lock::share) {
        return;
    }
    const auto constraint =
        node["def"].has("conname") ? std::string(node["def"].text("conname")) : bare_name(name) + "_check";
    if (adds) {
        const auto check = inside_parentheses(judge.text(), node["def"].location());
        saying.fix = "ALTER DOMAIN " + qualified(name) + " ADD CONSTRAINT " + ident(constraint) + " CHECK (" +
                     check + ") NOT VALID;  -- new values are checked from here on";
    } else if (sets_not_null) {
        saying.fix = "ALTER DOMAIN " + qualified(name) + " ADD CONSTRAINT " +
                     ident(bare_name(name) + "_not_null") + " CHECK (VALUE IS NOT NULL) NOT VALID;";
    } else {
        saying.fix = "Validate while little is written, with SET LOCAL lock_timeout = '2s' before it.";
    }
    judge.say(saying);
}

void judge_enum(Judge& judge, const Node& node) {
    if (!node.has("oldVal")) {
        return;
    }
    Saying saying;
    saying.rule = "enum-rename-value";
    const auto name = judge.world().type_name_of(strings(node.list("typeName")));
    if (judge.world().is_new_type(name)) {
        return;
    }
    const auto place = judge.text().find("'" + std::string(node.text("oldVal")) + "'");
    saying.at = place == std::string::npos ? 0 : place;
    saying.fix = "ALTER TYPE " + qualified(name) + " ADD VALUE '" + std::string(node.text("newVal")) +
                 "';  -- move rows and code to it, and leave the old value";
    judge.say(saying);
}

/// A literal that is a label of an enum, added before in this transaction.
void judge_new_labels(Judge& judge) {
    const auto& node = judge.view().node;
    if (!judge.world().in_transaction() || node.is("AlterEnumStmt") || node.is("CreateEnumStmt")) {
        return;
    }
    std::set<std::string> said;
    walk(node, [&](const Node& part) {
        if (!part.is("A_Const")) {
            return true;
        }
        const auto label = std::string(part["sval"].text("sval"));
        if (!label.empty() && judge.world().is_unusable_label(label) && said.insert(label).second) {
            Saying saying;
            saying.rule = "enum-value-same-transaction";
            saying.at = part.location();
            saying.more = "Here: '" + label + "'.";
            saying.fix = "Put ALTER TYPE ... ADD VALUE into a file of its own, before this one.";
            judge.say(saying);
        }
        return true;
    });
}

} // namespace

void judge_user_types(Judge& judge) {
    const auto& node = judge.view().node;
    if (node.is("AlterDomainStmt")) {
        judge_domain(judge, node);
    } else if (node.is("AlterEnumStmt")) {
        judge_enum(judge, node);
    }
    judge_new_labels(judge);
}

} // namespace pgteal::migration::lint
