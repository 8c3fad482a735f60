#include <algorithm>

#include "migration/lint/judges/alter.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

std::string validate_later(const Alter& alter, const std::string& constraint) {
    return "\n-- in the next migration:\n" + alter.alter() + "VALIDATE CONSTRAINT " + ident(constraint) + ";";
}

std::string add_named(const Alter& alter, const std::string& constraint) {
    return alter.alter() + "ADD CONSTRAINT " + ident(constraint) + " ";
}

void said_never_validated(const Alter& alter, const CatalogConstraint& now) {
    if (now.validated) {
        return;
    }
    auto saying = alter.saying("never-validated");
    saying.lock = Lock::none;
    saying.fix = alter.alter() + "VALIDATE CONSTRAINT " + ident(now.name) + ";  -- in a later migration";
    saying.unless_later = [table = alter.table, name = now.name](const World& later) {
        const auto* constraint = later.constraint(table, name);
        return constraint == nullptr || constraint->validated;
    };
    alter.judge.say(saying);
}

void judge_check(const Alter& alter, const CatalogConstraint& now) {
    alter.lock_exclusively(false, now.validated);
    said_never_validated(alter, now);
    if (now.validated) {
        auto saying = alter.saying("add-check", false, true);
        saying.fix = add_named(alter, now.name) + "CHECK (" + now.expression + ") NOT VALID;" +
                     validate_later(alter, now.name);
        alter.judge.say(saying);
    }
}

void judge_foreign_key(const Alter& alter, const CatalogConstraint& now) {
    alter.lock(Lock::share_row_exclusive, false, now.validated);
    alter.judge.lock_tree(now.references, Lock::share_row_exclusive);
    said_never_validated(alter, now);
    if (now.validated) {
        auto saying = alter.saying("add-foreign-key", false, true);
        saying.lock = Lock::share_row_exclusive;
        saying.more = "The other table is " + now.references + ".";
        saying.fix = add_named(alter, now.name) + "FOREIGN KEY (" + ident_list(now.columns) +
                     ") REFERENCES " + qualified(now.references) +
                     (now.referenced_columns.empty() ? "" : " (" + ident_list(now.referenced_columns) + ")") +
                     (now.definition.empty() ? "" : " " + now.definition) + " NOT VALID;" +
                     validate_later(alter, now.name);
        alter.judge.say(saying);
    }
    judge_foreign_key_index(alter.judge, alter.table, now.columns, alter.at);
}

/// The columns of a key that may still be NULL: SET NOT NULL comes with it and reads every row.
std::vector<std::string> nullable(const World& world, const std::string& table,
                                  const std::vector<std::string>& columns) {
    std::vector<std::string> result;
    for (const auto& name : columns) {
        if (const auto* column = world.column(table, name);
            column != nullptr && !column->not_null && !is_proven_not_null(world, table, name)) {
            result.push_back(name);
        }
    }
    return result;
}

void judge_using_index(const Alter& alter, const Node& node, const CatalogConstraint& now) {
    const auto full = schema_of(alter.table) + "." + std::string(node.text("indexname"));
    const auto* index = alter.world().index(full);
    if (index == nullptr && alter.world().offline() && now.kind == "p") {
        alter.judge.unknown("whether the columns of index " + full + " are NOT NULL");
    }
    const auto open = now.kind == "p" && index != nullptr
                          ? nullable(alter.world(), alter.table, index->now.columns)
                          : std::vector<std::string>();
    alter.lock_exclusively(false, !open.empty());
    if (!open.empty()) {
        auto saying = alter.saying("primary-key-nullable", false, true);
        saying.more = "It is " + open.front() + ".";
        const auto check = bare_name(alter.table) + "_" + open.front() + "_not_null";
        saying.fix = add_named(alter, check) + "CHECK (" + ident(open.front()) + " IS NOT NULL) NOT VALID;" +
                     validate_later(alter, check) + "\n" + alter.alter() + "ALTER COLUMN " +
                     ident(open.front()) + " SET NOT NULL;  -- then the primary key";
        alter.judge.say(saying);
    }
}

void judge_key(const Alter& alter, const Node& node, const CatalogConstraint& now) {
    if (node.has("indexname")) {
        judge_using_index(alter, node, now);
        return;
    }
    const auto* known = alter.world().table(alter.table);
    alter.judge.lock(alter.table, Lock::access_exclusive, false, known == nullptr || known->now.kind != "p");
    if (alter.recurse) {
        // Partitions build theirs under SHARE; the NOT NULL of a primary key takes more, and so does any key
        // on 18 (measured).
        const bool more = alter.world().version() >= 18 ||
                          (now.kind == "p" && !nullable(alter.world(), alter.table, now.columns).empty());
        for (const auto& child : alter.judge.below(alter.table)) {
            const auto* table = alter.world().table(child);
            if (table != nullptr && !table->now.parent.empty()) {
                alter.judge.lock(child, more ? Lock::access_exclusive : Lock::share, false, true);
            }
        }
    }
    auto saying = alter.saying(now.kind == "p"   ? "add-primary-key"
                               : now.kind == "u" ? "add-unique"
                                                 : "add-exclusion",
                               false, true);
    if (now.kind == "x") {
        saying.fix = "Make a new table with the constraint beside it and move the rows; or do it on green.";
    } else {
        saying.fix = "CREATE UNIQUE INDEX CONCURRENTLY " + ident(now.name) + " ON " + qualified(alter.table) +
                     " (" + ident_list(now.columns) + ");  -- a file of its own\n" +
                     add_named(alter, now.name) + (now.kind == "p" ? "PRIMARY KEY" : "UNIQUE") +
                     " USING INDEX " + ident(now.name) + ";";
    }
    alter.judge.say(saying);
}

bool begins_with(const std::vector<std::string>& index, const std::vector<std::string>& columns) {
    // In any order: the lookup has a value for each.
    return index.size() >= columns.size() &&
           std::all_of(columns.begin(), columns.end(), [&](const auto& column) {
               const auto end = index.begin() + static_cast<std::ptrdiff_t>(columns.size());
               return std::find(index.begin(), end, column) != end;
           });
}

void drop_foreign_key(const Alter& alter, const std::string& other) {
    alter.lock_exclusively();
    alter.judge.lock_tree(other, Lock::access_exclusive);
    auto saying = alter.saying("drop-foreign-key");
    saying.more = "The other table is " + other + ".";
    saying.fix =
        "SET LOCAL lock_timeout = '2s';\n" + alter.alter() + "DROP CONSTRAINT " + ident(alter.name()) + ";";
    alter.judge.say(saying);
}

/// A key that others refer to: theirs go with CASCADE.
void drop_key(const Alter& alter, const CatalogConstraint& now) {
    alter.lock_exclusively();
    if (alter.command.text("behavior") == "DROP_CASCADE") {
        for (const auto& other : alter.world().table(alter.table)->now.referenced_by) {
            alter.judge.lock_tree(other, Lock::access_exclusive);
        }
    }
    auto saying = alter.saying(now.kind == "p" ? "drop-primary-key" : "drop-constraint");
    saying.more = "Here: " + now.name + ".";
    alter.judge.say(saying);
}

} // namespace

bool has_index_for(const World& world, const std::string& name, const std::vector<std::string>& columns) {
    const auto* table = world.table(name);
    return table != nullptr &&
           std::any_of(table->now.indexes.begin(), table->now.indexes.end(), [&](const CatalogIndex& index) {
               return index.valid && !index.partial && begins_with(index.columns, columns);
           });
}

void judge_foreign_key_index(Judge& judge, const std::string& name, const std::vector<std::string>& columns,
                             std::size_t at) {
    const auto* table = judge.world().table(name);
    const bool made_now = judge.view().node.is("CreateStmt");
    if (!made_now && (table == nullptr || !table->complete)) {
        judge.unknown("whether an index on " + name + " serves its foreign key (" + ident_list(columns) +
                      ")");
        return;
    }
    if (columns.empty() || has_index_for(judge.world(), name, columns)) {
        return;
    }
    Saying saying;
    saying.rule = "foreign-key-without-index";
    saying.relation = name;
    saying.at = at;
    saying.fix = "CREATE INDEX CONCURRENTLY ON " + qualified(name) + " (" + ident_list(columns) +
                 ");  -- a file of its own";
    saying.unless_later = [name, columns](const World& later) { return has_index_for(later, name, columns); };
    judge.say(saying);
}

void judge_add_constraint(const Alter& alter) {
    const auto node = alter.command["def"];
    const auto parts = constraints_of({node}, alter.table, "", alter.world(), alter.judge.text());
    if (parts.empty()) {
        alter.lock_exclusively();
        return;
    }
    const auto& now = parts.front().now;
    if (now.kind == "c") {
        judge_check(alter, now);
    } else if (now.kind == "f") {
        judge_foreign_key(alter, now);
    } else {
        judge_key(alter, node, now);
    }
}

void judge_drop_constraint(const Alter& alter) {
    const auto* now = alter.world().constraint(alter.table, alter.name());
    if (now == nullptr) {
        alter.lock_exclusively();
        const auto* table = alter.world().table(alter.table);
        if (table != nullptr && table->complete) {
            return;
        }
        alter.judge.unknown("what constraint " + alter.name() + " of " + alter.table + " is");
        // The names that PostgreSQL gives say it well enough.
        if (alter.name().ends_with("_fkey") || alter.name().starts_with("fk_") ||
            alter.name().ends_with("_fk")) {
            auto saying = alter.saying("drop-foreign-key");
            saying.fix = "SET LOCAL lock_timeout = '2s';\n" + alter.alter() + "DROP CONSTRAINT " +
                         ident(alter.name()) + ";";
            alter.judge.say(saying);
        } else if (alter.name().ends_with("_pkey")) {
            alter.judge.say(alter.saying("drop-primary-key"));
        }
        return;
    }
    if (now->kind == "f") {
        drop_foreign_key(alter, now->references);
    } else if (now->kind == "p" || now->kind == "u") {
        drop_key(alter, *now);
    } else {
        alter.lock_exclusively();
        const auto* table = alter.world().table(alter.table);
        if (!table->added_constraints.contains(now->name)) {
            auto saying = alter.saying("drop-constraint");
            saying.more = "Here: " + now->name + ".";
            alter.judge.say(saying);
        }
    }
}

void judge_validate(const Alter& alter) {
    const auto* now = alter.world().constraint(alter.table, alter.name());
    const bool needed = now == nullptr || !now->validated;
    alter.lock(Lock::share_update_exclusive, false, needed);
    if (now != nullptr && now->kind == "f" && needed) {
        alter.judge.lock_tree(now->references, Lock::row_share);
    }
    const auto added = alter.world().added_not_valid(alter.table, alter.name());
    if (needed && added && *added == alter.world().transaction() && alter.world().in_transaction()) {
        auto saying = alter.saying("validate-same-transaction", false, true);
        saying.lock = now != nullptr && now->kind == "f" ? Lock::share_row_exclusive : Lock::access_exclusive;
        saying.fix = "Put VALIDATE CONSTRAINT " + ident(alter.name()) + " into a migration of its own.";
        alter.judge.say(saying);
    }
}

} // namespace pgteal::migration::lint
