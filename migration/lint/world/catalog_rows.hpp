// The rows of migration/lint/sql/*.sql, put together as a Catalog.
#pragma once

#include <cstdint>
#include <unordered_map>

#include <pqxx/pqxx>

#include "migration/lint/world/catalog.hpp"

namespace pgteal::migration::lint {

/// Call about() and tables() first, sizes() before children(). Rows of tables that tables() did not name are
/// left out.
class CatalogRows {
public:
    explicit CatalogRows(Catalog& catalog) : catalog_(catalog) {}

    void about(const pqxx::result& rows, const pqxx::result& path);
    void tables(const pqxx::result& rows);
    void sizes(const pqxx::result& rows);
    void children(const pqxx::result& rows);
    void columns(const pqxx::result& rows);
    void constraints(const pqxx::result& rows);
    void indexes(const pqxx::result& rows);
    void statistics(const pqxx::result& rows);
    void attached(const pqxx::result& rows);
    void dependants(const pqxx::result& rows);
    void types(const pqxx::result& rows);
    void functions(const pqxx::result& rows);

private:
    using Oid = std::uint32_t;
    CatalogTable* table(const pqxx::field& oid);
    std::string name(const pqxx::field& oid);
    /// A partitioned table has the rows and bytes of its partitions.
    void add_up(CatalogTable& table);

    Catalog& catalog_;
    std::unordered_map<Oid, CatalogTable*> by_oid_;
};

} // namespace pgteal::migration::lint
