#include "migration/rehearse/weak_spots.hpp"

#include "migration/rehearse/sql.hpp"

namespace pgteal::migration::rehearse {

WeakSpots read_weak_spots(Session& session) {
    WeakSpots found;
    for (const auto& row : session.run(std::string(sql::weak_spots))) {
        found[row["name"].as<std::string>()] = {
            row["rule"].as<std::string>(), row["relation"].as<std::string>(), row["mend"].as<std::string>()};
    }
    return found;
}

} // namespace pgteal::migration::rehearse
