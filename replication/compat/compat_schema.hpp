// What of a database's schema decides whether rows from elsewhere can be applied to it, read from the
// catalogs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "postgres/connection.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication::compat {

struct Column {
    std::string name;
    std::string type; ///< format_type(); a domain's or enum's own name
    int position = 0; ///< pg_attribute.attnum
    bool not_null = false;
    bool has_default = false;      ///< a default or identity: filled in where the lane brings nothing
    bool constant_default = false; ///< the default is the same for every row
    bool draws = false; ///< identity or a default that draws from a sequence, which a read-only session can't
    bool generated = false;
    std::string expression; ///< of a generated column: pg_get_expr()
};

/// Unique, exclusion or replica identity index; ordinary ones don't matter.
struct Index {
    std::string name;
    std::vector<std::string> columns; ///< key columns in order; "" for an expression
    std::string expressions, predicate;
    /// Of each key column the collation by which different texts can be equal
    /// (pg_collation.collisdeterministic is false), as schema.name; "" for others.
    std::vector<std::string> loose;
    bool unique = false, primary = false, exclusion = false;
    bool immediate = true; ///< not deferrable
    bool replica_identity = false;
    bool nulls_distinct = true;
};

struct Constraint {
    std::string name;
    char kind = 'c'; ///< pg_constraint.contype: c f x
    std::vector<std::string> columns;
    std::string definition; ///< pg_get_constraintdef() without NOT VALID
    bool validated = true;
    std::string references; ///< of a foreign key: schema.name
};

/// Fires for rows that a lane brings: ENABLE ALWAYS or REPLICA.
struct Trigger {
    std::string name;
    std::string function;
    bool writes = false;           ///< its function's source has the words of a command that writes
    int events = 0;                ///< pg_trigger.tgtype: 2 BEFORE, 4 INSERT, 8 DELETE, 16 UPDATE
    bool drops = false;            ///< its source has RETURN NULL
    bool opaque = false;           ///< what it does to the row can't be told from the source
    std::vector<std::string> sets; ///< columns of NEW that its source assigns, in lower case
};

/// A function that runs when a row is written, and whose source names something without its schema. Apply
/// workers have search_path = '' (PostgreSQL source: worker.c, InitializeLogRepWorker), and the function
/// doesn't set its own.
struct Call {
    std::string object; ///< "index idx_norm", "constraint c", "column w", "trigger t"
    std::string column; ///< of a default: only computed where nothing is sent; "" for others
    std::string function;
    std::string names; ///< one such name
};

/// Which rows a partition takes, of itself or of a partition that it is part of.
struct Bound {
    std::string key;                 ///< pg_get_partkeydef() of the parent: "RANGE (id)"
    std::string values;              ///< pg_get_expr(relpartbound): "FOR VALUES FROM (0) TO (10)", "DEFAULT"
    std::vector<std::string> others; ///< of a DEFAULT: the values of the partitions beside it
};

struct Table {
    std::string schema, name;
    char kind = 'r';        ///< pg_class.relkind: r p v m f
    char persistence = 'p'; ///< pg_class.relpersistence: p u
    char identity = 'd';    ///< pg_class.relreplident: d n f i
    bool row_security = false;
    std::string root;          ///< schema.name of the partition root; "" when it is no partition
    std::vector<Bound> bounds; ///< its own first, then its ancestors'
    std::vector<Column> columns;
    std::vector<Index> indexes;
    std::vector<Constraint> constraints;
    std::vector<Trigger> triggers;
    std::vector<Call> calls;

    [[nodiscard]] const Column* column(const std::string& wanted) const;
    /// An ordinary table whose changes a lane carries.
    [[nodiscard]] bool publishable() const { return kind == 'r' && persistence == 'p'; }
    [[nodiscard]] std::string display() const { return schema + '.' + name; }
};

struct Domain {
    std::string base; ///< format_type() with its typmod
    bool has_default = false;
    bool not_null = false;
    std::vector<std::string> checks; ///< pg_get_constraintdef() without NOT VALID
};

/// A field of a composite type or of a table's row type. Values go over as text, fields in their order and
/// without names (PostgreSQL source: rowtypes.c, record_in).
struct Attribute {
    std::string name;
    std::string type; ///< format_type() with its typmod
    int position = 0; ///< pg_attribute.attnum
};

struct Publication {
    /// schema.name -> columns; nullopt: all that are not generated.
    std::map<std::string, std::optional<std::vector<std::string>>> tables;
};
struct Subscription {
    std::set<std::string> tables; ///< pg_subscription_rel
    bool binary = false;
    bool owner_passes_policies = true; ///< superuser or BYPASSRLS
};

struct Schema {
    int version = 0;                     ///< as 150020
    std::string time_zone;               ///< that this side's walsenders and apply workers run with
    std::map<std::string, Table> tables; ///< by display(); views too
    std::map<std::string, std::vector<std::string>> enums;    ///< labels in order, by format_type()
    std::map<std::string, Domain> domains;                    ///< by format_type()
    std::map<std::string, std::vector<Attribute>> composites; ///< by format_type(), those of columns too
    std::map<std::string, Publication> publications;          ///< pgteal's, by name
    std::map<std::string, Subscription> subscriptions;        ///< pgteal's in this database, by name

    [[nodiscard]] const Table* table(const std::string& display) const;
    /// The type below all domains.
    [[nodiscard]] std::string base_of(const std::string& type) const;
};

/// One round trip. PostgreSQL 13-18. Throws ServerError, ConnectionLost, DeadlinePassed.
Task<Schema> read_schema(postgres::Connection& connection, Deadline deadline);

} // namespace pgteal::replication::compat
