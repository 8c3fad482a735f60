// What there is to copy and to replicate in one database, read from the catalogs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "postgres/connection.hpp"

namespace pgteal::replication {

struct Column {
    std::string name;
    std::string type;       ///< format_type(), schema-qualified where needed
    bool generated = false; ///< GENERATED … STORED or VIRTUAL: neither copied nor published
    bool in_key = false;    ///< part of the replica identity
    /// The index's own equality, as an operator to write, where that is not pg_catalog's: ltree, citext.
    std::string equality = "=";
};

/// An ordinary table or a leaf partition (pg_class.relkind 'r'), permanent, outside pg_catalog,
/// information_schema, pgteal and extensions' own tables (unless the extension marks them as configuration:
/// pg_extension.extconfig).
struct Table {
    std::string schema;
    std::string name;
    std::vector<Column> columns; ///< in attnum order, dropped ones left out
    std::int64_t pages = 0;      ///< heap size in 8 kB pages, from pg_relation_size
    double rows = 0;             ///< reltuples estimate, -1 unknown
    bool has_identity =
        false; ///< UPDATE and DELETE can be replicated (primary key, replica identity index, or FULL)
    bool identity_full = false; ///< REPLICA IDENTITY FULL: every column is in_key, and rows may repeat
    /// Configuration of an extension: CREATE EXTENSION has filled it already, so that the copy replaces what
    /// is there.
    bool extension_config = false;
    Bytes toast{}; ///< size of its TOAST table
    /// Oids, as text, of itself, its partition root and the tables its foreign keys name: tables that share
    /// one belong together.
    std::vector<std::string> relatives;
    [[nodiscard]] std::string qualified() const; ///< quoted
    [[nodiscard]] std::string display() const;   ///< schema.name for people
    [[nodiscard]] Bytes size() const { return Bytes{pages * 8192}; }
    [[nodiscard]] Bytes size_with_toast() const { return Bytes{size().count + toast.count}; }
};

/// Sorted by schema and name.
Task<std::vector<Table>> read_tables(postgres::Connection& connection, Deadline deadline);

/// Pure. Spreads tables over `lanes` groups by size, largest first; the same input gives the same groups.
/// Tables joined by foreign keys stay in one lane: apply checks no row against them, but TRUNCATE of both in
/// two lanes would stop apply for good.
std::vector<std::vector<Table>> distribute(std::vector<Table> tables, int lanes);

/// Pure. For each table of `serving`, the columns that `standing` has too: what a lane may publish. Tables
/// missing on `standing` are left out; `all_columns` says that no list is needed because nothing differs.
struct PublishedTable {
    Table table;
    std::vector<std::string> columns; ///< not generated, in order
    bool all_columns = true;
    /// Columns of the replica identity that can't be published because `standing` lacks them or they are
    /// generated: the publisher would refuse UPDATE and DELETE (docs: "CREATE PUBLICATION", column lists).
    /// Not empty means: don't publish this table.
    std::vector<std::string> missing_key;
};
std::vector<PublishedTable> published(const std::vector<Table>& serving, const std::vector<Table>& standing);

/// Pure. Names the columns even where both sides have the same: so the plan, made before green exists, holds
/// after a migration that adds some. Not for REPLICA IDENTITY FULL, which allows no list, nor on a publisher
/// before 15, which knows none.
std::vector<PublishedTable> with_column_lists(std::vector<PublishedTable> tables, int publisher_version);

/// Pure. Of `tables`, those that were copied, at the positions `at`, together with every table that foreign
/// keys or a partition root join to them, and all of these at one position. By qualified name.
std::set<std::string> copied_as_one(const std::vector<Table>& tables, const std::map<std::string, Lsn>& at);

} // namespace pgteal::replication
