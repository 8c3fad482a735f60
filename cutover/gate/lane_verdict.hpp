// What keeps a lane in use from being in step: one word for the gate, status and check.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cutover/estate/estate.hpp"
#include "cutover/gate/gate.hpp"
#include "replication/lane/lanes.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

struct LaneInUse {
    replication::Lane lane;
    replication::LaneState state;
    std::optional<replication::Lag> lag; ///< measured by a marker
    std::string told;                    ///< what the subscriber's log says of its last failure
};

/// Pure. nullopt when it is whole, runs and lags by less than `max_lag`. `again`: the command to go on with;
/// `copy_again`: what is left when the lane is lost.
std::optional<Refusal> lane_refusal(const LaneInUse& lane, Bytes max_lag, const std::string& again,
                                    const std::string& copy_again);

} // namespace pgteal::cutover
