#include "migration/rehearse/roles.hpp"

#include <algorithm>
#include <set>

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

} // namespace

std::string why_not(pqxx::transaction_base& work, const std::string& statement) {
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

} // namespace pgteal::migration::rehearse
