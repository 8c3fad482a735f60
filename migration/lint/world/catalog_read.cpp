#include "migration/lint/world/catalog_read.hpp"

#include "migration/apply/session.hpp"
#include "migration/lint/world/catalog_rows.hpp"
#include "migration/lint/world/sql.hpp"

namespace pgteal::migration::lint {

namespace {

using namespace std::chrono_literals;

constexpr auto next =
    "Nothing was changed. Mend that, or lint without the server: pgteal migrate lint --offline";

/// One read-only transaction, so that all parts are of one moment.
class Reading {
public:
    Reading(const postgres::Dsn& dsn, const std::string& side)
        : session_(dsn, "migrate lint", {side, 500ms, 60s}, postgres::Purpose::users_text) {
        run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }

    pqxx::result run(std::string_view sql) {
        Failure what;
        try {
            pqxx::nontransaction work(session_.connection());
            return work.exec(std::string(sql));
        } catch (...) {
            what = session_.failure(false);
        }
        const auto words =
            session_.side() + " (" + session_.address() + "), reading its catalogs: " + what.said.message;
        if (what.kind == Failure::Kind::refused) {
            throw ServerError(session_.side(), words, what.sqlstate, next, what.said.detail);
        }
        throw Error(ErrorCode::connection_lost, session_.side(), words, next);
    }

    /// The schemas that unqualified names of a migration are looked up in.
    pqxx::result path() {
        pqxx::nontransaction work(session_.connection());
        return session_.run_users_text(
            work, "SELECT pg_catalog.to_json(pg_catalog.current_schemas(false)) AS search_path");
    }

    /// Nothing when a table is held by a lock that even reading its size has to wait for.
    std::optional<pqxx::result> run_unless_locked(std::string_view sql) {
        run("SAVEPOINT sizes");
        try {
            return run(sql);
        } catch (const ServerError& error) {
            if (error.sqlstate() != "55P03") {
                throw;
            }
        }
        run("ROLLBACK TO sizes");
        return std::nullopt;
    }

private:
    Session session_;
};

} // namespace

Catalog read_catalog(const postgres::Dsn& dsn_with_database, const std::string& side) {
    Reading reading(dsn_with_database, side);
    Catalog catalog;
    CatalogRows rows(catalog);
    rows.about(reading.run(sql::about), reading.path());
    rows.tables(reading.run(sql::tables));
    if (const auto sizes = reading.run_unless_locked(sql::sizes)) {
        rows.sizes(*sizes);
    }
    rows.children(reading.run(sql::children));
    rows.columns(reading.run(sql::columns));
    rows.constraints(reading.run(sql::constraints));
    rows.indexes(reading.run(sql::indexes));
    rows.statistics(reading.run(sql::statistics));
    rows.attached(reading.run(sql::attached));
    rows.dependants(reading.run(sql::dependants));
    rows.types(reading.run(sql::types));
    rows.functions(reading.run(sql::functions));
    reading.run("COMMIT");
    return catalog;
}

} // namespace pgteal::migration::lint
