// Indexes and constraints that a migration left half-made.
#pragma once

#include <map>
#include <string>

#include "migration/apply/session.hpp"

namespace pgteal::migration::rehearse {

struct WeakSpot {
    std::string rule;     ///< invalid-index, not-validated
    std::string relation; ///< "schema.table"
    std::string mend;     ///< SQL
};
/// By name: "schema.index", "schema.table.constraint".
using WeakSpots = std::map<std::string, WeakSpot>;

WeakSpots read_weak_spots(Session& session);

} // namespace pgteal::migration::rehearse
