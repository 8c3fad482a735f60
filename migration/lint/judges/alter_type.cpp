#include <algorithm>
#include <map>
#include <set>

#include "migration/lint/judges/alter.hpp"
#include "migration/lint/world/expressions.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/sql_types.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

bool uses(const std::vector<std::string>& columns, const std::string& column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

/// A USING that is the column itself, perhaps cast to the new type, changes nothing.
bool is_plain_using(const Node& expression, const std::string& column, const SqlType& to,
                    const World& world) {
    auto inner = expression;
    if (inner.is("TypeCast")) {
        auto cast = type_of(inner["typeName"], world);
        if (cast.text() != to.text()) {
            return false;
        }
        inner = inner["arg"];
    }
    const auto fields = strings(inner.list("fields"));
    return inner.is("ColumnRef") && fields.size() == 1 && fields.front() == column;
}

/// Old code reads or writes the column as before.
bool is_compatible(const SqlType& from, const SqlType& to) {
    static const std::vector<std::string> integers{"smallint", "integer", "bigint"};
    const auto place = [](const std::string& base) {
        return std::find(integers.begin(), integers.end(), base) - integers.begin();
    };
    const auto count = static_cast<std::ptrdiff_t>(integers.size());
    if (place(from.base) < count && place(to.base) < count) {
        return place(to.base) >= place(from.base);
    }
    return to.base == "text" || from.base == to.base;
}

std::string new_column_way(const Alter& alter, const SqlType& to) {
    const auto name = alter.name();
    const auto fresh = name + "_new";
    return alter.alter() + "ADD COLUMN " + ident(fresh) + " " + to.text() + ";\n-- a trigger keeps " +
           ident(fresh) + " in step with " + ident(name) + "; then in batches:\nUPDATE " +
           qualified(alter.table) + " SET " + ident(fresh) + " = " + ident(name) + "::" + to.text() +
           " WHERE " + ident(fresh) + " IS DISTINCT FROM " + ident(name) + "::" + to.text() +
           " AND ...;\n-- then swap the names, and drop the old one in the contract phase";
}

struct Touched {
    bool check = false, index = false;
    std::string check_name, rebuilt;
    std::vector<std::string> views;
};

Touched touched_by(const Alter& alter) {
    Touched result;
    const auto* table = alter.world().table(alter.table);
    if (table == nullptr) {
        return result;
    }
    for (const auto& constraint : table->now.constraints) {
        if (constraint.kind == "c" && constraint.validated && uses(constraint.columns, alter.name())) {
            result.check = true;
            result.check_name = constraint.name;
        }
    }
    for (const auto& index : table->now.indexes) {
        const bool used = uses(index.columns, alter.name()) || uses(index.uses, alter.name());
        const bool plain = !index.partial && !uses(index.columns, "");
        // INCLUDE has no collation; one that the index has of its own stays.
        result.index =
            result.index || (uses(index.columns, alter.name()) && !uses(index.own_collation, alter.name()));
        // CheckIndexCompatible() trusts neither expressions nor predicates.
        result.rebuilt = used && !plain ? index.name : result.rebuilt;
    }
    if (const auto found = table->now.dependants.find(alter.name()); found != table->now.dependants.end()) {
        result.views = found->second;
    }
    return result;
}

/// Foreign keys of the column are made anew: the other table is locked as well, and read when it refers here.
void lock_others(const Alter& alter, bool rewrites) {
    const auto* table = alter.world().table(alter.table);
    if (table == nullptr) {
        return;
    }
    for (const auto& constraint : table->now.constraints) {
        if (constraint.kind == "f" && uses(constraint.columns, alter.name())) {
            alter.judge.lock_tree(constraint.references, Lock::access_exclusive);
        }
    }
    for (const auto& other : table->now.referenced_by) {
        const auto* referencing = alter.world().table(other);
        if (referencing == nullptr) {
            continue;
        }
        for (const auto& constraint : referencing->now.constraints) {
            if (constraint.kind == "f" && constraint.references == alter.table &&
                (constraint.referenced_columns.empty() ||
                 uses(constraint.referenced_columns, alter.name()))) {
                alter.judge.lock_tree(other, Lock::access_exclusive, false, rewrites);
            }
        }
    }
}

/// Some type can become this one without a rewrite.
bool may_be_free(const SqlType& to, const World& world) {
    static const std::set<std::string> bases{"text",
                                             "character varying",
                                             "numeric",
                                             "timestamp without time zone",
                                             "timestamp with time zone",
                                             "interval",
                                             "time without time zone",
                                             "time with time zone",
                                             "bit varying",
                                             "inet",
                                             "oid"};
    const auto* type = world.type(to.base);
    const bool of_user = to.base.find('.') != std::string::npos;
    return !to.array && (bases.contains(to.base) || (of_user && (type == nullptr || type->kind == "d")));
}

/// Whether a foreign key of this type can point at a key of that one: the types share an operator family, or
/// the first is cast to the second implicitly (pg_amop, pg_cast).
bool can_refer(const SqlType& key, const SqlType& target) {
    if (key.base == target.base || key.array || target.array) {
        return true;
    }
    static const std::map<std::string, int> numbers{{"smallint", 0}, {"integer", 0}, {"bigint", 0},
                                                    {"numeric", 1},  {"real", 2},    {"double precision", 2}};
    const auto a = numbers.find(key.base);
    const auto b = numbers.find(target.base);
    if (a != numbers.end() && b != numbers.end()) {
        return a->second <= b->second;
    }
    const auto is_text = [](const SqlType& type) {
        return type.base == "text" || type.base == "character varying" || type.base == "character" ||
               type.base == "name";
    };
    const auto is_time = [](const SqlType& type) {
        return type.base == "date" || type.base.starts_with("timestamp ");
    };
    const bool known = (a != numbers.end() || is_text(key) || is_time(key) || key.base == "uuid") &&
                       (b != numbers.end() || is_text(target) || is_time(target) || target.base == "uuid");
    return !known || (is_text(key) && is_text(target)) || (is_time(key) && is_time(target));
}

/// The foreign key that the new type makes impossible; "" when there is none.
std::string broken_key(const Alter& alter, const SqlType& to) {
    const auto* table = alter.world().table(alter.table);
    const auto& world = alter.world();
    auto type_at = [&world](const std::string& name, const std::string& column) {
        const auto* found = world.column(name, column);
        return found != nullptr ? read_type(found->type) : SqlType{};
    };
    if (table == nullptr) {
        return {};
    }
    for (const auto& one : table->now.constraints) {
        for (std::size_t i = 0; i < one.columns.size() && i < one.referenced_columns.size(); ++i) {
            const auto target = type_at(one.references, one.referenced_columns[i]);
            if (one.columns[i] == alter.name() && !target.base.empty() && !can_refer(to, target)) {
                return one.name;
            }
        }
    }
    for (const auto& name : table->now.referenced_by) {
        const auto* other = world.table(name);
        for (const auto& one : other != nullptr ? other->now.constraints : std::vector<CatalogConstraint>{}) {
            for (std::size_t i = 0;
                 one.references == alter.table && i < one.referenced_columns.size() && i < one.columns.size();
                 ++i) {
                const auto key = type_at(name, one.columns[i]);
                if (one.referenced_columns[i] == alter.name() && !key.base.empty() && !can_refer(key, to)) {
                    return one.name;
                }
            }
        }
    }
    return {};
}

void judge_unknown(const Alter& alter, const SqlType& to) {
    const auto definition = alter.command["def"];
    const auto expression = definition["raw_default"];
    const bool computed = expression && !is_plain_using(expression, alter.name(), to, alter.world());
    alter.judge.unknown("the present type of " + alter.table + "." + alter.name());
    if (computed || !may_be_free(to, alter.world())) {
        alter.lock_exclusively(true, true);
        auto saying = alter.saying("change-type-rewrite", true, true);
        saying.more =
            computed ? "USING computes each value." : "No other type becomes " + to.text() + " without it.";
        saying.fix = new_column_way(alter, to);
        alter.judge.say(saying);
        return;
    }
    // To text and varchar nearly everything that people change is free.
    const bool likely = to.base != "text" && to.base != "character varying";
    const bool recollated = static_cast<bool>(definition["collClause"]);
    alter.lock_exclusively(likely, likely || recollated);
    auto saying = alter.saying("change-type-unknown", likely, recollated);
    saying.certain = false;
    saying.more = recollated
                      ? "With another collation its indexes are built anew."
                      : "It is free from varchar to text, and where a varchar, numeric of the same scale, "
                        "timestamp or interval gets wider; most other changes rewrite. Run it with a "
                        "reachable blue to know.";
    saying.fix = new_column_way(alter, to);
    alter.judge.say(saying);
}

/// Why the server will refuse; null when it won't.
const char* impossible(const Alter& alter, const SqlType& from, const SqlType& to) {
    const bool has_using = static_cast<bool>(alter.command["def"]["raw_default"]);
    if (is_partition(alter.world(), alter.table)) {
        return "The column belongs to the partitioned table: change it there.";
    }
    if (!has_using && from.base == "bit" && to.base == "bit" && !from.array &&
        from.modifiers != to.modifiers && !alter.world().is_empty(alter.table)) {
        return "A bit string of another length doesn't fit: say how with USING.";
    }
    return broken_key(alter, to).empty() ? nullptr
                                         : "A foreign key can't compare the new type with the other.";
}

std::string qualified_collation(const std::string& name) {
    return name.find('.') == std::string::npos ? ident(name) : qualified(name);
}

/// As the catalogs have it, where pg_catalog's have no schema; a statement's may leave out any schema.
bool same_collation(const std::string& stated, const std::string& present) {
    return stated == present ||
           (!stated.empty() && stated.find('.') == std::string::npos && present.ends_with("." + stated));
}

struct Collations {
    bool differ = false;
    std::string next, present, type;
};

void say_reindex(Saying& saying, const Alter& alter, const Touched& touched, const Collations& collations) {
    if (!collations.differ) {
        saying.more = "Here: " + touched.rebuilt + ", which has an expression or a predicate.";
        saying.fix = "DROP INDEX CONCURRENTLY, change the type, and CREATE INDEX CONCURRENTLY again.";
    } else if (collations.next.empty()) {
        saying.more = "Without COLLATE the column loses its collation " + collations.present +
                      ", by which they are ordered.";
        saying.fix = "Keep it: " + alter.alter() + "ALTER COLUMN " + ident(alter.name()) + " TYPE " +
                     collations.type + " COLLATE " + qualified_collation(collations.present) + ";";
    } else {
        saying.fix = "Make new indexes with the collation concurrently: CREATE INDEX CONCURRENTLY ... (" +
                     ident(alter.name()) + " COLLATE " + qualified_collation(collations.next) + ");";
    }
}

} // namespace

void judge_change_type(const Alter& alter) {
    const auto definition = alter.command["def"];
    const auto to = type_of(definition["typeName"], alter.world());
    const auto* column = alter.world().column(alter.table, alter.name());
    const auto touched = touched_by(alter);
    if (!touched.views.empty() && !alter.world().is_new(alter.table)) {
        alter.lock_exclusively();
        auto saying = alter.saying("change-type-dependants");
        saying.more =
            "In use by " + touched.views.front() +
            (touched.views.size() > 1 ? " and " + std::to_string(touched.views.size() - 1) + " more." : ".");
        saying.fix =
            "Drop " + touched.views.front() + ", change the type, and create it again, in one transaction.";
        alter.judge.say(saying);
        return;
    }
    if (column == nullptr || column->type.empty()) {
        judge_unknown(alter, to);
        return;
    }
    const auto from = read_type(column->type);
    if (const auto* why = impossible(alter, from, to); why != nullptr) {
        alter.lock_exclusively();
        auto saying = alter.saying("change-type-impossible");
        saying.more = why;
        saying.fix = new_column_way(alter, to);
        alter.judge.say(saying);
        return;
    }
    auto change = change_of(from, to, alter.world());
    const auto expression = definition["raw_default"];
    if (expression && !is_plain_using(expression, alter.name(), to, alter.world())) {
        change = Change::rewrite;
    }
    // Without COLLATE it is the new type's own again, whatever the column had.
    const auto collation = collation_of(definition);
    const bool recollated = !same_collation(collation, column->collation);
    const bool rewrites = change == Change::rewrite;
    // ATExecAlterColumnType makes anew what depends on the column, also where the type stays the same.
    const bool rechecks = !rewrites && touched.check;
    const bool reindexes = !rewrites && ((recollated && touched.index) || !touched.rebuilt.empty());
    const auto words = from.text() + " to " + to.text();
    lock_others(alter, rewrites);
    alter.lock_exclusively(rewrites, rewrites || rechecks || reindexes);
    if (rewrites) {
        auto saying = alter.saying("change-type-rewrite", true, true);
        saying.more = words + (expression ? " with USING." : ".");
        if (alter.world().offline() && from.base.starts_with("timestamp with") &&
            to.base.starts_with("timestamp with") && from.base != to.base) {
            alter.judge.unknown("the server's TimeZone: with UTC timestamp to timestamptz is free");
        }
        saying.fix = new_column_way(alter, to);
        alter.judge.say(saying);
    } else if (reindexes) {
        auto saying = alter.saying("change-type-reindex", false, true);
        say_reindex(saying, alter, touched, {recollated, collation, column->collation, to.text()});
        alter.judge.say(saying);
    } else if (rechecks) {
        auto saying = alter.saying("change-type-recheck", false, true);
        saying.more = "Here: " + touched.check_name + ".";
        saying.fix = alter.alter() + "DROP CONSTRAINT " + ident(touched.check_name) + ";\n" + alter.alter() +
                     "ALTER COLUMN " + ident(alter.name()) + " TYPE " + to.text() + ";\n" + alter.alter() +
                     "ADD CONSTRAINT " + ident(touched.check_name) +
                     " CHECK (...) NOT VALID;\n-- in the next migration:\n" + alter.alter() +
                     "VALIDATE CONSTRAINT " + ident(touched.check_name) + ";";
        alter.judge.say(saying);
    }
    const auto* domain = alter.world().type(to.base);
    const auto plain = domain != nullptr && domain->kind == "d" ? read_type(domain->base) : to;
    if (change != Change::nothing && !is_compatible(from, plain) &&
        !alter.world().is_new_column(alter.table, alter.name())) {
        auto saying = alter.saying("change-type-breaking");
        saying.more = words + ".";
        saying.fix = "Expand and contract: a new column beside it.\n" + new_column_way(alter, to);
        alter.judge.say(saying);
    }
}

} // namespace pgteal::migration::lint
