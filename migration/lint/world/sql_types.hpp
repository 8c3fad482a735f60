// Types as SQL writes them and as PostgreSQL prints them (format_type), and whether a column changes its type
// without its rows being written anew.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migration/lint/world/tree.hpp"

namespace pgteal::migration::lint {

class World;

struct SqlType {
    std::string base;            ///< "character varying", "integer", "public.mood"; domains by their own name
    std::vector<long> modifiers; ///< (10,2)
    std::string fields;          ///< of an interval: "day to second"
    bool array = false;
    bool serial = false;                    ///< smallserial, serial, bigserial
    [[nodiscard]] std::string text() const; ///< as format_type prints it
};

/// Of a TypeName node.
SqlType type_of(const Node& type_name, const World& world);
/// Of what format_type printed.
SqlType read_type(std::string_view printed);

/// A name that PostgreSQL has in pg_catalog.
bool is_builtin_type(std::string_view name);

enum class Change {
    nothing, ///< the same type
    free,    ///< no rewrite: the rows stay as they are
    rewrite,
    unknown, ///< the old type isn't known
};

/// PostgreSQL, tablecmds.c: ATColumnChangeRequiresRewrite, and the casts in pg_cast and the typmod casts'
/// support functions (varchar_support, numeric_support, temporal_…) that the planner drops.
Change change_of(const SqlType& from, const SqlType& to, const World& world);

} // namespace pgteal::migration::lint
