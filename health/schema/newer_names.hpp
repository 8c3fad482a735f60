// Names that mean something else on a newer major: a function of users' that pg_catalog has there too is
// found first, a new word of the grammar is no name any more, and what it has no more is not found at all.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

struct NewerName {
    std::string database;
    std::string kind; ///< function, word, or gone
    std::string name; ///< "function app.uuidv7()", "column system_user of app.logins"
    std::string word;
    std::string fix; ///< SQL
};

/// See sql/builtins.sql: kind and name.
using Builtins = std::set<std::pair<std::string, std::string>>;
Task<Builtins> read_builtins(postgres::Server& server, Deadline deadline);

/// What of `database` is called like something that `newer` has and `older` lacks.
Task<std::vector<NewerName>> read_newer_names(postgres::Server& blue, std::string database,
                                              const Builtins* older, const Builtins* newer,
                                              Deadline deadline);

/// Pure.
CheckResult check_newer_names(const std::vector<NewerName>& names, int green_major);

} // namespace pgteal::health
