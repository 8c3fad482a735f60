// What the linter believes the database to be just before a statement: blue's catalogs, or nothing, and what
// the statements before it have changed. Pure; nothing here asks a server.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migration/lint/rules/lock.hpp"
#include "migration/lint/world/catalog.hpp"
#include "migration/lint/world/tree.hpp"

namespace pgteal::migration::lint {

struct View;

/// One relation. Offline a table may be known by its name alone.
struct Table {
    CatalogTable now;
    bool complete = false; ///< every column is known: from the catalogs, or made by an earlier statement
    int made_in = -1;      ///< number of the file that makes it; -1: it was there before
    std::map<std::string, int> added_columns;     ///< to the file that adds it
    std::map<std::string, int> added_constraints; ///< to the file that adds it; also validated ones
    Lock held = Lock::none;                       ///< by the open transaction so far
    bool filled = false;                          ///< rows were put into it by this change
    bool emptied = false;                         ///< by a TRUNCATE of the open transaction
};

struct Index {
    std::string name; ///< schema.index
    std::string table;
    bool concurrent = false; ///< built by this change, concurrently
    int made_in = -1;
    CatalogIndex now;
};

class World {
public:
    /// `known` may be null: offline.
    World(const Catalog* known, int version, bool same_change = true);

    [[nodiscard]] bool offline() const { return offline_; }
    [[nodiscard]] int version() const { return version_; } ///< the major that runs the statements

    /// "schema.name" of a RangeVar or of a name's parts. An unqualified one is looked up among the session's
    /// temporary relations, whose schema is called pg_temp, then in the search path, and is taken to be in
    /// its first schema when nothing of that name is known.
    [[nodiscard]] std::string name_of(const Node& range_var) const;
    [[nodiscard]] std::string name_of(const std::vector<std::string>& parts) const;
    /// The same for a type's name; "pg_catalog.int4" for PostgreSQL's own.
    [[nodiscard]] std::string type_name_of(const std::vector<std::string>& parts) const;

    /// Null when nothing is known of it.
    [[nodiscard]] const Table* table(const std::string& name) const;
    [[nodiscard]] const CatalogColumn* column(const std::string& table, const std::string& column) const;
    [[nodiscard]] const CatalogConstraint* constraint(const std::string& table,
                                                      const std::string& name) const;
    [[nodiscard]] const CatalogType* type(const std::string& name) const;
    /// Of functions of that name whatever its arguments; null when nothing is known of it. For several of one
    /// name the most volatile.
    [[nodiscard]] const CatalogFunction* function(const std::vector<std::string>& parts) const;
    [[nodiscard]] const Index* index(const std::string& name) const;
    [[nodiscard]] const std::map<std::string, Table>& tables() const { return tables_; }
    [[nodiscard]] const std::map<std::string, CatalogType>& types() const { return catalog_.types; }
    [[nodiscard]] const Catalog& catalog() const { return catalog_; }

    /// Nobody uses it yet: made by this file, or with catalogs by any of the files.
    [[nodiscard]] bool is_new(const std::string& table) const;
    [[nodiscard]] bool is_new_column(const std::string& table, const std::string& column) const;
    /// Without rows: new or known to be empty, or emptied by this transaction, and not filled by it.
    [[nodiscard]] bool is_empty(const std::string& table) const;
    [[nodiscard]] bool is_emptied(const std::string& table) const;

    // What the open transaction has done so far.
    [[nodiscard]] bool in_transaction() const { return in_transaction_; }
    [[nodiscard]] bool lock_timeout() const { return lock_timeout_ || local_lock_timeout_; }
    /// That one is missing was said once in this transaction.
    [[nodiscard]] bool timeout_said() const { return timeout_said_; }
    void say_timeout() { timeout_said_ = true; }
    /// Number of the transaction: grows with each.
    [[nodiscard]] int transaction() const { return transaction_; }
    /// The value of an enum was added in this transaction: it can't be used before COMMIT.
    [[nodiscard]] bool is_new_type(const std::string& name) const { return new_types_.contains(name); }
    [[nodiscard]] bool is_unusable_label(const std::string& label) const;
    /// The transaction in which a constraint was added NOT VALID; nothing when it wasn't by these files.
    [[nodiscard]] std::optional<int> added_not_valid(const std::string& table,
                                                     const std::string& constraint) const;
    /// Relations on which the transaction holds ACCESS EXCLUSIVE, new ones left out.
    [[nodiscard]] std::vector<std::string> held_exclusively() const;
    [[nodiscard]] int file() const { return file_; }

    // How it goes on.
    void begin_file(bool transactional);
    void begin();
    void commit();
    /// Takes in what the statement changes.
    void apply(const View& view);
    void hold(const std::string& table, Lock lock);

    // For apply(): one kind of statement each.
    Table& mention(const std::string& name);
    void make(Table table);
    /// With `cascade` the views on it and the foreign keys to it go too.
    void drop(const std::string& name, bool cascade = false);
    void drop_column(const std::string& table, const std::string& column, bool cascade);
    void drop_schema(const std::string& schema); ///< with all that is in it
    /// What the catalogs call "policy p on public.t" is gone, and hinders nothing.
    void forget(const std::string& dependant);
    static void forget(Table& table, const std::string& dependant);
    /// ON COMMIT DROP.
    void drop_at_commit(std::string name) { until_commit_.push_back(std::move(name)); }
    void rename(const std::string& from, const std::string& to);
    void make_index(Index index);
    void drop_index(const std::string& name);
    /// CLUSTER will order the table by that index of its; by none for "".
    void cluster_on(const std::string& table, std::string_view index);
    /// An earlier statement drops an index of that name, whether it was there or not.
    [[nodiscard]] bool dropped_here(const std::string& index) const { return dropped_.contains(index); }
    void not_valid(const std::string& table, const std::string& constraint);
    void set_lock_timeout(bool on, bool local);
    void set_search_path(std::vector<std::string> path) { catalog_.search_path = std::move(path); }
    void add_label(const std::string& type, const std::string& label);
    void new_type(CatalogType type);
    CatalogType& mention_type(const std::string& name);
    CatalogFunction& mention_function(const std::string& name);

private:
    [[nodiscard]] bool in_change(int file) const;
    void drop_views(const std::map<std::string, std::vector<std::string>>& dependants);
    void rename_dependants(const std::string& from, const std::string& to);

    bool offline_;
    bool same_change_;
    int version_;
    Catalog catalog_; ///< types, functions, path; tables and indexes are below
    std::map<std::string, Table> tables_;
    std::map<std::string, Index> indexes_;
    int file_ = -1;
    int transaction_ = 0;
    bool in_transaction_ = false;
    bool lock_timeout_ = false;
    bool local_lock_timeout_ = false;
    bool timeout_said_ = false;
    std::set<std::string> unusable_labels_;
    std::set<std::string> new_types_;
    std::set<std::string> dropped_;
    std::map<std::string, int> not_valid_;
    std::vector<std::string> locked_; ///< by the open transaction
    std::vector<std::string> until_commit_;
};

/// Of temporary relations: its real name has the session's number in it.
inline constexpr std::string_view temporary_schema = "pg_temp";

/// A partition, rather than an inheritance child.
bool is_partition(const World& world, const std::string& table);

/// The parts of "schema.name".
std::string schema_of(const std::string& qualified);
std::string bare_name(const std::string& qualified);

} // namespace pgteal::migration::lint
