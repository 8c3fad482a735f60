#include <algorithm>

#include "migration/lint/judges/alter.hpp"
#include "migration/lint/world/expressions.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/sql_types.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

/// A new column while it is judged.
struct Added {
    const Alter& alter;
    Node definition;
    std::string name;
    SqlType type;
    ColumnTraits traits;

    [[nodiscard]] std::string add(const std::string& more = "") const {
        return alter.alter() + "ADD COLUMN " + ident(name) + " " + type.text() + more + ";";
    }
    [[nodiscard]] std::string column() const { return alter.alter() + "ALTER COLUMN " + ident(name) + " "; }
    [[nodiscard]] std::string default_text() const {
        const auto& text = alter.judge.text();
        const auto place = find_word(text, "DEFAULT", traits.default_value.location());
        return place == std::string::npos ? "" : expression_text(text, place + 7);
    }
    /// SQL that fills the column afterwards.
    [[nodiscard]] std::string backfill(const std::string& value) const {
        return "-- then in batches, each in a transaction of its own:\nUPDATE " + qualified(alter.table) +
               " SET " + ident(name) + " = " + value + " WHERE " + ident(name) +
               " IS NULL AND ...;  -- a range of keys";
    }
};

std::string trimmed(std::string text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    return begin == std::string::npos ? "" : text.substr(begin);
}

/// Whether each row gets its value when the column is added, and what to say then.
bool judge_rewrite(const Added& added) {
    const auto& alter = added.alter;
    auto say = [&](std::string_view rule, std::string fix, std::string more = "") {
        auto saying = alter.saying(rule, true, true);
        saying.fix = std::move(fix);
        saying.more = std::move(more);
        alter.judge.say(saying);
        return true;
    };
    if (added.traits.generated) {
        return say(
            "add-column-stored-generated",
            added.add() + "  -- filled by a trigger for new rows\n" +
                added.backfill(
                    "(" + inside_parentheses(alter.judge.text(), added.traits.generated.location()) + ")"),
            alter.world().version() >= 18 ? "GENERATED ALWAYS AS (...) VIRTUAL is free on 18." : "");
    }
    if (added.type.serial || added.traits.identity) {
        return say(added.type.serial ? "add-column-serial" : "add-column-identity",
                   added.add() + "\nCREATE SEQUENCE " + ident(schema_of(alter.table)) + "." +
                       ident(bare_name(alter.table) + "_" + added.name + "_seq") + " OWNED BY " +
                       qualified(alter.table) + "." + ident(added.name) + ";\n" + added.column() +
                       "SET DEFAULT nextval('" + schema_of(alter.table) + "." + bare_name(alter.table) + "_" +
                       added.name + "_seq');\n" +
                       added.backfill("nextval('" + schema_of(alter.table) + "." + bare_name(alter.table) +
                                      "_" + added.name + "_seq')"));
    }
    if (added.traits.default_value) {
        const auto judged = volatility_of(added.traits.default_value["raw_expr"], alter.world());
        if (judged.is_volatile) {
            for (const auto& name : judged.unknown) {
                alter.judge.unknown("whether the function " + name + "() is volatile");
            }
            const auto value = trimmed(added.default_text());
            auto saying = alter.saying("add-column-volatile-default", true, true);
            saying.fix =
                added.add() + "\n" + added.column() + "SET DEFAULT " + value + ";\n" + added.backfill(value);
            saying.more = judged.because + (judged.unknown.empty()
                                                ? " is volatile."
                                                : " is not known and is taken to be volatile, as functions "
                                                  "are by default.");
            saying.certain = judged.unknown.empty();
            alter.judge.say(saying);
            return true;
        }
    }
    const auto* domain = added.type.array ? nullptr : alter.world().type(added.type.base);
    if (domain != nullptr && domain->kind == "d" && domain->constrained) {
        return say("add-column-constrained-domain",
                   alter.alter() + "ADD COLUMN " + ident(added.name) + " " + domain->base +
                       ";\n-- and the domain's condition as CHECK ... NOT VALID, then VALIDATE CONSTRAINT");
    }
    if (domain == nullptr && !added.type.array && added.type.base.find('.') != std::string::npos) {
        alter.judge.unknown("whether the type " + added.type.base + " is a domain with a condition");
    }
    return false;
}

bool judge_inline_constraint(const Added& added, const ConstraintPart& part) {
    const auto& alter = added.alter;
    const auto& now = part.now;
    const auto constraint = alter.alter() + "ADD CONSTRAINT " + ident(now.name) + " ";
    const auto validate =
        "\n-- in the next migration:\n" + alter.alter() + "VALIDATE CONSTRAINT " + ident(now.name) + ";";
    Saying saying = alter.saying("");
    saying.at = part.node.location();
    if (now.kind == "c") {
        saying = alter.saying("add-column-check", false, true);
        saying.fix = added.add() + "\n" + constraint + "CHECK (" + now.expression + ") NOT VALID;" + validate;
    } else if (now.kind == "f") {
        alter.judge.lock_tree(now.references, Lock::share_row_exclusive);
        // Without a default every value is NULL: parse_utilcmd.c then skips the validation.
        const bool scans = static_cast<bool>(added.traits.default_value) || added.type.serial;
        saying = alter.saying("add-column-foreign-key", false, scans);
        saying.fix = added.add() + "\n" + constraint + "FOREIGN KEY (" + ident(added.name) + ") REFERENCES " +
                     qualified(now.references) +
                     (now.referenced_columns.empty() ? "" : " (" + ident_list(now.referenced_columns) + ")") +
                     " NOT VALID;" + validate;
        if (scans) {
            saying.more = "With a default each row is looked up there.";
        } else if (alter.world().is_new(now.references)) {
            saying.rule = "";
        }
        saying.certain = scans;
        judge_foreign_key_index(alter.judge, alter.table, now.columns, part.node.location());
        saying.at = part.node.location();
        alter.judge.say(saying);
        return scans;
    } else {
        saying = alter.saying("add-column-unique", false, true);
        saying.fix = added.add() + "\nCREATE UNIQUE INDEX CONCURRENTLY " + ident(now.name) + " ON " +
                     qualified(alter.table) + " (" + ident(added.name) + ");  -- a file of its own\n" +
                     constraint + (now.kind == "p" ? "PRIMARY KEY" : "UNIQUE") + " USING INDEX " +
                     ident(now.name) + ";";
    }
    saying.at = part.node.location();
    alter.judge.say(saying);
    return true;
}

/// NOT NULL and nothing to put there.
void judge_not_null(const Added& added, bool rewrites) {
    const auto& alter = added.alter;
    if (!added.traits.not_null || added.traits.default_value || rewrites ||
        alter.world().is_empty(alter.table)) {
        return;
    }
    auto saying = alter.saying("add-column-not-null");
    const auto check = bare_name(alter.table) + "_" + added.name + "_not_null";
    saying.fix = added.add() + "\n" + added.backfill("...") + "\n" + alter.alter() + "ADD CONSTRAINT " +
                 ident(check) + " CHECK (" + ident(added.name) + " IS NOT NULL) NOT VALID;\n" +
                 "-- in the next migration:\n" + alter.alter() + "VALIDATE CONSTRAINT " + ident(check) +
                 ";\n" + added.column() + "SET NOT NULL;\n" + alter.alter() + "DROP CONSTRAINT " +
                 ident(check) + ";";
    alter.judge.say(saying);
}

} // namespace

void judge_add_column(const Alter& alter) {
    const auto definition = alter.command["def"];
    const auto name = std::string(definition.text("colname"));
    if (is_partition(alter.world(), alter.table)) {
        alter.lock_exclusively();
        auto saying = alter.saying("partition-column");
        saying.fix = "ALTER TABLE " + qualified(alter.world().table(alter.table)->now.parent) +
                     " ADD COLUMN " + ident(name) + " ...;  -- partitions follow";
        alter.judge.say(saying);
        return;
    }
    if (alter.command.flag("missing_ok") && alter.world().column(alter.table, name) != nullptr) {
        alter.lock_exclusively();
        return;
    }
    const Added added{alter, definition, name, type_of(definition["typeName"], alter.world()),
                      traits_of(definition)};
    const bool rewrites = judge_rewrite(added);
    bool scans = rewrites;
    for (const auto& part : constraints_of(definition.list("constraints"), alter.table, name, alter.world(),
                                           alter.judge.text())) {
        scans = judge_inline_constraint(added, part) || scans;
    }
    scans = scans || (added.traits.not_null && !added.traits.default_value);
    judge_not_null(added, rewrites);
    alter.lock_exclusively(rewrites, scans);
}

void judge_drop_column(const Alter& alter) {
    alter.lock_exclusively();
    if (is_partition(alter.world(), alter.table)) {
        alter.judge.say(alter.saying("partition-column"));
        return;
    }
    const auto* table = alter.world().table(alter.table);
    if (table != nullptr) {
        for (const auto& constraint : table->now.constraints) {
            const auto& columns = constraint.columns;
            if (constraint.kind == "f" &&
                std::find(columns.begin(), columns.end(), alter.name()) != columns.end()) {
                alter.judge.lock_tree(constraint.references, Lock::access_exclusive);
            }
        }
        if (alter.command.text("behavior") == "DROP_CASCADE") {
            if (const auto users = table->now.dependants.find(alter.name());
                users != table->now.dependants.end()) {
                alter.judge.lock_dependants(users->second);
            }
        }
        if (table->complete && alter.command.flag("missing_ok") &&
            table->now.column(alter.name()) == nullptr) {
            return;
        }
    }
    if (alter.world().is_new_column(alter.table, alter.name())) {
        return;
    }
    auto saying = alter.saying("drop-column");
    saying.fix = "-- expand: release code that doesn't name " + ident(alter.name()) +
                 "; contract, after pgteal finish:\n" + alter.alter() + "DROP COLUMN " + ident(alter.name()) +
                 ";";
    if (table != nullptr) {
        const auto users = table->now.dependants.find(alter.name());
        if (users != table->now.dependants.end() && !users->second.empty()) {
            saying.more = "In use by " + users->second.front() +
                          (alter.command.text("behavior") == "DROP_CASCADE" ? ", which goes with it."
                                                                            : ": it fails without CASCADE.");
        }
    }
    alter.judge.say(saying);
}

bool is_proven_not_null(const World& world, const std::string& table, const std::string& column) {
    const auto* known = world.table(table);
    return known != nullptr &&
           std::any_of(known->now.constraints.begin(), known->now.constraints.end(), [&](const auto& one) {
               return one.kind == "c" && one.validated && proven_not_null(one.expression).contains(column);
           });
}

void judge_set_not_null(const Alter& alter) {
    const auto* table = alter.world().table(alter.table);
    const auto* column = alter.world().column(alter.table, alter.name());
    bool proven = column != nullptr && column->not_null;
    std::string waiting;
    if (table != nullptr) {
        for (const auto& constraint : table->now.constraints) {
            if (constraint.kind == "c" && proven_not_null(constraint.expression).contains(alter.name())) {
                proven = proven || constraint.validated;
                waiting = constraint.validated ? "" : constraint.name;
            }
        }
    }
    alter.lock_exclusively(false, !proven);
    if (proven) {
        return;
    }
    if (table == nullptr || !table->complete) {
        alter.judge.unknown("whether a validated CHECK proves that " + alter.table + "." + alter.name() +
                            " is not null");
    }
    auto saying = alter.saying("set-not-null", false, true);
    const auto check = bare_name(alter.table) + "_" + alter.name() + "_not_null";
    const auto use = waiting.empty() ? check : waiting;
    const auto set = alter.alter() + "ALTER COLUMN " + ident(alter.name()) + " SET NOT NULL;";
    constexpr int with_not_null_constraints = 18;
    if (alter.world().version() >= with_not_null_constraints && waiting.empty()) {
        saying.fix = alter.alter() + "ADD CONSTRAINT " + ident(check) + " NOT NULL " + ident(alter.name()) +
                     " NOT VALID;\n-- in the next migration:\n" + alter.alter() + "VALIDATE CONSTRAINT " +
                     ident(check) + ";";
    } else {
        saying.fix = (waiting.empty()
                          ? alter.alter() + "ADD CONSTRAINT " + ident(check) + " CHECK (" +
                                ident(alter.name()) + " IS NOT NULL) NOT VALID;\n-- in the next migration:\n"
                          : "") +
                     alter.alter() + "VALIDATE CONSTRAINT " + ident(use) + ";\n" + set + "\n" +
                     alter.alter() + "DROP CONSTRAINT " + ident(use) + ";";
    }
    saying.more = waiting.empty() ? "" : "CHECK " + waiting + " would prove it, once it is validated.";
    alter.judge.say(saying);
}

} // namespace pgteal::migration::lint
