#include "cutover/checks/lane_check.hpp"

#include "cutover/gate/lane_verdict.hpp"
#include "cutover/status/status.hpp"
#include "health/facts/verdict.hpp"

namespace pgteal::cutover {

Task<health::CheckResult> check_lanes(Estate* estate, Progress progress, Deadline deadline) {
    health::CheckResult result{"lanes", {}, "lanes carry what is written"};
    const auto copy_again = std::string("the data must be copied again: pgteal ") +
                            (progress.epoch == 1 ? "abort" : "finish") + ", then pgteal prepare";
    for (const auto& database : estate->config().databases) {
        const auto object = [&database](const replication::Lane& lane) {
            return database.name + ": lane " + lane.name();
        };
        std::vector<LaneStatus> lanes;
        std::map<std::string, std::string> unread;
        co_await read_lanes(estate, progress.serving, database.name, &lanes, &unread, deadline);
        for (const auto& [name, problem] : unread) {
            health::add(result, health::Level::error, "", name,
                        "the lanes of database " + name + " could not be read: " + problem + ".",
                        "pgteal status");
        }
        for (const auto& lane : estate->lanes(progress.serving, database.name)) {
            const auto found = std::find_if(lanes.begin(), lanes.end(), [&lane](const auto& one) {
                return one.lane.number == lane.number;
            });
            const auto seen = found != lanes.end() ? *found : LaneStatus{lane, {}, {}};
            const auto refusal = unread.empty() ? lane_refusal(seen.in_use(), estate->config().max_lag,
                                                               "pgteal check", copy_again)
                                                : std::nullopt;
            if (refusal) {
                health::add(result, health::Level::error, refusal->side, object(lane), refusal->message + ".",
                            refusal->hint);
            }
        }
    }
    co_return result;
}

} // namespace pgteal::cutover
