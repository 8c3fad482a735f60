#include "migration/schema/reconcile.hpp"

#include <algorithm>
#include <array>

#include "migration/schema/alter.hpp"
#include "migration/schema/grants.hpp"
#include "migration/schema/statement.hpp"
#include "migration/schema/words.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::schema {

namespace {

using postgres::quote_identifier;
using postgres::quote_literal;

std::string replaced(const Object& left) {
    const auto drop = drop_statement(left);
    const auto create = create_statement(left);
    return drop.empty() || create.empty() ? "" : commented(drop + ";\n" + create + ";");
}

/// Labels that are only new, wherever they stand, can be added; a label can't be taken away.
std::string of_enum(const Object& left, const Change& change) {
    const auto labels = [](const std::string& text) {
        std::vector<std::string> list;
        for (auto at = text.find('\''); at != std::string::npos; at = text.find('\'', at)) {
            auto end = at + 1;
            while (end < text.size() &&
                   (text[end] != '\'' || (end + 1 < text.size() && text[end + 1] == '\''))) {
                end += text[end] == '\'' ? 2U : 1U;
            }
            list.push_back(text.substr(at, end + 1 - at));
            at = end + 1;
        }
        return list;
    };
    if (!change.left.starts_with("AS ENUM") || !change.right.starts_with("AS ENUM")) {
        return "";
    }
    const auto wanted = labels(change.left);
    const auto have = labels(change.right);
    std::string text;
    std::size_t matched = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (matched < have.size() && wanted[i] == have[matched]) {
            ++matched;
            continue;
        }
        text +=
            (text.empty() ? "" : "\n") + ("ALTER TYPE " + left.name) + " ADD VALUE " + wanted[i] +
            (i == 0 ? have.empty() ? std::string() : " BEFORE " + have.front() : " AFTER " + wanted[i - 1]) +
            ";";
    }
    return matched == have.size() ? text : "";
}

std::string enabled(const Object& left, const Change& change) {
    const auto& value = change.left;
    const std::string word = value == "disabled" ? "DISABLE"
                             : value.empty()     ? "ENABLE"
                                                 : "ENABLE " + upper(value);
    if (left.kind == "event trigger") {
        return "ALTER EVENT TRIGGER " + left.name + " " + word + ";";
    }
    return "ALTER TABLE " + left.parent + " " + word + " " + upper(left.kind) + " " + left.name + ";";
}

/// CREATE OR REPLACE VIEW only adds columns behind those that are there (commands/view.c,
/// checkViewColumns).
bool keeps_columns(const Object& wanted, const Object& have) {
    return wanted.columns == have.columns || wanted.columns.starts_with(have.columns + "\n");
}

/// A primary key that is missing where there is another one.
std::string instead_of(const Object& key, const Object& other) {
    if (other.definition == key.definition) {
        return "ALTER TABLE " + key.parent + " RENAME CONSTRAINT " + other.name + " TO " + key.name + ";";
    }
    return commented(drop_statement(other) + ";\n" + create_statement(key) + ";");
}

const Object* primary_key(const Objects& objects, const std::string& table) {
    const auto& list = objects.list;
    const auto found = std::find_if(list.begin(), list.end(), [&table](const Object& one) {
        return one.kind == "constraint" && one.parent == table && one.get("type") == "p";
    });
    return found == list.end() ? nullptr : &*found;
}

std::string of_definition(const Object& left, const Object& right, const Change& change) {
    if (left.kind == "view") {
        return keeps_columns(left, right) ? "CREATE OR REPLACE" + create_statement(left).substr(6) + ";"
                                          : replaced(left);
    }
    if (left.kind == "function" || left.kind == "procedure" || left.kind == "aggregate") {
        return left.definition + ";";
    }
    if (left.kind == "constraint" && right.definition == left.definition + " NOT VALID") {
        return "ALTER TABLE " + left.parent + " VALIDATE CONSTRAINT " + left.name + ";";
    }
    if (left.kind == "type") {
        return of_enum(left, change);
    }
    return replaced(left);
}

std::string of_domain(const Object& left, const Change& change) {
    const auto alter = "ALTER DOMAIN " + left.name + " ";
    if (change.attribute == "default") {
        return alter + (change.left.empty() ? "DROP DEFAULT" : "SET DEFAULT " + change.left) + ";";
    }
    if (change.attribute == "not null") {
        return alter + (change.left.empty() ? "DROP NOT NULL" : "SET NOT NULL") + ";";
    }
    return "";
}

std::string of_policy(const Object& left, const Change& change) {
    const auto alter = "ALTER POLICY " + left.name + " ON " + left.parent + " ";
    if (change.attribute == "roles") {
        return alter + "TO " + change.left + ";";
    }
    if ((change.attribute == "using" || change.attribute == "check") && !change.left.empty()) {
        return alter + (change.attribute == "using" ? "USING (" : "WITH CHECK (") + change.left + ");";
    }
    return replaced(left);
}

std::string of_owner(const Object& left, const Object& right, const Change& change) {
    if (change.left == "standard") {
        return "";
    }
    const auto sql = "ALTER " + named(left) + " OWNER TO " + quote_identifier(change.left) + ";";
    // A column's sequence goes with its table.
    const bool follows = !left.get("owned by").empty() || !right.get("owned by").empty();
    return left.kind == "sequence" && follows ? commented(sql) : sql;
}

/// Of a column of a view or a composite type: with another definition it may not be there.
std::string of_part(const Object& left, const Object& right, const Change& change, const Lists& lists) {
    const auto [attribute, column] = split_attribute(change.attribute);
    const auto sql = alter_part(left, attribute, column, change, lists);
    const bool there = left.kind == "view"   ? keeps_columns(left, right)
                       : left.kind == "type" ? left.definition == right.definition
                                             : left.columns == right.columns;
    return there ? sql : commented(sql);
}

std::string of_rarer(const Object& left, const Change& change) {
    const auto& attribute = change.attribute;
    if (left.kind == "domain") {
        return of_domain(left, change);
    }
    if (left.kind == "policy") {
        return of_policy(left, change);
    }
    if (left.kind == "index" && attribute == "valid" && change.right == "no") {
        return "REINDEX INDEX CONCURRENTLY " + left.name + ";";
    }
    if ((left.kind == "view" || left.kind == "materialized view") && attribute == "options") {
        return set_options("ALTER " + named(left) + " ", change);
    }
    if (left.kind == "statistics" && attribute == "target") {
        return "ALTER STATISTICS " + left.name + " SET STATISTICS " +
               (change.left.empty() ? "-1" : change.left) + ";";
    }
    if (left.kind == "extension" && attribute == "version") {
        return "ALTER EXTENSION " + left.name + " UPDATE TO " + quote_literal(change.left) + ";";
    }
    return "";
}

std::string of_change(const Object& left, const Object& right, const Change& change, const Lists& lists) {
    const auto& attribute = change.attribute;
    if (!split_attribute(attribute).second.empty()) {
        return of_part(left, right, change, lists);
    }
    if (attribute == "comment") {
        return "COMMENT ON " + named(left) + " IS " +
               (change.left.empty() ? "NULL" : quote_literal(change.left)) + ";";
    }
    if (attribute == "owner") {
        return of_owner(left, right, change);
    }
    if (attribute == "privileges") {
        return grants(left, change);
    }
    if (attribute == "filled") {
        return change.left.empty() ? "REFRESH MATERIALIZED VIEW " + left.name + ";" : "";
    }
    if (attribute == "enabled") {
        return enabled(left, change);
    }
    if (attribute == "definition") {
        return of_definition(left, right, change);
    }
    if (left.kind == "column") {
        return alter_column(left, right, change, lists);
    }
    if (left.kind == "table") {
        return alter_table(left, change, lists);
    }
    if (left.kind == "sequence") {
        return alter_sequence(left, right, change, lists);
    }
    return of_rarer(left, change);
}

/// A new object belongs to whoever makes it, has the standard privileges, and what CREATE doesn't say is as
/// it is when nobody says anything.
std::string belongings(const Object& object, const Lists& lists) {
    static constexpr std::array<std::string_view, 4> of_columns{"statistics", "storage", "compression",
                                                                "options"};
    auto bare = object; // no column's yet
    bare.attributes.erase("owned by");
    if (object.stock) { // CREATE EXTENSION makes it
        bare.attributes.erase("comment");
    }
    std::string text;
    for (const auto* own :
         {"owner", "privileges", "comment", "enabled", "row security", "replica identity"}) {
        const auto& value = bare.get(own);
        if (!value.empty() && (object.kind != "schema" || std::string_view(own) != "owner")) {
            add_line(&text, of_change(bare, bare, {own, value, ""}, lists));
        }
    }
    if (const auto& column = object.get("owned by"); !column.empty()) {
        add_line(&text, of_change(object, bare, {"owned by", column, ""}, lists));
    }
    for (const auto& [name, value] : object.attributes) {
        const bool of_part = !split_attribute(name).second.empty();
        const bool tuned = object.kind == "column" &&
                           std::find(of_columns.begin(), of_columns.end(), name) != of_columns.end();
        if (of_part || tuned) {
            add_line(&text, of_change(object, object, {name, value, ""}, lists));
        }
    }
    return text;
}

/// With what its columns, constraints, triggers … have of their own, and the sequences of serial columns.
std::string make_whole(const Object& object, const Lists& lists) {
    const Lists then{lists.left, lists.left}; // what it is looked up in is made with it
    std::string text;
    std::string after;
    for (const auto& one : lists.left.list) {
        const bool serial = one.kind == "sequence" && one.get("identity").empty() &&
                            one.get("owned by").starts_with(object.name + ".");
        if (serial) {
            add_line(&text, create_sql(one, lists.left));
        }
        if (one.copied && !one.follows && one.parent == object.name) {
            add_line(&after, commented(enabled(one, {"enabled", one.get("enabled"), ""})));
        } else if (serial || (one.parent == object.name && !one.copied)) {
            add_line(&after, belongings(one, then));
        }
    }
    add_line(&text, create_sql(object, lists.left));
    add_line(&text, belongings(object, then));
    add_line(&text, after);
    return text;
}

/// ADD COLUMN would rewrite the table, or fail where it has rows.
bool costs_a_rewrite(const Object& column) {
    const auto& value = column.get("default");
    return column.get("generated as") == "stored" || !column.get("identity").empty() ||
           value.find("nextval(") != std::string::npos ||
           (!column.get("not null").empty() && value.empty() && column.get("generated").empty());
}

std::string make(const Object& object, const Lists& lists) {
    if (object.copied) { // it comes with its parent's, enabled as that is
        return commented(enabled(object, {"enabled", object.get("enabled"), ""}));
    }
    if (object.kind == "table" || object.kind == "view" || object.kind == "materialized view") {
        return make_whole(object, lists);
    }
    auto text = create_sql(object, lists.left);
    if (object.kind == "constraint" && object.get("type") == "p") {
        if (const auto* other = primary_key(lists.right, object.parent); other != nullptr) {
            text = instead_of(object, *other);
        }
    }
    if (text.empty()) {
        return text;
    }
    add_line(&text, belongings(object, lists));
    const bool of_column = object.kind == "sequence" && !object.get("identity").empty(); // made with it
    return of_column || (object.kind == "column" && costs_a_rewrite(object)) ? commented(text) : text;
}

std::string take_away(const Object& object, const Lists& lists) {
    if (object.kind == "constraint" && object.get("type") == "p") {
        const auto* other = primary_key(lists.left, object.parent);
        if (other != nullptr && other->definition == object.definition) {
            return "-- renamed by what is said for " + other->identity;
        }
    }
    const auto drop = drop_statement(object);
    return drop.empty() ? "" : commented(drop + ";");
}

} // namespace

std::string reconcile(const Difference& difference, const Objects& left, const Objects& right) {
    const Lists lists{left, right};
    if (difference.what == Difference::What::missing) {
        return make(*difference.left, lists);
    }
    if (difference.what == Difference::What::extra) {
        return take_away(*difference.right, lists);
    }
    std::string text;
    std::string unsaid;
    for (const auto& change : difference.changes) {
        const auto one = of_change(*difference.left, *difference.right, change, lists);
        if (one.empty()) {
            unsaid += (unsaid.empty() ? "" : ", ") + change.attribute;
        } else if (text.find(one) == std::string::npos) {
            add_line(&text, one);
        }
    }
    if (!text.empty() && !unsaid.empty()) {
        text += "\n-- not in this SQL: " + unsaid;
    }
    return text;
}

} // namespace pgteal::migration::schema
