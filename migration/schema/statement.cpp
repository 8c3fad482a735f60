#include "migration/schema/statement.hpp"

#include <algorithm>

#include "migration/schema/words.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::schema {

namespace {

bool on_parent(const std::string& kind) {
    return kind == "constraint" || kind == "trigger" || kind == "policy" || kind == "rule";
}

std::string with_options(const Object& object) {
    auto options = object.get("options");
    if (const auto& toast = object.get("toast options"); !toast.empty()) {
        options += (options.empty() ? "" : ", ") + toast;
    }
    return options.empty() ? "" : " WITH (" + options + ")";
}

std::string sequence(const Object& object) {
    return "CREATE SEQUENCE " + object.name + " AS " + object.get("type") + " INCREMENT BY " +
           object.get("increment") + " MINVALUE " + object.get("minimum") + " MAXVALUE " +
           object.get("maximum") + " START WITH " + object.get("start") + " CACHE " + object.get("cache") +
           (object.get("cycle").empty() ? "" : " CYCLE");
}

std::string policy(const Object& object) {
    std::string text = "CREATE POLICY " + object.name + " ON " + object.parent + " AS " +
                       upper(object.get("mode")) + " FOR " + upper(object.get("command")) + " TO " +
                       object.get("roles");
    if (!object.get("using").empty()) {
        text += " USING (" + object.get("using") + ")";
    }
    if (!object.get("check").empty()) {
        text += " WITH CHECK (" + object.get("check") + ")";
    }
    return text;
}

std::string table(const Object& object, const std::vector<const Object*>& columns) {
    std::string text = std::string("CREATE ") + (object.get("persistence").empty() ? "" : "UNLOGGED ") +
                       (object.kind == "foreign table" ? "FOREIGN " : "") + "TABLE " + object.name;
    if (!object.get("bound").empty()) {
        text += " PARTITION OF " + object.get("parents") + " " + object.get("bound");
    } else {
        text += " (";
        for (const auto* column : columns) {
            text += (column == columns.front() ? "" : ", ") + column->name + " " + describe(*column);
        }
        text += ")";
        if (!object.get("parents").empty()) {
            text += " INHERITS (" + object.get("parents") + ")";
        }
    }
    if (!object.get("partitioned by").empty()) {
        text += " PARTITION BY " + object.get("partitioned by");
    }
    if (!object.get("server").empty()) {
        text += " SERVER " + object.get("server");
    }
    return text + with_options(object);
}

/// In the order of pg_attribute.attnum, which is part of where they were read.
std::vector<const Object*> columns_of(const Object& table, const Objects& all) {
    std::vector<const Object*> columns;
    for (const auto& object : all.list) {
        if (object.kind == "column" && object.parent == table.name) {
            columns.push_back(&object);
        }
    }
    std::sort(columns.begin(), columns.end(),
              [](const Object* a, const Object* b) { return a->sub < b->sub; });
    return columns;
}

std::string concurrently(std::string definition) {
    const auto at = definition.find("INDEX ");
    // Not for a partitioned table's own index.
    if (at != std::string::npos && definition.find(" ON ONLY ") == std::string::npos) {
        definition.insert(at + 6, "CONCURRENTLY ");
    }
    return definition;
}

std::string constraint(const Object& object) {
    const auto statement = create_statement(object);
    const bool later = object.get("type") == "c" || object.get("type") == "f";
    if (!later || object.definition.ends_with("NOT VALID")) {
        return statement + ";";
    }
    return statement + " NOT VALID;\nALTER TABLE " + object.parent + " VALIDATE CONSTRAINT " + object.name +
           ";";
}

/// What CREATE TABLE … PARTITION OF copies from the parent: triggers, indexes, and the constraints on these.
bool comes_with_partition(const Object& table, const Object& member, const Objects& all) {
    if (table.get("bound").empty() || member.copied) {
        return member.copied;
    }
    if (member.kind == "index") {
        return !member.get("part of").empty();
    }
    return member.kind == "constraint" &&
           std::any_of(all.list.begin(), all.list.end(), [&](const Object& other) {
               return other.kind == "constraint" && other.parent == table.get("parents") &&
                      other.definition == member.definition;
           });
}

std::string one(const Object& object, const Objects& all) {
    if (object.kind == "table" || object.kind == "foreign table") {
        return table(object, columns_of(object, all)) + ";";
    }
    if (object.kind == "index") {
        return concurrently(object.definition) + ";";
    }
    if (object.kind == "constraint") {
        return constraint(object);
    }
    const auto statement = create_statement(object);
    return statement.empty() ? "" : statement + ";";
}

} // namespace

std::string named(const Object& object) {
    if (on_parent(object.kind)) {
        return upper(object.kind) + " " + object.name + " ON " + object.parent;
    }
    if (object.kind == "domain constraint") {
        return "CONSTRAINT " + object.name + " ON DOMAIN " + object.parent;
    }
    if (object.kind == "column") {
        return "COLUMN " + object.parent + "." + object.name;
    }
    if (object.kind == "foreign server") {
        return "SERVER " + object.name;
    }
    return upper(object.kind) + " " + object.name;
}

std::string create_statement(const Object& object) {
    const auto& kind = object.kind;
    if (kind == "schema") {
        const auto& owner = object.get("owner");
        return "CREATE SCHEMA " + object.name +
               (owner.empty() || owner == "standard" ? ""
                                                     : " AUTHORIZATION " + postgres::quote_identifier(owner));
    }
    if (kind == "extension") {
        return "CREATE EXTENSION " + object.name + " WITH SCHEMA " + object.get("schema");
    }
    if (kind == "type" || kind == "domain") {
        return "CREATE " + upper(kind) + " " + object.name + " " + describe(object);
    }
    if (kind == "column") {
        return "ALTER TABLE " + object.parent + " ADD COLUMN " + object.name + " " + describe(object);
    }
    if (kind == "constraint") {
        return "ALTER TABLE " + object.parent + " ADD CONSTRAINT " + object.name + " " + object.definition;
    }
    if (kind == "domain constraint") {
        return "ALTER DOMAIN " + object.parent + " ADD CONSTRAINT " + object.name + " " + object.definition;
    }
    if (kind == "sequence") {
        return sequence(object);
    }
    if (kind == "view" || kind == "materialized view") {
        return "CREATE " + upper(kind) + " " + object.name + with_options(object) + " AS" +
               (object.definition.starts_with(' ') ? "" : " ") + object.definition;
    }
    if (kind == "policy") {
        return policy(object);
    }
    if (kind == "access method") {
        return "CREATE ACCESS METHOD " + object.name + " " + object.definition;
    }
    if (kind == "conversion") {
        const bool standard = object.definition.starts_with("DEFAULT ");
        return std::string("CREATE ") + (standard ? "DEFAULT " : "") + "CONVERSION " + object.name + " " +
               object.definition.substr(standard ? 8 : 0);
    }
    if (kind == "cast") {
        return "CREATE CAST " + object.name + " " + object.definition;
    }
    for (const auto* whole :
         {"index", "function", "procedure", "aggregate", "trigger", "rule", "statistics", "event trigger"}) {
        if (kind == whole) {
            return object.definition;
        }
    }
    return "";
}

std::string create_sql(const Object& object, const Objects& all) {
    auto text = one(object, all);
    if (!object.parent.empty() || object.name.empty()) {
        return text;
    }
    std::vector<const Object*> members;
    for (const auto& member : all.list) {
        if (member.parent == object.name && member.kind != "column" &&
            !comes_with_partition(object, member, all)) {
            members.push_back(&member);
        }
    }
    std::stable_sort(members.begin(), members.end(),
                     [](const Object* a, const Object* b) { return rank_of(a->kind) < rank_of(b->kind); });
    for (const auto* member : members) {
        text += "\n" + one(*member, all);
    }
    return text;
}

std::string drop_statement(const Object& object) {
    if (object.kind == "column") {
        return "ALTER TABLE " + object.parent + " DROP COLUMN " + object.name;
    }
    if (object.kind == "constraint") {
        return "ALTER TABLE " + object.parent + " DROP CONSTRAINT " + object.name;
    }
    if (object.kind == "domain constraint") {
        return "ALTER DOMAIN " + object.parent + " DROP CONSTRAINT " + object.name;
    }
    if (object.kind == "index") {
        return "DROP INDEX CONCURRENTLY " + object.name;
    }
    if (object.kind == "default privileges" || object.kind == "user mapping") {
        return "";
    }
    return "DROP " + named(object);
}

} // namespace pgteal::migration::schema
