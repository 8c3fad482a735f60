#include "migration/apply/strange_code.hpp"

#include "base/error.hpp"
#include "migration/apply/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration {

namespace {

std::string question(const std::string& schema, const std::string& table) {
    return bind(sql::strange_code, {{"schema", schema}, {"table", table}});
}

void refuse(const std::string& side, const pqxx::result& found) {
    if (found.empty()) {
        return;
    }
    std::string fixes;
    for (const auto& row : found) {
        const auto fix = row.at("fix").as<std::string>();
        fixes += fixes.find(fix) == std::string::npos ? fix + " " : "";
    }
    throw Error(ErrorCode::migration, side,
                found.at(0).at("name").as<std::string>() + " on " + side + " " +
                    found.at(0).at("what").as<std::string>() +
                    ". It is neither read nor written: code of others in it would run as a superuser",
                "There, as its owner or a superuser:  " + fixes + " Then run the command again.");
}

} // namespace

void require_own_tables(Session& session) {
    refuse(session.side(), session.run(question("pgteal_migrations", "")));
}

void hold_plain(pqxx::transaction_base& work, const std::string& side, const HistoryTable& table, Use use) {
    const auto strange = question(table.schema, table.name);
    refuse(side, work.exec(strange)); // before the lock, which would go through a view to others' tables
    if (work.exec("SHOW is_superuser").at(0).at(0).as<std::string>() != "on") {
        return; // such as a role that only lints: it may not lock, and has no rights to give away
    }
    // ALTER SCHEMA ... RENAME takes no lock that LOCK could take; it waits for the row's.
    work.exec("SELECT FROM pg_catalog.pg_namespace WHERE nspname = " + postgres::quote_literal(table.schema) +
              " FOR SHARE");
    work.exec("LOCK TABLE ONLY " + postgres::quote_qualified(table.schema, table.name) + " IN " +
              (use == Use::write ? "SHARE ROW EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE") + " MODE");
    refuse(side, work.exec(strange));
}

} // namespace pgteal::migration
