// Whether lanes carry anything at all: looked at before and while something waits for them, so that nobody
// waits for what can't come.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "replication/lane/lanes.hpp"
#include "replication/marker/lag.hpp"

namespace pgteal::replication {

/// Why a lane carries nothing.
struct LaneFailure {
    std::string side; ///< where to look
    std::string message;
    std::string hint;
};

/// Pure. What the catalogs of both sides say against the lane: something of it is missing, its slot has lost
/// WAL, its subscription is disabled. Nothing of its worker, which comes and goes.
std::optional<LaneFailure> failure_of(const Lane& lane, const LaneState& state,
                                      const std::string& subscriber);
/// Pure. The same for an enabled lane whose worker was not there for that long.
LaneFailure no_worker(const Lane& lane, const std::string& subscriber, Clock::duration absent);

/// Looks at the lanes of one database from time to time. A worker that fails is started again every few
/// seconds (wal_retrieve_retry_interval, 5 s) and is there for a moment each time: so it counts as failing
/// when it was not seen for `absent_limit`, or when the subscriber counts a second error (15+:
/// pg_stat_subscription_stats.apply_error_count) since the watch began.
class LaneWatch {
public:
    static constexpr Clock::duration absent_limit = std::chrono::seconds(10);

    LaneWatch(postgres::Server& publisher, postgres::Server& subscriber, std::vector<Lane> lanes)
        : publisher_(publisher), subscriber_(subscriber), lanes_(std::move(lanes)) {}

    /// At most once a second; otherwise returns at once. Throws Error(conflict) for the first lane that
    /// carries nothing, and what reading throws.
    Task<void> look();

private:
    struct Seen {
        Clock::time_point worker;
        std::int64_t apply_errors = 0;
    };
    void judge(const Lane& lane, const LaneState& state);

    postgres::Server& publisher_;
    postgres::Server& subscriber_;
    std::vector<Lane> lanes_;
    std::map<std::string, Seen> seen_;
    Clock::time_point next_look_{};
};

/// await_sent() for as long as the lanes run. `watch` may be null when `sent` is empty. Throws as both.
Task<void> await_watched(postgres::Connection& subscriber, std::string database, SentMarkers sent,
                         Deadline deadline, LaneWatch* watch);

/// The first lane that carries nothing, if any. A worker that is not there at first gets 8 s to come and stay
/// for 2: it may be starting, or between two attempts (wal_retrieve_retry_interval, 5 s) after a restart of
/// either server. Throws what reading the lanes throws.
Task<std::optional<LaneFailure>> await_running(postgres::Server& publisher, postgres::Server& subscriber,
                                               std::vector<Lane> lanes);

/// Before something waits for the lanes: throws Error(refused) for what await_running() finds.
Task<void> require_running(postgres::Server& publisher, postgres::Server& subscriber,
                           std::vector<Lane> lanes);

/// Waits until all that is committed on the publisher by now is visible on the subscriber. `waiting` is told
/// each second how far it still is, by the slowest slot. Throws Error(conflict) when a lane carries nothing
/// any more, DeadlinePassed. No transaction stays open meanwhile.
Task<void> await_caught_up(postgres::Server& publisher, postgres::Server& subscriber, std::vector<Lane> lanes,
                           Deadline deadline, std::function<void(Bytes behind)> waiting);

} // namespace pgteal::replication
