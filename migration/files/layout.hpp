// How a folder's migrations lie in it and are named: side by side, or one folder each, as the tool has them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migration/files/find.hpp"

namespace pgteal::migration {

/// Paths are below the folder, with slashes. Known are files side by side (also in sub-folders when all have
/// Flyway's letters, as Flyway looks for them), <version>_<name>/migration.sql (Prisma) and
/// <version>_<name>/up.sql with down.sql (Diesel, Hasura).
class Layout {
public:
    /// `scripts`: every .sql file.
    explicit Layout(const std::vector<std::string>& scripts);

    /// The folder's name counts where the file's says nothing; x.undo.sql, x_down.sql beside x_up.sql and
    /// the like are down scripts. Throws as parse_file_name().
    [[nodiscard]] FileName name_of(const std::string& script) const;

private:
    [[nodiscard]] std::string spelled(const std::string& script) const;

    std::set<std::string> scripts_;
    Naming naming_;
};

/// Pure. Throws Error(migration) for what would be left out: SQL in sub-folders that no layout has, a tool
/// whose order is not in the names (Sqitch), and migrations that are no SQL. `all`: every file of the folder.
void refuse_what_is_left_out(const std::string& folder, const std::vector<std::string>& all);

/// Every file of the folder and its sub-folders but hidden ones, sorted. Throws Error(file).
std::vector<std::string> files_below(const std::string& folder);

/// x.sql, x.SQL.
bool is_sql(const std::string& path);

} // namespace pgteal::migration
