// What is so now: read from servers and poolers, with the journal's word for where the run stands.
#pragma once

#include <string>
#include <vector>

#include <boost/json.hpp>

#include "cutover/engine/context.hpp"
#include "cutover/estate/streams.hpp"
#include "cutover/gate/lane_verdict.hpp"
#include "cutover/look/epochs.hpp"
#include "cutover/look/side_looks.hpp"
#include "health/serve/metrics.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

struct LaneStatus {
    replication::Lane lane;
    replication::LaneState state;
    std::optional<replication::Lag> lag; ///< of an enabled lane
    std::string told{}; ///< what the log says of its last failure, of one that lags or stopped
    [[nodiscard]] LaneInUse in_use() const { return {lane, state, lag, told}; }
    [[nodiscard]] bool streams() const { return state.worker && (!lag || lag->arrived); }
};
struct EntryStatus {
    std::string name;
    std::string side; ///< blue, green, other
    bool paused = false;
};
struct PoolerStatus {
    std::string name;
    bool reachable = false;
    bool paused = false;
    std::string problem;
    std::vector<EntryStatus> entries;
};
struct SideStatus {
    Side side = Side::blue;
    std::string address;
    bool reachable = false;
    std::string problem;
    std::string version;
    int clients = 0;
    bool fenced = false;
    bool stranger = false;       ///< another server than the run's answers there
    std::vector<SeenRow> rows{}; ///< of an active run
};
struct Status {
    Progress progress;
    std::string run;
    Bytes max_lag{16LL << 20}; ///< of the config: what the gate refuses
    std::vector<SideStatus> sides;
    std::map<std::string, std::vector<LaneStatus>> lanes; ///< by database
    /// Databases whose lanes could not be read, with the reason: nothing is known of those that `lanes`
    /// lacks.
    std::map<std::string, std::string> unread;
    std::vector<PoolerStatus> poolers;
    std::optional<SwitchBack> switch_back; ///< of a prepared run with both sides reachable
    std::optional<Refusal> unfilled;       ///< a view that nobody could read on green: the gate refuses it
    /// Another controller went on: what `progress` says of who serves is not to be believed.
    std::optional<Refusal> superseded;
    std::map<std::string, int> lanes_of_run; ///< how many each database has, of a prepared run
    /// Who serves and since which epoch: the journal's word, or that of the sides when it is superseded; null
    /// when they belong to another run.
    struct Believed {
        boost::json::value serving, epoch;
    };
    [[nodiscard]] Believed believed() const;
    /// Lanes green > blue that are gone in part or altogether, or can't be read, "app.1": nothing can go back
    /// through them.
    [[nodiscard]] std::vector<std::string> lost_ways_back() const;
    std::optional<Looked> looked; ///< of a run that is at rest; with doubts the comparison is void
    /// What the doubts mean; nullopt when there is none.
    [[nodiscard]] std::optional<Refusal> doubt() const;
};

/// Never throws for a side or pooler that is away: it says so. Writes a lag marker on the serving side when
/// the run's lanes are on, and notes what it saw of both sides (side_looks.hpp). `known`: what was read
/// before of the way back; the schemas are frozen, so that whoever asks every second need not read all
/// catalogs each time. `bound`: bound_servers(); another server at a side's address is said to be that, and
/// nothing is read from it.
Task<Status> read_status(Estate* estate, Progress progress, Deadline deadline,
                         std::optional<SwitchBack> known, std::map<std::string, std::string> bound);
/// The lanes that `publisher` has in `database`, with their lag; a reason in `unread` when they can't be
/// read.
Task<void> read_lanes(Estate* estate, Side publisher, std::string database, std::vector<LaneStatus>* out,
                      std::map<std::string, std::string>* unread, Deadline deadline);
boost::json::object to_json(const Status& status);
std::string to_text(const Status& status);
void publish(const Status& status, health::Metrics& metrics);

/// From the journal alone: {"run","serving","epoch","step"}.
boost::json::object brief_status(const Progress& progress, const Config& config);
/// "prepared", "preparing: copy", "green serves", "interrupted in fence", "none"
std::string step_words(const Progress& progress);

} // namespace pgteal::cutover
