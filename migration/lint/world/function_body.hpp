// What the body of a function names: tables, functions, types and operators, as libpg_query reads it. Text
// that only comes to be when the function runs (EXECUTE of more than a constant) is not seen.
#pragma once

#include <compare>
#include <set>
#include <string>

namespace pgteal::migration::lint {

struct Named {
    /// relation: in FROM, or written to; object: by its name as a value ('orders'::regclass, nextval('ids'))
    enum class Kind { relation, object, function, type, operation };
    Kind kind = Kind::relation;
    std::string schema; ///< "" when it is not said
    std::string name;
    auto operator<=>(const Named&) const = default;
};

struct BodyNames {
    std::set<Named> names;  ///< without CTEs, and without temporary tables that the body makes
    bool sets_path = false; ///< the body sets search_path itself
    std::string why_not;    ///< the grammar's word against it; "" when all of it was read
};

/// `language`: sql or plpgsql; `definition`: pg_get_functiondef(); `source`: pg_proc.prosrc. Never throws for
/// what the text holds.
BodyNames names_in_body(const std::string& language, const std::string& definition,
                        const std::string& source);

} // namespace pgteal::migration::lint
