// Where a lane stands in the publisher's WAL, as both sides have it. No measure of lag (markers.hpp): for
// finding what can't be, such as a subscriber beyond the end of its publisher's WAL.
#pragma once

#include <optional>
#include <vector>

#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

struct LanePositions {
    bool slot = false;
    std::optional<Lsn> confirmed; ///< by the slot (pg_replication_slots.confirmed_flush_lsn)
    std::optional<Lsn> applied;   ///< pg_replication_origin_progress() of the subscription's origin
    Lsn written;                  ///< pg_current_wal_insert_lsn() of the publisher
};

/// Of lanes of one database and direction, in their order. The subscriber is asked first, and the slot before
/// the end of the WAL: so none of the positions can be beyond `written` because it was read later.
Task<std::vector<LanePositions>> read_positions(postgres::Server& publisher, postgres::Server& subscriber,
                                                std::vector<Lane> lanes, Deadline deadline);

} // namespace pgteal::replication
