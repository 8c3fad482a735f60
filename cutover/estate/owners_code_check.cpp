#include "cutover/estate/owners_code_check.hpp"

#include <set>

#include "base/error.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

using health::Level;
using replication::OwnersCode;

constexpr int applies_as_owner_since = 160000;

bool named(const OwnersCode& part, const char* kind) { return part.kind == kind; }

/// FORCE ROW LEVEL SECURITY somewhere in the database: which tables share its lane is known only later.
bool forced(const OwnersCodeFacts& database) {
    return std::any_of(database.parts.begin(), database.parts.end(),
                       [](const auto& part) { return named(part, "row security"); });
}

bool as_owner(const OwnersCodeFacts& database, Side side) {
    return database.versions.at(side == Side::blue ? 0 : 1) >= applies_as_owner_since && !forced(database);
}

std::string what(const OwnersCode& part) {
    const std::string name = postgres::quote_identifier(part.name);
    if (part.kind == "trigger") {
        return "trigger " + name + " on " + part.table + " (ENABLE ALWAYS or REPLICA) runs " + part.code;
    }
    const std::string kind = part.kind == "check"       ? "constraint " + name
                             : part.kind == "column"    ? "the type of column " + name
                             : part.kind == "generated" ? "generated column " + name
                             : part.kind == "index"     ? "index " + name
                                                        : "the partition key of " + name;
    return kind + " on " + part.table + " calls " + part.code;
}

std::string remedy(const OwnersCodeFacts& database, const OwnersCode& part) {
    if (part.kind == "trigger") {
        return "ALTER TABLE " + part.table + " ENABLE TRIGGER " + postgres::quote_identifier(part.name) +
               ";  or accept it: \"owners-code\" in accept of [check]";
    }
    return replication::way_out(part.why, "blue", database.database, database.superuser);
}

void judge_part(health::CheckResult& result, const OwnersCodeFacts& database,
                const std::vector<Side>& subscribers, const OwnersCode& part, Level level) {
    const std::string object = database.database + ": " + part.table;
    for (const Side side : subscribers) {
        const std::string name = to_string(side);
        if (!as_owner(database, side) || part.owner_is_superuser) {
            const std::string why =
                part.owner_is_superuser ? "the table belongs to superuser " + part.owner
                : forced(database)
                    ? "a table with FORCE ROW LEVEL SECURITY may share its lane"
                    : "PostgreSQL " +
                          std::to_string(database.versions.at(side == Side::blue ? 0 : 1) / 10000) +
                          " knows no other way";
            health::add(result, level, name, object,
                        what(part) + ", and " + name + " applies rows of it as a superuser (" + why +
                            "): whoever may change that code could act as a superuser on " + name + ".",
                        remedy(database, part));
        } else if (part.late) {
            health::add(
                result, level, name, object,
                "trigger " + postgres::quote_identifier(part.name) + " on " + part.table +
                    " is ENABLE ALWAYS or REPLICA and waits for the end of the transaction: apply on " +
                    name +
                    ", which acts as the table's owner, stops there for good. Accepted, its "
                    "lane applies as a superuser.",
                remedy(database, part));
        }
    }
}

} // namespace

std::vector<health::CheckResult> judge_owners_code(const std::vector<OwnersCodeFacts>& databases,
                                                   const std::vector<Side>& subscribers,
                                                   const std::vector<std::string>& accept) {
    health::CheckResult code{"owners-code", {}, "none of users' runs as a superuser"};
    health::CheckResult security{"row-security", {}, "not forced on owners"};
    health::CheckResult privileges{"owner-privileges", {}, "owners may write to their tables"};
    const Level level = health::accepted(accept, code.check) ? Level::warning : Level::error;
    for (const auto& database : databases) {
        std::set<std::string> coded; // these are copied as their owner
        for (const auto& part : database.parts) {
            if (part.has_code()) {
                judge_part(code, database, subscribers, part, level);
                coded.insert(part.table);
            }
        }
        for (const auto& part : database.rowless) {
            health::add(code, level, "blue", database.database + ": " + part.object, told(part) + ".",
                        way_out(part.code, "blue", database.database, database.superuser));
        }
        const bool any_owner = std::any_of(subscribers.begin(), subscribers.end(),
                                           [&database](const Side side) { return as_owner(database, side); });
        const bool newer = std::any_of(database.versions.begin(), database.versions.end(),
                                       [](const int version) { return version >= applies_as_owner_since; });
        for (const auto& part : database.parts) {
            const std::string object = database.database + ": " + part.table;
            const std::string owner = postgres::quote_identifier(part.owner);
            if (named(part, "row security") && newer) {
                health::add(
                    security, Level::warning, "blue", object,
                    "table " + part.table +
                        " has FORCE ROW LEVEL SECURITY, which would stop apply as its owner: its lane "
                        "applies as pgteal's superuser, and so do the tables that share the lane.",
                    "ALTER TABLE " + part.table + " NO FORCE ROW LEVEL SECURITY;");
            } else if (named(part, "privileges") && (any_owner || coded.contains(part.table))) {
                health::add(
                    privileges, Level::error, "blue", object,
                    "owner " + part.owner + " of " + part.table + " lacks " + part.code +
                        " on it: rows are written with the owner's rights, so its lane would stop with "
                        "\"permission denied\".",
                    "GRANT " + part.code + " ON TABLE " + part.table + " TO " + owner + ";");
            } else if (named(part, "schema") && coded.contains(part.table)) {
                health::add(privileges, Level::error, "blue", object,
                            "owner " + part.owner + " of " + part.table +
                                " has no USAGE on its schema: the copy "
                                "acts with the owner's rights and would end with \"permission denied\".",
                            "GRANT USAGE ON SCHEMA " + postgres::quote_identifier(part.name) + " TO " +
                                owner + ";");
            }
        }
    }
    std::vector<health::CheckResult> results;
    results.push_back(health::limited(std::move(code)));
    results.push_back(health::limited(std::move(security)));
    results.push_back(health::limited(std::move(privileges)));
    return results;
}

Task<std::vector<health::CheckResult>> check_owners_code(Estate* estate, Side side,
                                                         std::vector<Side> subscribers,
                                                         std::vector<std::string> names, Deadline deadline) {
    std::vector<OwnersCodeFacts> databases;
    std::string problem;
    try {
        const auto blue = co_await estate->server(Side::blue).identity(deadline);
        const auto green = co_await estate->server(Side::green).identity(deadline);
        for (const auto& name : names) {
            auto session = co_await estate->server(side).session(name, deadline);
            OwnersCodeFacts facts;
            facts.database = name;
            facts.versions = {blue.version, green.version};
            facts.superuser = side == Side::blue ? blue.role : green.role;
            facts.parts = co_await replication::read_owners_code(*session, deadline);
            facts.rowless = co_await replication::read_rowless_code(*session, deadline);
            databases.push_back(std::move(facts));
        }
    } catch (const Error& error) {
        if (error.code() == ErrorCode::internal) {
            throw;
        }
        problem = error.what();
    }
    auto results = judge_owners_code(databases, subscribers, estate->config().accept);
    if (!problem.empty()) {
        health::add(results.front(), Level::error, to_string(side), "",
                    "it could not be read on " + to_string(side) +
                        " which code runs for rows that arrive: " + problem,
                    "mend that, then run pgteal check again");
    }
    co_return results;
}

bool accepts_owners_code(const Config& config) { return health::accepted(config.accept, "owners-code"); }

Task<std::optional<Refusal>> rowless_code_refusal(Estate* estate, Side side, postgres::Connection* connection,
                                                  std::string database, Deadline deadline) {
    if (accepts_owners_code(estate->config())) {
        co_return std::nullopt;
    }
    const auto parts = co_await replication::read_rowless_code(*connection, deadline);
    if (parts.empty()) {
        co_return std::nullopt;
    }
    const auto role = (co_await estate->server(side).identity(deadline)).role;
    const auto& first = parts.front();
    co_return Refusal{to_string(side), "database " + database + ": " + told(first),
                      way_out(first.code, to_string(side), database, role)};
}

} // namespace pgteal::cutover
