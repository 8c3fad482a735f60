#include "migration/lint/world/catalog_rows.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace pgteal::migration::lint {

namespace {

namespace json = boost::json;

std::string text(const pqxx::field& field) { return field.is_null() ? "" : field.c_str(); }

bool yes(const pqxx::field& field) { return text(field) == "t"; }

/// A json array of strings: names may hold anything.
std::vector<std::string> list(const pqxx::field& field) {
    std::vector<std::string> result;
    if (field.is_null()) {
        return result;
    }
    const auto parsed = json::parse(field.c_str());
    for (const auto& one : parsed.as_array()) {
        result.emplace_back(one.as_string());
    }
    return result;
}

std::string qualified(const pqxx::row& row) { return text(row["schema"]) + "." + text(row["name"]); }

/// What stands between "CHECK (" and the last parenthesis: pg_get_constraintdef() puts words after it.
std::string check_expression(const std::string& definition) {
    constexpr std::string_view before = "CHECK (";
    const auto end = definition.rfind(')');
    if (!definition.starts_with(before) || end == std::string::npos || end < before.size()) {
        return "";
    }
    return definition.substr(before.size(), end - before.size());
}

} // namespace

CatalogTable* CatalogRows::table(const pqxx::field& oid) {
    if (oid.is_null()) {
        return nullptr;
    }
    const auto found = by_oid_.find(oid.as<Oid>());
    return found == by_oid_.end() ? nullptr : found->second;
}

std::string CatalogRows::name(const pqxx::field& oid) {
    const auto* found = table(oid);
    return found == nullptr ? "" : found->schema + "." + found->name;
}

void CatalogRows::about(const pqxx::result& rows, const pqxx::result& path) {
    const auto row = rows.at(0);
    catalog_.version = row["version"].as<int>();
    catalog_.time_zone = text(row["time_zone"]);
    catalog_.search_path = list(path.at(0)["search_path"]);
}

void CatalogRows::tables(const pqxx::result& rows) {
    by_oid_.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto& row : rows) {
        CatalogTable made;
        made.schema = text(row["schema"]);
        made.name = text(row["name"]);
        made.kind = text(row["kind"]);
        made.rows = row["rows"].as<std::int64_t>();
        made.bytes = row["estimated_bytes"].as<std::int64_t>();
        made.persistence = text(row["persistence"]);
        made.tablespace = text(row["tablespace"]);
        made.replica_identity = text(row["replica_identity"]);
        made.default_partition = yes(row["default_partition"]);
        auto& kept = catalog_.tables[qualified(row)];
        kept = std::move(made);
        by_oid_[row["oid"].as<Oid>()] = &kept;
    }
    for (const auto& row : rows) {
        table(row["oid"])->parent = name(row["parent"]);
    }
}

void CatalogRows::sizes(const pqxx::result& rows) {
    for (const auto& row : rows) {
        // One that was dropped since has no size.
        auto* const of = table(row["oid"]);
        if (of == nullptr || row["bytes"].is_null()) {
            continue;
        }
        of->bytes = row["bytes"].as<std::int64_t>();
        if (yes(row["empty"])) {
            of->rows = 0;
        }
    }
}

void CatalogRows::children(const pqxx::result& rows) {
    for (const auto& row : rows) {
        if (auto* const parent = table(row["parent"]); parent != nullptr && table(row["child"]) != nullptr) {
            parent->partitions.push_back(name(row["child"]));
        }
    }
    for (auto& [name, one] : catalog_.tables) {
        if (one.kind == "p" && one.parent.empty()) {
            add_up(one);
        }
    }
}

void CatalogRows::add_up(CatalogTable& table) {
    table.rows = 0;
    table.bytes = 0;
    for (const auto& name : table.partitions) {
        auto& part = catalog_.tables.at(name);
        if (part.kind == "p") {
            add_up(part);
        }
        table.rows = table.rows < 0 || part.rows < 0 ? -1 : table.rows + part.rows;
        table.bytes += part.bytes;
    }
}

void CatalogRows::columns(const pqxx::result& rows) {
    for (const auto& row : rows) {
        if (auto* const of = table(row["table"])) {
            of->columns.push_back({text(row["name"]), text(row["type"]), text(row["base"]),
                                   yes(row["not_null"]), yes(row["has_default"]), text(row["generated"]),
                                   text(row["identity"]), text(row["collation"])});
        }
    }
}

void CatalogRows::constraints(const pqxx::result& rows) {
    for (const auto& row : rows) {
        auto* const of = table(row["table"]);
        if (of == nullptr) {
            continue;
        }
        CatalogConstraint made;
        made.kind = text(row["kind"]);
        if (made.kind == "f") {
            made.references = name(row["references"]);
            if (auto* const other = table(row["references"])) {
                auto& users = other->referenced_by;
                const auto user = of->schema + "." + of->name;
                if (std::find(users.begin(), users.end(), user) == users.end()) {
                    users.push_back(user);
                }
            }
        }
        if (yes(row["copied"])) {
            continue;
        }
        made.name = text(row["name"]);
        made.columns = list(row["columns"]);
        made.definition = text(row["definition"]);
        made.expression = made.kind == "c" ? check_expression(made.definition) : "";
        made.validated = yes(row["validated"]);
        made.deferrable = yes(row["deferrable"]);
        made.referenced_columns = list(row["referenced_columns"]);
        of->constraints.push_back(std::move(made));
    }
}

void CatalogRows::indexes(const pqxx::result& rows) {
    for (const auto& row : rows) {
        auto* const of = table(row["table"]);
        if (of == nullptr) {
            continue;
        }
        of->indexes.push_back({text(row["name"]), list(row["columns"]), yes(row["unique"]),
                               yes(row["primary"]), yes(row["valid"]), yes(row["partial"]),
                               text(row["method"]), list(row["uses"]), yes(row["clustered"]),
                               text(row["tablespace"]), list(row["own_collation"])});
        catalog_.index_tables[qualified(row)] = of->schema + "." + of->name;
    }
}

void CatalogRows::statistics(const pqxx::result& rows) {
    for (const auto& row : rows) {
        if (const auto* const of = table(row["table"])) {
            catalog_.statistics_tables[qualified(row)] = of->schema + "." + of->name;
        }
    }
}

void CatalogRows::attached(const pqxx::result& rows) {
    for (const auto& row : rows) {
        if (auto* const of = table(row["table"])) {
            of->attached.push_back(text(row["what"]));
        }
    }
}

void CatalogRows::dependants(const pqxx::result& rows) {
    for (const auto& row : rows) {
        if (auto* const of = table(row["table"])) {
            of->dependants[text(row["column"])].push_back(text(row["dependant"]));
        }
    }
}

void CatalogRows::types(const pqxx::result& rows) {
    for (const auto& row : rows) {
        catalog_.types[qualified(row)] = {text(row["schema"]), text(row["name"]), text(row["kind"]),
                                          list(row["labels"]), text(row["base"]), yes(row["constrained"]),
                                          list(row["used_by"])};
    }
}

void CatalogRows::functions(const pqxx::result& rows) {
    for (const auto& row : rows) {
        catalog_.functions[qualified(row)] = {text(row["schema"]), text(row["name"]),
                                              text(row["volatility"])};
    }
}

} // namespace pgteal::migration::lint
