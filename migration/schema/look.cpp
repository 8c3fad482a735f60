#include "migration/schema/look.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "migration/schema/statement.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::schema {

namespace {

using postgres::quote_literal;

/// What to run before, to load it, and to have it printed.
struct Probe {
    std::string before, load, print;
};

std::string of_catalog(const std::string& print, const std::string& catalog, const std::string& condition) {
    return "SELECT pg_catalog." + print + " FROM pg_catalog." + catalog + " WHERE " + condition;
}

Probe of_definition(const Object& object, const std::string& sql) {
    const auto table = quote_literal(object.parent) + "::pg_catalog.regclass";
    const auto own_name = quote_literal(object.name);
    if (object.kind == "view" || object.kind == "materialized view") {
        return {"CREATE SCHEMA pgteal_probe", "CREATE VIEW pgteal_probe.v AS " + sql,
                "SELECT pg_catalog.pg_get_viewdef('pgteal_probe.v'::pg_catalog.regclass)"};
    }
    if (object.kind == "constraint") {
        return {"", "ALTER TABLE " + object.parent + " ADD CONSTRAINT pgteal_probe " + sql,
                of_catalog("pg_get_constraintdef(oid)", "pg_constraint",
                           "conname = 'pgteal_probe' AND conrelid = " + table)};
    }
    if (object.kind == "domain constraint") {
        return {"", "ALTER DOMAIN " + object.parent + " ADD CONSTRAINT pgteal_probe " + sql,
                of_catalog("pg_get_constraintdef(oid)", "pg_constraint",
                           "conname = 'pgteal_probe' AND contypid = " + quote_literal(object.parent) +
                               "::pg_catalog.regtype")};
    }
    if (object.kind == "index") {
        return {"DROP INDEX IF EXISTS " + object.name + " CASCADE", sql,
                "SELECT pg_catalog.pg_get_indexdef(" + own_name + "::pg_catalog.regclass)"};
    }
    if (object.kind == "trigger") {
        return {"DROP TRIGGER IF EXISTS " + object.name + " ON " + object.parent, sql,
                of_catalog("pg_get_triggerdef(oid)", "pg_trigger",
                           "tgrelid = " + table + " AND pg_catalog.format('%I', tgname) = " + own_name)};
    }
    if (object.kind == "rule") {
        return {"DROP RULE IF EXISTS " + object.name + " ON " + object.parent, sql,
                of_catalog("pg_get_ruledef(oid)", "pg_rewrite",
                           "ev_class = " + table + " AND pg_catalog.format('%I', rulename) = " + own_name)};
    }
    if (object.kind == "statistics") {
        return {"DROP STATISTICS IF EXISTS " + object.name, sql,
                of_catalog("pg_get_statisticsobjdef(oid)", "pg_statistic_ext",
                           "pg_catalog.format('%s.%I', stxnamespace::pg_catalog.regnamespace, stxname) = " +
                               own_name)};
    }
    // Functions and procedures, which say CREATE OR REPLACE.
    return {"", sql, "SELECT pg_catalog.pg_get_functiondef(" + own_name + "::pg_catalog.regprocedure)"};
}

Probe of_attribute(const Object& object, const std::string& attribute, const std::string& sql) {
    if (object.kind == "column" && attribute == "default") {
        return {"", "ALTER TABLE " + object.parent + " ALTER COLUMN " + object.name + " SET DEFAULT " + sql,
                of_catalog("pg_get_expr(adbin, adrelid)",
                           "pg_attrdef JOIN pg_catalog.pg_attribute ON attrelid = adrelid AND attnum = adnum",
                           "adrelid = " + quote_literal(object.parent) +
                               "::pg_catalog.regclass AND pg_catalog.format('%I', attname) = " +
                               quote_literal(object.name))};
    }
    if (object.kind == "column") {
        return {"CREATE SCHEMA pgteal_probe; CREATE TABLE pgteal_probe.t (LIKE " + object.parent +
                    "); ALTER TABLE pgteal_probe.t DROP COLUMN " + object.name,
                "ALTER TABLE pgteal_probe.t ADD COLUMN " + object.name + " " + object.get("type") +
                    " GENERATED ALWAYS AS (" + sql + ") STORED",
                of_catalog("pg_get_expr(adbin, adrelid)", "pg_attrdef",
                           "adrelid = 'pgteal_probe.t'::pg_catalog.regclass")};
    }
    if (object.kind == "domain") {
        return {"", "ALTER DOMAIN " + object.name + " SET DEFAULT " + sql,
                "SELECT typdefault FROM pg_catalog.pg_type WHERE oid = " + quote_literal(object.name) +
                    "::pg_catalog.regtype"};
    }
    const bool check = attribute == "check";
    return {"",
            "CREATE POLICY pgteal_probe ON " + object.parent +
                (check ? " FOR INSERT WITH CHECK (" : " USING (") + sql + ")",
            of_catalog(std::string("pg_get_expr(") + (check ? "polwithcheck" : "polqual") + ", polrelid)",
                       "pg_policy",
                       "polname = 'pgteal_probe' AND polrelid = " + quote_literal(object.parent) +
                           "::pg_catalog.regclass")};
}

/// What the server makes of it; nothing when it refuses it.
Task<std::optional<std::string>> print(postgres::Connection& session, Probe probe, Deadline deadline) {
    co_await session.script("SAVEPOINT pgteal_probe", deadline);
    std::optional<std::string> printed;
    try {
        if (!probe.before.empty()) {
            co_await session.script(probe.before, deadline);
        }
        co_await session.script(probe.load, deadline);
        const auto result = co_await session.exec(probe.print, deadline);
        if (!result.empty() && !result.is_null(0, 0)) {
            printed = result.get<std::string>(0, 0);
        }
    } catch (const ServerError&) {
        printed.reset();
    }
    co_await session.script("ROLLBACK TO SAVEPOINT pgteal_probe", deadline);
    co_return printed;
}

Task<bool> printed_alike(postgres::Connection& session, const Difference* difference, Change change,
                         Deadline deadline) {
    const auto probe = [&change](const Object& object, const std::string& sql) {
        return change.attribute == "definition" ? of_definition(object, sql)
                                                : of_attribute(object, change.attribute, sql);
    };
    if (change.left.empty() || change.right.empty()) {
        co_return false;
    }
    const auto left = co_await print(session, probe(*difference->left, change.left), deadline);
    if (!left) {
        co_return false;
    }
    const auto right = co_await print(session, probe(*difference->right, change.right), deadline);
    co_return right&&* left == *right;
}

} // namespace

std::vector<Difference*> suspicious(std::vector<Difference>& differences) {
    std::vector<Difference*> found;
    for (auto& one : differences) {
        if (one.what == Difference::What::modified && one.drift &&
            std::all_of(one.changes.begin(), one.changes.end(), [&](const Change& change) {
                return is_sql(*one.left, change.attribute) && !change.left.empty() && !change.right.empty();
            })) {
            found.push_back(&one);
        }
    }
    return found;
}

std::vector<Address> needed(const std::vector<Difference*>& differences, bool left_is_blue) {
    std::vector<Address> addresses;
    for (const auto* one : differences) {
        const auto& object = left_is_blue ? *one->left : *one->right;
        addresses.emplace_back(object.catalog, object.oid);
        constexpr std::uint32_t pg_class = 1259;
        if (object.relation != 0) {
            addresses.emplace_back(pg_class, object.relation);
        }
    }
    return addresses;
}

Task<void> look_again(std::vector<Difference*> differences, Scratch& scratch, Deadline deadline) {
    auto session = co_await scratch.server().session(scratch.name(), deadline);
    co_await session->script("BEGIN READ WRITE; SET LOCAL check_function_bodies = off", deadline);
    for (auto* one : differences) {
        std::vector<Change> left;
        for (const auto& change : one->changes) {
            const bool alike = co_await printed_alike(*session, one, change, deadline);
            if (!alike) {
                left.push_back(change);
            }
        }
        one->changes = std::move(left);
    }
    co_await session->script("ROLLBACK", deadline);
}

void drop_settled(std::vector<Difference>* differences) {
    std::erase_if(*differences, [](const Difference& one) {
        return one.what == Difference::What::modified && one.changes.empty();
    });
}

} // namespace pgteal::migration::schema
