// Foreign keys that blue's own rows break: made while triggers were off. green finds out when it builds the
// key, after the copy.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

struct ForeignKey {
    std::string database, table, name;
    std::string query; ///< finds a row that breaks it
    std::string fix;   ///< SQL that says so of the key; "" where PostgreSQL has none
};

struct ForeignKeys {
    std::vector<ForeignKey> broken;
    std::vector<ForeignKey> unlooked; ///< what a few seconds did not suffice for
};

/// Reads rows, for a few seconds at most. Adds to `keys`; throws for the catalogs alone.
Task<void> find_broken_keys(postgres::Server& blue, std::string database, ForeignKeys* keys,
                            Deadline deadline);

/// Pure.
CheckResult check_foreign_keys(const ForeignKeys& keys);

} // namespace pgteal::health
