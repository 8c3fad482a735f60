// What an expression means for the linter: whether it is volatile, what it proves, what it uses.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migration/lint/world/tree.hpp"
#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

struct Volatility {
    bool is_volatile = false;
    bool is_constant = true;          ///< no function, no column: a literal, perhaps cast
    std::string because;              ///< the function that makes it so
    std::vector<std::string> unknown; ///< functions that only the server knows
};

/// A function of the user's that nothing is known of counts as volatile: that is what CREATE FUNCTION makes
/// by default.
Volatility volatility_of(const Node& expression, const World& world);

/// Columns that the check expression (SQL text) proves NOT NULL, as NotNullImpliedByRelConstraints() in
/// tablecmds.c finds them: IS NOT NULL, by itself or joined with AND.
std::set<std::string> proven_not_null(const std::string& expression);

/// The functions of PostgreSQL's own; false for both when it is none.
struct Builtin {
    bool known = false;
    bool is_volatile = false;
};
Builtin builtin_function(std::string_view name);

/// The expression after RENAME COLUMN; references that are qualified stay.
std::string with_column_renamed(const std::string& expression, const std::string& from,
                                const std::string& to);

/// The column names that an expression uses.
std::set<std::string> columns_of(const Node& expression);

} // namespace pgteal::migration::lint
