// Every catalog of PostgreSQL 13 to 18, and what brings its rows to the other side. A test holds the list
// against pg_class of each major; on a server that has another one, the check says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::health {

/// What brings the rows of a catalog to the other side.
enum class Carrier {
    dump,     ///< pg_dump and pg_restore, schema step; what they leave out of it is sql/left_behind.sql
    roles,    ///< the roles step
    database, ///< CREATE DATABASE and what belongs to it, schema step
    lanes,    ///< rows: copied, then replicated; sequences are carried at the switch
    made,     ///< made anew on the other side: statistics, dependencies
    check,    ///< nothing does: a check names what is there (Catalog::check)
};
std::string_view to_string(Carrier carrier);

struct Catalog {
    std::string_view name;
    Carrier carrier;
    std::string_view check; ///< id of the check that names what isn't carried; "" = all of it is
};

const std::vector<Catalog>& catalogs();
[[nodiscard]] const Catalog* find_catalog(std::string_view name);

} // namespace pgteal::health
