// A database's schema as a list of objects.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pgteal::migration::schema {

/// One object as the server prints it. What is compared is kind, identity, definition and attributes; the
/// rest says where it came from.
struct Object {
    std::string kind;     ///< "table", "column", "index", "function" … (migration/schema/sql)
    std::string identity; ///< "shop.orders.total", "positive on shop.orders", "shop.total(numeric, integer)"
    std::string parent;   ///< quoted name of the table, view or domain it belongs to; "" for none
    std::string name;     ///< quoted, qualified where it lives in a schema
    /// SQL as pg_get_viewdef(), pg_get_constraintdef() and the like give it; "" where attributes say all.
    std::string definition;
    /// "owner", "type", "not null", "default", "privileges", "comment" …; the value "" says none or the
    /// standard one, and is left out. What a column of a view or of a composite type has, which is no object
    /// of its own, is here as "comment of column a".
    std::map<std::string, std::string, std::less<>> attributes;

    std::uint32_t catalog = 0, oid = 0, relation = 0; ///< oids of the server it was read from
    int sub = 0;                                      ///< of a column, its number

    std::string columns;  ///< of a view, each with its type on a line
    bool copied = false;  ///< a partition's copy of its parent's trigger
    bool follows = false; ///< and enabled as that one is
    bool stock = false;   ///< an extension whose comment is that of its control file

    [[nodiscard]] const std::string& get(const std::string& attribute) const;
    /// The table that a column, index or trigger belongs to; of other objects themselves.
    [[nodiscard]] const std::string& family() const { return parent.empty() ? identity : parent; }
};

/// "comment of column a" is {"comment", "a"}; {"comment", ""} what is the object's own.
std::pair<std::string, std::string> split_attribute(const std::string& attribute);

struct Objects {
    int server_version = 0;   ///< as 150020
    std::vector<Object> list; ///< sorted by kind and identity
};

/// "table" comes before "column": kinds in an order in which objects can be made.
int rank_of(const std::string& kind);

/// The whole object on one line, for people: "bigint NOT NULL DEFAULT 0".
std::string describe(const Object& object);

/// A short stable hash of each object that counts as the schema, by kind and identity ("table
/// public.orders"): tells which objects changed. Over definitions and attributes; not over oids, privileges
/// (default ones too) and comments, which may change during a run, the order of columns, publications, access
/// methods, conversions, the system's languages, the database itself, whether a materialized view is filled,
/// what columns of views and of composite types have of their own, partitions' copies of triggers that follow
/// their parent's, and indexes that a REINDEX CONCURRENTLY has under way. It holds for one server: different
/// majors print the same schema differently (see normal.hpp).
std::map<std::string, std::string> fingerprints(const Objects& objects);

} // namespace pgteal::migration::schema
