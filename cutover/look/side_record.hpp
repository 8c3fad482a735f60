// What a run remembers of each server's past, and how it tells that one of them went back in time: failed
// over to a standby that lagged, or put back to an earlier copy of its data directory. Replication is never
// told of it: the slot has moved past what the subscriber lost, or the subscriber is beyond what the
// publisher has, and either way rows are left out in silence, with no lag and all markers arriving. Then the
// last comparison says nothing any more. Pure.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "base/refusal.hpp"
#include "base/side.hpp"
#include "base/units.hpp"
#include "cutover/record/facts.hpp"

namespace pgteal::cutover {

/// What was seen of one side the last time that anybody looked. Three places hold it: the journal and table
/// pgteal.seen on both sides, so that a side can't take along what is known of it, and neither can a lost
/// journal.
struct SideRecord {
    std::int64_t generation =
        0;                ///< grows when a comparison finds both sides equal: what was before counts no more
    std::string timeline; ///< as WAL file names begin: "00000001"
    Lsn flushed;          ///< the highest position seen, covered by a commit that was flushed there
    std::int64_t token = 0; ///< of the row that each look leaves there; grows, so that an older one shows
    std::string at;         ///< UTC, for people
    std::string doubt;      ///< what voided the comparison; "" while it holds
};

/// What the journal remembers of both.
struct SidesSeen {
    std::string run_id;
    std::map<Side, SideRecord> sides;
};
void tag_invoke(const boost::json::value_from_tag&, boost::json::value& to, const SidesSeen& seen);
SidesSeen tag_invoke(const boost::json::value_to_tag<SidesSeen>&, const boost::json::value& from);
inline constexpr Fact<SidesSeen> sides_seen{"seen"};

/// What a side says of itself now.
struct SideNow {
    bool answers = false; ///< as a primary, and as the server that the run is bound to
    std::string timeline;
    Lsn flushed;
    std::int64_t token = 0; ///< 0 when what the looks wrote is not there
};

/// What both sides say of one lane. The subscriber's word is read first, so that the publisher's can't be
/// older.
struct LaneNow {
    std::string name; ///< "app.1"
    Side publisher = Side::blue;
    bool in_use = false;          ///< its publisher serves
    std::optional<Lsn> confirmed; ///< by the slot
    std::optional<Lsn> applied;   ///< the subscription's origin: the last commit applied
    Lsn written;                  ///< the publisher's WAL ends here
};

struct Doubt {
    Side side = Side::blue; ///< that went back
    std::string what;
};

/// What shows that a lane in use left commits out; nullopt for nothing. `slot`: it is there; `made_anew`,
/// `gap`: since when that was seen (replication/marker/continuity.hpp), "" for not.
std::optional<Doubt> break_of(const std::string& lane, Side publisher, bool slot,
                              const std::string& made_anew, const std::string& gap);

/// Of the same side, from several places: of the newest generation the highest of all, and any doubt.
std::optional<SideRecord> merged(const std::vector<SideRecord>& records);

/// Why this server is not the one that the record speaks of, or an earlier state of it; "" when it may be. A
/// crash and a restart lose nothing that was flushed, so they never show here.
std::string went_back(Side side, const SideRecord& record, const SideNow& now);
/// Which side a lane shows to have gone back, or to have lost the slot that the lane needs.
std::optional<Doubt> contradiction(const LaneNow& lane);
/// The publisher's WAL ends before what its subscriber has: until it is beyond, new commits are left out.
bool subscriber_ahead(const LaneNow& lane);

/// What it means, and what to do; nullopt when there is no doubt. `ready`: the run is prepared.
std::optional<Refusal> refusal_of(const std::vector<Doubt>& doubts, Side serving, std::int64_t epoch,
                                  bool ready);

boost::json::object to_json(const SideRecord& record);
std::optional<SideRecord> parse_side_record(const boost::json::value& value);

} // namespace pgteal::cutover
