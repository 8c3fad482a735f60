// Going back demands only what going back needs: what the gate of a switch-back says and lets pass.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cutover/engine/runner.hpp"
#include "cutover/gate/gate.hpp"

namespace pgteal::cutover {

/// What a lane lacks of its publication, slot and subscription: "slot lost, subscription missing"; "" when it
/// is whole.
std::string missing_parts(const replication::LaneState& state);

/// Why the lane of the other direction can't follow after the switch; nullopt when it can. `prepare` and
/// `stage` make slot and subscription anew, as long as the publication is there.
struct IdleLaneProblem {
    std::string message;
    bool mendable = false;
};
std::optional<IdleLaneProblem> idle_lane_problem(const GateLane& lane);

/// "the schema on blue is not as recorded …: new: table public.x".
std::string changed_words(const ChangedSchema& changed);

/// What a switch-back goes without, in words: an idle lane, a probe or the schema of the side that is left, a
/// pooler that does not answer. Empty on the way forth, where each is a refusal.
std::vector<std::string> warnings_of(const GateFacts& facts);

/// Lanes published by `publisher`, which stands, whose slot or subscription is gone and can be made again:
/// made again. Every write of a client there comes later than a slot made while the side stands, and `turn`
/// sets where a subscription begins, so that nothing is missed. Returns what was made, in words. Throws what
/// making one throws.
Task<std::vector<std::string>> remake_idle_lanes(Context* context, Runner* runner, Side publisher,
                                                 Deadline deadline);

/// The statements for one lane, as actions, in phases from `phase` on; none when all of it is there, or the
/// publication is not.
std::vector<Action> remake_lane(const replication::Lane& lane, const replication::LaneState& state,
                                bool spared, int phase);

} // namespace pgteal::cutover
