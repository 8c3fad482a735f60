// Markers: rows that pgteal commits on the serving side in every lane, to learn that all before them has
// arrived. "Current LSN" is never compared: pg_replication_origin_progress moves with applied commits only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

/// On the serving side: one READ WRITE transaction that sets the token of `kind` in the marker table of each
/// lane 1..n of `database` to :'token' (a growing number made by the controller). An upsert: works whether or
/// not the row survived.
postgres::Statement write_markers(const std::string& database, int lanes, const std::string& kind);

/// On the standing side, one round trip: waits inside the server until every lane's `kind` row has token =
/// :'token' (equal and not greater: after the controller's clock went back, an older marker would look like
/// ours), in a DO block that polls without a pause for 2 ms, then each ms, bounded by `limit` through a RAISE
/// with SQLSTATE 57014 that names the lanes; then commits an update of pgteal.run with synchronous_commit =
/// on, whose flush covers everything applied before it, and returns columns inserted
/// (pg_current_wal_insert_lsn()) and flushed (pg_current_wal_flush_lsn()) read after that commit. This is the
/// barrier: visible in every lane and flushed. Gives bindings insert_<database> and flush_<database>
/// (binding_for() in lanes.hpp). After an error the session is in a failed transaction and must be dropped.
postgres::Statement await_markers(const std::string& database, int lanes, const std::string& kind,
                                  Clock::duration limit);

/// How far behind a lane is, measured by a marker of kind 'lag' that is written now and awaited up to
/// `limit`. `lanes` are of one database and direction. Several controllers and commands may measure at the
/// same time.
struct Lag {
    /// From commit on the publisher to visible on the subscriber. When it did not arrive: `limit`, or how
    /// long the oldest one of Outstanding is on its way; the lag is at least that.
    Clock::duration time{};
    bool arrived = false;
    Bytes bytes{}; ///< publisher's current WAL position minus what the slot has confirmed, at the time of
                   ///< writing
    /// The slot has confirmed that much beyond the end of the publisher's WAL: no lag, but proof that the
    /// publisher went back in time, and that the lane leaves out what it commits until it is beyond.
    Bytes ahead{};
};

/// The markers that whoever measures again and again has sent and not seen arrive, by slot. Without it no lag
/// longer than `limit` could be told.
class Outstanding {
public:
    void sent(const std::string& slot, std::int64_t token, Clock::time_point when);
    /// The subscriber shows `token`: it has come, and all before it.
    void arrived(const std::string& slot, std::int64_t token);
    [[nodiscard]] std::optional<Clock::time_point> oldest(const std::string& slot) const;

private:
    std::map<std::string, std::map<std::int64_t, Clock::time_point>> sent_;
};

/// `outstanding`: may be null.
Task<std::map<int, Lag>> measure_lag(postgres::Server& publisher, postgres::Server& subscriber,
                                     std::vector<Lane> lanes, Clock::duration limit,
                                     Outstanding* outstanding = nullptr);

/// A token greater than any before: microseconds since 1970, never less than the last one given by this
/// process + 1.
std::int64_t next_token();

} // namespace pgteal::replication
