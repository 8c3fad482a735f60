// What the linter knows of the database that a migration will meet: a snapshot of blue's catalogs, or
// nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgteal::migration::lint {

struct CatalogColumn {
    std::string name;
    std::string type; ///< format_type(atttypid, atttypmod): "character varying(20)", "numeric(10,2)"
    std::string base; ///< format_type(atttypid, NULL): "character varying"; for a domain the domain's name
    bool not_null = false;
    bool has_default = false;
    std::string generated; ///< pg_attribute.attgenerated: "", "s" or "v"
    std::string identity;  ///< pg_attribute.attidentity
    std::string collation; ///< "" = the type's default
};

struct CatalogConstraint {
    std::string name;
    std::string kind;                 ///< pg_constraint.contype: p u f c x n
    std::vector<std::string> columns; ///< conkey's names, in order
    std::string definition;           ///< pg_get_constraintdef()
    std::string expression;           ///< of a check: pg_get_expr(conbin), no outer CHECK ()
    bool validated = true;
    bool deferrable = false;
    std::string references; ///< schema.name of the other table, for f
    std::vector<std::string> referenced_columns;
};

struct CatalogIndex {
    std::string name;
    std::vector<std::string> columns; ///< key columns in order; "" for an expression
    bool unique = false, primary = false, valid = true, partial = false;
    std::string method;
    std::vector<std::string> uses = {}; ///< columns it depends on: of the key, expressions and predicate
    bool clustered = false;             ///< pg_index.indisclustered: CLUSTER orders the table by it
    std::string tablespace = {};        ///< "" unknown
    std::vector<std::string> own_collation = {}; ///< key columns with a collation that isn't the column's
};

struct CatalogTable {
    std::string schema, name;
    std::string kind;                    ///< pg_class.relkind: r p v m f
    std::int64_t rows = -1;              ///< reltuples; -1 unknown
    std::int64_t bytes = 0;              ///< pg_table_size()
    std::string persistence;             ///< pg_class.relpersistence: p u t
    std::string tablespace = {};         ///< the database's own by its name too; "" unknown
    std::string replica_identity;        ///< pg_class.relreplident: d n f i
    std::string parent;                  ///< schema.name of the partition root's direct parent; ""
    std::vector<std::string> partitions; ///< schema.name, direct ones
    bool default_partition = false;      ///< is itself the default partition of its parent
    std::vector<CatalogColumn> columns;  ///< by attnum
    std::vector<CatalogConstraint> constraints;
    std::vector<CatalogIndex> indexes;
    std::vector<std::string> referenced_by; ///< schema.name of tables with a foreign key to this one
    std::map<std::string, std::vector<std::string>>
        dependants;                    ///< column -> views, rules, policies that use it
    std::vector<std::string> attached; ///< its triggers, rules and policies: "trigger audit"
    [[nodiscard]] const CatalogColumn* column(const std::string& wanted) const {
        for (const auto& one : columns) {
            if (one.name == wanted) {
                return &one;
            }
        }
        return nullptr;
    }
};

struct CatalogType {
    std::string schema, name;
    std::string kind;                 ///< pg_type.typtype: e d c
    std::vector<std::string> labels;  ///< of an enum
    std::string base;                 ///< of a domain: its base type with typmod, format_type()
    bool constrained = false;         ///< of a domain: has CHECK or NOT NULL
    std::vector<std::string> used_by; ///< schema.table with a column of it
};

struct CatalogFunction {
    std::string schema, name;
    std::string volatility; ///< pg_proc.provolatile: i s v
};

/// Names are "schema.name" as in pg_class, unquoted. Objects of pg_catalog, information_schema and extensions
/// are left out, functions but the user's too.
struct Catalog {
    int version = 0; ///< server_version_num / 10000
    std::string time_zone;
    std::vector<std::string> search_path; ///< schemas that unqualified names are looked up in
    std::map<std::string, CatalogTable> tables;
    std::map<std::string, CatalogType> types;
    std::map<std::string, CatalogFunction> functions;
    std::map<std::string, std::string> index_tables;      ///< schema.index -> schema.table
    std::map<std::string, std::string> statistics_tables; ///< schema.statistics -> schema.table
};

} // namespace pgteal::migration::lint
