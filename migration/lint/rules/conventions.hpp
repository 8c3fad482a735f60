// What a team wants of its migrations, and what it doesn't want to hear.
#pragma once

#include <string>
#include <vector>

namespace pgteal::migration::lint {

struct Conventions {
    std::vector<std::string> ignored_rules;
    std::string table_names, column_names, index_names, constraint_names; ///< regular expressions; "" = any
};

} // namespace pgteal::migration::lint
