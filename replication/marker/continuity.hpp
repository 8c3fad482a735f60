// Whether a lane's stream is unbroken. A slot that somebody drops and makes again, or moves forward by hand,
// leaves commits out, and the lane goes on without a lag. Two things show it: each look leaves a marker that
// names the one before it, so that a trigger of the subscriber sees when one is missing; and a slot's own
// statistics (pg_stat_replication_slots, 14+) begin anew with the slot.
#pragma once

#include <string>
#include <vector>

#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

struct SlotLook {
    bool slot = false;     ///< it is there
    std::string made_anew; ///< since when it is known to be another slot of the name; "" = it is not
};

/// Of lanes of one database, asked of the publisher that serves: leaves the next marker, remembers what the
/// slots' statistics say, and tells what came of it. What was seen stays until forget_breaks().
Task<std::vector<SlotLook>> look_at_slots(postgres::Server& publisher, std::vector<Lane> lanes,
                                          Deadline deadline);
/// When a marker of the lane was found missing by its subscriber; "" for none. In the order of `lanes`.
Task<std::vector<std::string>> gaps_seen(postgres::Server& subscriber, std::vector<Lane> lanes,
                                         Deadline deadline);
/// After a comparison that found both sides equal.
postgres::Statement forget_breaks(const std::string& database, int lanes);

} // namespace pgteal::replication
