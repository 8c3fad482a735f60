#include "migration/rehearse/roles.hpp"

#include <algorithm>
#include <set>

#include "migration/rehearse/beyond_undo.hpp"
#include "migration/rehearse/scratch.hpp"
#include "migration/rehearse/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::rehearse {

namespace {

using Names = std::set<std::string>;

Names names_in(const pqxx::result& result) {
    Names names;
    for (const auto& row : result) {
        names.insert(row[0].as<std::string>());
    }
    return names;
}

constexpr const char* all_roles = "SELECT rolname FROM pg_catalog.pg_roles";

constexpr const char* beyond = "it changes the server, not only this database: ";

/// Drops the new slots that are the statement's own; returns one, or "". A slot is there for everybody at
/// once, and other sessions may have made some meanwhile: those are nobody's to drop.
std::string drop_new_slots(const Shared& before, const Shared& after, pqxx::transaction_base& work,
                           const std::string& statement, const Where& where) {
    std::string dropped;
    for (const auto& [name, here] : after.slots) {
        if (before.slots.contains(name)) {
            continue;
        }
        if (!here && statement.find(name) == std::string::npos) {
            throw Error(ErrorCode::migration, where.side,
                        where.place + ": replication slot " + name + " appeared on " + where.side +
                            " while it ran; whether it made it can't be told, so the slot is still there",
                        "If nothing of yours uses it: SELECT pg_drop_replication_slot(" +
                            postgres::quote_literal(name) +
                            "), as it keeps WAL until then. Clients are not affected.");
        }
        work.exec("SELECT pg_catalog.pg_drop_replication_slot(" + postgres::quote_literal(name) + ")");
        dropped = "replication slot " + name;
    }
    return dropped;
}

/// COMMENT in a string that code builds and runs can take a role's mark off; its oid keeps it ours.
void mark_again(const Shared& before, const Shared& after, pqxx::transaction_base& work) {
    for (const auto& [oid, role] : before.marked) {
        const auto now = after.names.find(oid);
        if (now != after.names.end() && !after.marked.contains(oid)) {
            work.exec("COMMENT ON ROLE " + postgres::quote_identifier(now->second) + " IS " +
                      postgres::quote_literal(role_mark(work.conn().dbname())));
        }
    }
}

} // namespace

std::string why_not(pqxx::transaction_base& work, const std::string& statement) {
    if (auto why = beyond_undo(statement); !why.empty()) {
        return why;
    }
    const auto wide = server_wide(statement);
    if (!wide || wide->what == ServerWide::What::creates_roles) {
        return {};
    }
    if (wide->what == ServerWide::What::changes_roles) {
        const auto ours = names_in(work.exec(std::string(sql::marked_roles)));
        const auto there = names_in(work.exec(all_roles));
        const auto harmless = [&](const std::string& role) {
            return ours.contains(role) || (wide->tolerant && !there.contains(role));
        };
        if (!wide->roles.empty() && std::ranges::all_of(wide->roles, harmless)) {
            return {};
        }
    }
    return "it changes the server, not only this database";
}

void mark_new_roles(pqxx::transaction_base& work, Session& outside, const std::string& scratch) {
    // In this order: a role that somebody else makes in between is never taken for ours.
    const auto inside = names_in(work.exec(all_roles));
    pqxx::nontransaction other(outside.connection());
    const auto committed = names_in(other.exec(all_roles));
    for (const auto& role : inside) {
        if (!committed.contains(role)) {
            work.exec("COMMENT ON ROLE " + postgres::quote_identifier(role) + " IS " +
                      postgres::quote_literal(role_mark(scratch)));
        }
    }
}

Shared read_shared(pqxx::transaction_base& work) {
    Shared shared;
    const auto take = [&shared](const pqxx::result& rows) {
        for (const auto& row : rows) {
            auto& entry = shared.entries[row.at("what").as<std::string>()];
            entry.state += (row.at("state").is_null() ? "" : row.at("state").as<std::string>()) + "\n";
            for (const auto* column : {"role", "group_role"}) {
                if (const auto role = row.at(column).as<std::string>(); !role.empty()) {
                    entry.roles.insert(role);
                    shared.roles.insert(role);
                }
            }
        }
    };
    take(work.exec(std::string(sql::shared_state)));
    if (work.exec("SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')")
            .at(0)
            .at(0)
            .as<bool>()) {
        take(work.exec(std::string(sql::shared_passwords)));
    }
    if (!work.exec("SELECT pg_catalog.to_regclass('pg_catalog.pg_parameter_acl')").at(0).at(0).is_null()) {
        take(work.exec(std::string(sql::shared_parameters)));
    }
    for (const auto& row : work.exec("SELECT oid, rolname FROM pg_catalog.pg_roles")) {
        shared.names[row[0].as<std::string>()] = row[1].as<std::string>();
    }
    const std::string scratch = work.conn().dbname();
    for (const auto& row : work.exec(std::string(sql::marked_roles))) {
        if (row.at("scratch").as<std::string>() == scratch) {
            shared.marked[row.at("oid").as<std::string>()] = row.at("role").as<std::string>();
        }
    }
    for (const auto& row : work.exec(std::string(sql::slots))) {
        shared.slots[row.at("name").as<std::string>()] = row.at("here").as<bool>();
    }
    return shared;
}

std::string changed(const Shared& before, const Shared& after) {
    for (const auto& [what, entry] : before.entries) {
        const auto now = after.entries.find(what);
        if (now == after.entries.end() || now->second.state != entry.state) {
            return what;
        }
    }
    for (const auto& [what, entry] : after.entries) {
        const auto there_before = [&](const std::string& role) { return before.roles.contains(role); };
        if (!before.entries.contains(what) && std::ranges::all_of(entry.roles, there_before)) {
            return what;
        }
    }
    return {};
}

std::string exec_contained(pqxx::work& work, const std::string& statement, const Where& where,
                           const std::function<void(pqxx::transaction_base&)>& exec) {
    if (!runs_code(statement)) {
        exec(work);
        return {};
    }
    const auto before = read_shared(work);
    pqxx::subtransaction inner(work);
    exec(inner);
    const auto after = read_shared(inner);
    auto what = drop_new_slots(before, after, inner, statement, where);
    what = what.empty() ? changed(before, after) : what;
    if (!what.empty()) {
        inner.abort();
        return beyond + what;
    }
    mark_again(before, after, inner);
    inner.commit();
    return {};
}

void expect_unchanged(const Shared& before, pqxx::transaction_base& now, const std::string& statement,
                      const Where& where) {
    const auto after = read_shared(now);
    mark_again(before, after, now);
    drop_new_slots(before, after, now, statement, where);
    const auto what = changed(before, after);
    if (what.starts_with("subscription ")) {
        throw Error(ErrorCode::migration, where.side,
                    where.place + ": it changed " + what +
                        ", which receives from another server, and it could not be rolled back",
                    "The subscription goes with the scratch database. See on its publisher what it was given "
                    "meanwhile, and whether a slot is left there. Make subscriptions outside of migrations.");
    }
    if (!what.empty()) {
        throw Error(ErrorCode::migration, where.side,
                    where.place + ": it changed " + what + " on " + where.side +
                        ", which is no part of the scratch database, and it could not be rolled back",
                    "That change stays: put it back by hand. Clients are not affected. Make such changes "
                    "outside of migrations.");
    }
}

} // namespace pgteal::migration::rehearse
