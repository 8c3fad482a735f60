#include "migration/schema/reconcile.hpp"

#include <algorithm>
#include <sstream>

#include "migration/schema/statement.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::schema {

namespace {

using postgres::quote_identifier;
using postgres::quote_literal;

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

/// Each line a comment.
std::string commented(const std::string& text) {
    std::string result;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        result += (result.empty() ? "-- " : "\n-- ") + line;
    }
    return result;
}

std::string replaced(const Object& left) {
    const auto drop = drop_statement(left);
    const auto create = create_statement(left);
    return drop.empty() || create.empty() ? "" : commented(drop + ";\n" + create + ";");
}

using Grants = std::map<std::string, std::vector<std::string>>;

/// "app=INSERT,SELECT*; PUBLIC=SELECT"
Grants grants_of(std::string text) {
    if (text.starts_with("initial: ")) {
        text.erase(0, 9);
    }
    Grants grants;
    for (std::size_t from = 0; from < text.size();) {
        const auto to = std::min(text.find("; ", from), text.size());
        const auto entry = text.substr(from, to - from);
        if (const auto equals = entry.rfind('='); equals != std::string::npos) {
            std::istringstream in(entry.substr(equals + 1));
            for (std::string privilege; std::getline(in, privilege, ',');) {
                grants[entry.substr(0, equals)].push_back(privilege);
            }
        }
        from = to + 2;
    }
    return grants;
}

/// What PUBLIC has on an object whose privileges are the standard ones (docs: DDL, "Privileges").
Grants standard_grants(const std::string& kind) {
    if (kind == "function" || kind == "procedure" || kind == "aggregate") {
        return {{"PUBLIC", {"EXECUTE"}}};
    }
    if (kind == "language" || kind == "type" || kind == "domain") {
        return {{"PUBLIC", {"USAGE"}}};
    }
    if (kind == "database") {
        return {{"PUBLIC", {"CONNECT", "TEMPORARY"}}};
    }
    return {};
}

std::string grant_target(const Object& object) {
    if (object.kind == "column") {
        return "TABLE " + object.parent;
    }
    if (object.kind == "view" || object.kind == "materialized view" || object.kind == "foreign table") {
        return "TABLE " + object.name;
    }
    if (object.kind == "aggregate") {
        return "FUNCTION " + object.name;
    }
    if (object.kind == "foreign server") {
        return "FOREIGN SERVER " + object.name;
    }
    return upper(object.kind) + " " + object.name;
}

std::string privileges(const Object& object, const Change& change) {
    const auto wanted = change.left.empty() ? standard_grants(object.kind) : grants_of(change.left);
    const auto have = change.right.empty() ? standard_grants(object.kind) : grants_of(change.right);
    const auto lines = [&object](const Grants& of, const Grants& without, const std::string& verb,
                                 const std::string& to) {
        std::string text;
        for (const auto& [who, list] : of) {
            const auto other = without.find(who);
            for (auto privilege : list) {
                if (who == "owner" ||
                    (other != without.end() && std::find(other->second.begin(), other->second.end(),
                                                         privilege) != other->second.end())) {
                    continue;
                }
                const bool grantable = privilege.ends_with('*');
                if (grantable) {
                    privilege.pop_back();
                }
                text += verb + " " + privilege + (object.kind == "column" ? " (" + object.name + ")" : "") +
                        " ON " + grant_target(object) + " " + to + " " + who +
                        (grantable && verb == "GRANT" ? " WITH GRANT OPTION" : "") + ";\n";
            }
        }
        return text;
    };
    auto text = lines(wanted, have, "GRANT", "TO") + commented(lines(have, wanted, "REVOKE", "FROM"));
    if (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

std::string of_column(const Object& left, const Change& change) {
    const auto alter = "ALTER TABLE " + left.parent + " ALTER COLUMN " + left.name + " ";
    const auto& value = change.left;
    if (change.attribute == "default") {
        return alter + (value.empty() ? "DROP DEFAULT" : "SET DEFAULT " + value) + ";";
    }
    if (change.attribute == "not null") {
        return alter + (value.empty() ? "DROP NOT NULL" : "SET NOT NULL") + ";";
    }
    if (change.attribute == "statistics") {
        return alter + "SET STATISTICS " + (value.empty() ? "-1" : value) + ";";
    }
    if (change.attribute == "storage" && !value.empty()) {
        return alter + "SET STORAGE " + upper(value) + ";";
    }
    if (change.attribute == "compression") {
        return alter + "SET COMPRESSION " + (value.empty() ? "default" : value) + ";";
    }
    if (change.attribute == "options" && !value.empty()) {
        return alter + "SET (" + value + ");";
    }
    if (change.attribute == "type" || change.attribute == "collation") {
        // It may rewrite the table.
        const auto& collation = left.get("collation");
        return commented(alter + "TYPE " + left.get("type") +
                         (collation.empty() ? "" : " COLLATE " + collation) + ";");
    }
    return "";
}

std::string of_table(const Object& left, const Change& change) {
    const auto alter = "ALTER TABLE " + left.name + " ";
    if (change.attribute == "options" && !change.left.empty()) {
        return alter + "SET (" + change.left + ");";
    }
    if (change.attribute == "row security") {
        const bool on = change.left.find("enabled") != std::string::npos;
        const bool forced = change.left.find("forced") != std::string::npos;
        return alter + (on ? "ENABLE" : "DISABLE") + " ROW LEVEL SECURITY, " + (forced ? "" : "NO ") +
               "FORCE ROW LEVEL SECURITY;";
    }
    if (change.attribute == "replica identity") {
        const auto& value = change.left;
        return alter + "REPLICA IDENTITY " +
               (value.empty()                ? "DEFAULT"
                : value.starts_with("index") ? "USING INDEX" + value.substr(5)
                                             : upper(value)) +
               ";";
    }
    if (change.attribute == "persistence") {
        return commented(alter + (change.left.empty() ? "SET LOGGED;" : "SET UNLOGGED;"));
    }
    return "";
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

std::string of_definition(const Object& left, const Object& right, const Change& change) {
    if (left.kind == "view") {
        return "CREATE OR REPLACE" + create_statement(left).substr(6) + ";";
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

std::string of_change(const Object& left, const Object& right, const Change& change) {
    const auto& attribute = change.attribute;
    if (attribute == "comment") {
        return "COMMENT ON " + named(left) + " IS " +
               (change.left.empty() ? "NULL" : quote_literal(change.left)) + ";";
    }
    if (attribute == "owner") {
        return change.left == "standard"
                   ? ""
                   : "ALTER " + named(left) + " OWNER TO " + quote_identifier(change.left) + ";";
    }
    if (attribute == "privileges") {
        return privileges(left, change);
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
        return of_column(left, change);
    }
    if (left.kind == "table") {
        return of_table(left, change);
    }
    if (left.kind == "domain") {
        return of_domain(left, change);
    }
    if (left.kind == "policy") {
        return of_policy(left, change);
    }
    if (left.kind == "index" && attribute == "valid" && change.right == "no") {
        return "REINDEX INDEX CONCURRENTLY " + left.name + ";";
    }
    if (left.kind == "sequence" && attribute != "identity" && attribute != "owned by" &&
        attribute != "persistence") {
        return "ALTER" + create_statement(left).substr(6) + (left.get("cycle").empty() ? " NO CYCLE;" : ";");
    }
    if (left.kind == "extension" && attribute == "version") {
        return "ALTER EXTENSION " + left.name + " UPDATE TO " + quote_literal(change.left) + ";";
    }
    return "";
}

/// A new object belongs to whoever makes it and has the standard privileges.
std::string with_belongings(std::string text, const Object& object) {
    if (text.empty()) {
        return text;
    }
    for (const auto* attribute : {"owner", "privileges", "comment"}) {
        const auto& value = object.get(attribute);
        if (value.empty() || (object.kind == "schema" && std::string_view(attribute) == "owner")) {
            continue;
        }
        const auto sql = of_change(object, object, {attribute, value, ""});
        text += sql.empty() ? "" : "\n" + sql;
    }
    return text;
}

} // namespace

std::string reconcile(const Difference& difference, const Objects& left) {
    if (difference.what == Difference::What::missing) {
        return with_belongings(create_sql(*difference.left, left), *difference.left);
    }
    if (difference.what == Difference::What::extra) {
        const auto drop = drop_statement(*difference.right);
        return drop.empty() ? "" : commented(drop + ";");
    }
    std::string text;
    for (const auto& change : difference.changes) {
        const auto one = of_change(*difference.left, *difference.right, change);
        if (!one.empty() && text.find(one) == std::string::npos) {
            text += (text.empty() ? "" : "\n") + one;
        }
    }
    return text;
}

} // namespace pgteal::migration::schema
