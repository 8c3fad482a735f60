#include "cutover/gate/lane_verdict.hpp"

#include "replication/marker/lane_watch.hpp"

namespace pgteal::cutover {

std::optional<Refusal> lane_refusal(const LaneInUse& lane, Bytes max_lag, const std::string& again,
                                    const std::string& copy_again) {
    const auto& from = lane.lane.publisher;
    const auto to = to_string(other(*parse_side(from)));
    const auto& state = lane.state;
    const auto name = "lane " + lane.lane.name() + " (" + from + " > " + to + ")";
    if (!state.publication || !state.slot || !state.subscription) {
        return Refusal{state.subscription ? from : to,
                       name + " is gone: its publication, slot or subscription was dropped", copy_again};
    }
    if (state.slot_status == "lost") {
        return Refusal{from, name + " lost WAL that " + to + " still needs (max_slot_wal_keep_size)",
                       copy_again};
    }
    if (!state.enabled) {
        return Refusal{to, name + " is not running: its subscription is disabled",
                       replication::failure_of(lane.lane, state, to)->hint};
    }
    if (!state.worker) {
        return Refusal{to,
                       name + " is not running: its apply worker fails or is stopped" +
                           (lane.told.empty() ? "" : ". The log of " + to + " says: " + lane.told),
                       (lane.told.empty() ? "see the log of " + to : "mend that on " + to) + ", then run " +
                           again + " again"};
    }
    if (state.subscribed != state.published || !state.not_ready.empty()) {
        return Refusal{
            to, name + " does not carry all of its tables",
            "somebody changed the publication or the subscription; pgteal compare tells what is missing"};
    }
    if (lane.lag && (!lane.lag->arrived || lane.lag->bytes > max_lag)) {
        return Refusal{
            to,
            name + " lags by " + to_string(lane.lag->bytes) +
                (lane.lag->arrived
                     ? ""
                     : ", a marker did not arrive within " +
                           std::to_string(
                               std::chrono::duration_cast<std::chrono::seconds>(lane.lag->time).count()) +
                           " s"),
            "wait until it is below max_lag (" + to_string(max_lag) + "); pgteal status --watch follows it"};
    }
    return std::nullopt;
}

} // namespace pgteal::cutover
