// What the tests of the linter share: SQL in, rules out.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "migration/lint/lint.hpp"
#include "migration/lint/read_files.hpp"

namespace pgteal::migration::lint::test {

inline Report linted(const std::string& sql, const Options& options = {}, const Catalog* known = nullptr) {
    return lint({parse_any("m.sql", sql)}, known, options);
}

/// The rules of what is not suppressed and no lane's affair, each once, sorted, joined by spaces. Hints about
/// lock_timeout are left out unless asked for.
inline std::string rules_in(const Report& report, bool hints = false) {
    std::vector<std::string> rules;
    for (const auto& one : report.findings) {
        if (one.suppressed.empty() && !one.rule.starts_with("stream-") &&
            (hints || one.rule != "lock-timeout")) {
            rules.push_back(one.rule);
        }
    }
    std::sort(rules.begin(), rules.end());
    rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
    std::string text;
    for (const auto& rule : rules) {
        text += (text.empty() ? "" : " ") + rule;
    }
    return text;
}

inline const Finding* find(const Report& report, const std::string& rule) {
    const auto found = std::find_if(report.findings.begin(), report.findings.end(),
                                    [&](const Finding& one) { return one.rule == rule; });
    return found != report.findings.end() ? &*found : nullptr;
}

/// "public.t SHARE scan; …" of the numbered statement.
inline std::string effects_of(const Report& report, std::size_t statement = 0) {
    std::string text;
    for (const auto& one : report.effects.at(statement)) {
        text += (text.empty() ? "" : "; ") + one.relation + " " + std::string(to_string(one.lock)) +
                (one.rewrite ? " rewrite" : "") + (one.scan ? " scan" : "");
    }
    return text;
}

/// A catalog of two tables with many rows, a small one, a domain and an enum.
inline Catalog shop() {
    Catalog catalog;
    catalog.version = 15;
    catalog.time_zone = "UTC";
    catalog.search_path = {"public"};
    auto table =
        [&catalog](const std::string& name, std::int64_t rows, std::int64_t bytes,
                   const std::vector<std::pair<std::string, std::string>>& columns) -> CatalogTable& {
        auto& made = catalog.tables["public." + name];
        made.schema = "public";
        made.name = name;
        made.kind = "r";
        made.persistence = "p";
        made.replica_identity = "d";
        made.rows = rows;
        made.bytes = bytes;
        for (const auto& [column, type] : columns) {
            CatalogColumn one;
            one.name = column;
            one.type = type;
            one.base = type.substr(0, type.find('('));
            made.columns.push_back(one);
        }
        return made;
    };
    auto index = [](const std::string& name, std::vector<std::string> columns, bool primary) {
        CatalogIndex made;
        made.name = name;
        made.uses = columns;
        made.columns = std::move(columns);
        made.unique = made.primary = primary;
        made.method = "btree";
        return made;
    };
    auto& customers = table("customers", 5'000'000, 900'000'000,
                            {{"id", "bigint"}, {"email", "character varying(100)"}, {"name", "text"}});
    customers.columns[0].not_null = true;
    customers.indexes.push_back(index("customers_pkey", {"id"}, true));
    customers.referenced_by = {"public.orders"};
    customers.dependants["name"] = {"view public.names"};
    auto& orders = table("orders", 20'000'000, 4'000'000'000,
                         {{"id", "integer"},
                          {"customer_id", "bigint"},
                          {"total", "numeric(10,2)"},
                          {"note", "character varying(20)"},
                          {"at", "timestamp without time zone"},
                          {"checked", "text"}});
    orders.indexes.push_back(index("orders_pkey", {"id"}, true));
    CatalogConstraint key;
    key.name = "orders_customer";
    key.kind = "f";
    key.columns = {"customer_id"};
    key.references = "public.customers";
    key.referenced_columns = {"id"};
    orders.constraints.push_back(key);
    CatalogConstraint check;
    check.name = "total_there";
    check.kind = "c";
    check.columns = {"total"};
    check.expression = "((total IS NOT NULL) AND (total > (0)::numeric))";
    orders.constraints.push_back(check);
    table("settings", 40, 16'384, {{"key", "text"}, {"value", "text"}});
    table("nobody", 0, 0, {{"id", "integer"}});
    catalog.types["public.positive"] = {"public", "positive", "d", {}, "integer", true, {"public.orders"}};
    catalog.types["public.label"] = {"public", "label", "d", {}, "text", false, {}};
    catalog.types["public.mood"] = {"public", "mood", "e", {"calm", "busy"}, "", false, {"public.customers"}};
    catalog.functions["public.fixed"] = {"public", "fixed", "i"};
    catalog.functions["public.dice"] = {"public", "dice", "v"};
    for (const auto& [name, one] : catalog.tables) {
        for (const auto& made : one.indexes) {
            catalog.index_tables[one.schema + "." + made.name] = name;
        }
    }
    return catalog;
}

} // namespace pgteal::migration::lint::test
