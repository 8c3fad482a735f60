// Every rule of the linter: what it is called, how grave it is and what it says.
#pragma once

#include <string_view>
#include <vector>

#include "migration/lint/rules/finding.hpp"

namespace pgteal::migration::lint {

/// What a finding is about decides when it has nothing to say.
enum class About {
    waiting,  ///< clients wait: not on a new table; said to be small on a small one
    breaking, ///< code that runs now breaks: not on what is new
    failing,  ///< the statement can't succeed, or not as it is meant
    habit,    ///< advice
};

struct Rule {
    std::string_view id; ///< in suppressions and reports: never renamed
    Level level;
    About about;
    std::string_view why;
    std::string_view in_place;
    std::string_view on_green;
};

const std::vector<Rule>& rules();
/// Null when there is none of that name.
const Rule* find_rule(std::string_view id);

} // namespace pgteal::migration::lint
