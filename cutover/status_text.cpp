// status for people.
#include <fmt/format.h>

#include "cutover/status.hpp"
#include "cutover/terminal.hpp"

namespace pgteal::cutover {

namespace {

std::string side_state(const Status& status, const SideStatus& side) {
    if (!side.reachable) {
        return (side.stranger ? "" : "unreachable: ") + side.problem;
    }
    if (!status.progress.active || status.superseded) {
        return side.fenced ? "read-only" : "";
    }
    if (side.side == status.progress.serving) {
        return (side.fenced ? "serving, but fenced" : "serving") +
               (status.progress.switched_at.empty()
                    ? std::string()
                    : " since " + status.progress.switched_at.substr(11, 8) + " UTC");
    }
    return side.fenced ? "fenced, read-only" : "standing, not fenced";
}

std::string lane_state(const LaneStatus& lane) {
    if (lane.state.slot_status == "lost") {
        return "lost: must be copied again";
    }
    if (!lane.state.subscription) {
        return "not subscribed yet";
    }
    if (!lane.state.slot) {
        return "its slot is gone: must be copied again";
    }
    if (!lane.state.enabled) {
        return "ready for the way back";
    }
    return lane.state.worker ? "streaming" : "stopped: apply fails";
}

std::string lag_words(const LaneStatus& lane) {
    if (!lane.lag) {
        return "-";
    }
    return (lane.lag->arrived ? "" : "> ") + duration_text(to_ms(lane.lag->time)) + "  " +
           to_string(lane.lag->bytes);
}

std::string headline(const Status& status) {
    const auto& progress = status.progress;
    if (!progress.active) {
        return progress.ever_finished ? "finished" : "no run";
    }
    if (status.superseded) {
        return "this journal is not the newest: who serves is not in it";
    }
    return fmt::format("epoch {}   {} serves   {}", progress.epoch, to_string(progress.serving),
                       step_words(progress));
}

std::string next_line(const Status& status) {
    const auto& progress = status.progress;
    if (!progress.active && progress.ever_finished && progress.serving == Side::green) {
        return "Done: green serves alone. A next run has a config of its own, with another [run] name.";
    }
    if (!progress.active) {
        return "Begin with:   pgteal check, then pgteal prepare";
    }
    if (status.superseded) {
        return status.superseded->message + ".\nRun pgteal from where the newest journal is.";
    }
    if (progress.attempt || progress.finishing || progress.removing) {
        return "Interrupted. Go on with:   pgteal resume";
    }
    if (!progress.prepared) {
        return "Go on with:   pgteal prepare";
    }
    const bool all_seen = std::all_of(status.sides.begin(), status.sides.end(),
                                      [](const auto& side) { return side.reachable; });
    for (const auto& [database, lanes] : status.lanes) {
        for (const auto& lane : lanes) {
            if (!all_seen) {
                break;
            }
            if (lane.state.slot_status == "lost" || !lane.state.slot) {
                return progress.epoch == 1
                           ? "A lane is lost. Begin again:   pgteal abort, then pgteal prepare"
                           : "A lane is lost: the sides can't be kept in step any more.   pgteal "
                             "finish ends the run where it serves";
            }
        }
    }
    return progress.serving == Side::blue
               ? "Ready.   pgteal cutover"
               : "Back to blue at any time:   pgteal switch-back\nWhen you are sure:          pgteal finish";
}

} // namespace

std::string to_text(const Status& status) {
    std::string text = "run " + status.run + "   " + headline(status) + "\n\n";
    text += fmt::format("  {:<7} {:<22} {:<9} {:<9} {}\n", "side", "address", "version", "clients", "state");
    for (const auto& side : status.sides) {
        text += fmt::format("  {:<7} {:<22} {:<9} {:<9} {}\n", to_string(side.side), side.address,
                            side.version, side.clients, side_state(status, side));
    }
    const bool any_lane = std::any_of(status.lanes.begin(), status.lanes.end(),
                                      [](const auto& one) { return !one.second.empty(); });
    if (any_lane) {
        text += fmt::format("\n  {:<15} {:<15} {:<18} {:<18} {}\n", "lane", "direction", "lag", "slot keeps",
                            "state");
    }
    for (const auto& [database, lanes] : status.lanes) {
        for (const auto& lane : lanes) {
            const auto limit =
                lane.state.retained_limit ? " of " + to_string(*lane.state.retained_limit) : std::string();
            text +=
                fmt::format("  {:<15} {:<15} {:<18} {:<18} {}\n", lane.lane.name(),
                            lane.lane.publisher + " > " + to_string(other(*parse_side(lane.lane.publisher))),
                            lag_words(lane), to_string(lane.state.retained) + limit, lane_state(lane));
        }
    }
    text += fmt::format("\n  {:<10} {:<28} {:<9} {}\n", "pooler", "entries", "target", "state");
    for (const auto& pooler : status.poolers) {
        std::map<std::string, std::string> by_side;
        for (const auto& entry : pooler.entries) {
            auto& names = by_side[entry.side];
            names += (names.empty() ? "" : ", ") + entry.name;
        }
        const auto state = !pooler.reachable ? "unreachable: " + pooler.problem
                           : pooler.paused   ? "paused: clients are held"
                                             : "open";
        if (by_side.empty()) {
            by_side[""] = "-";
        }
        for (const auto& [side, names] : by_side) {
            text += fmt::format("  {:<10} {:<28} {:<9} {}\n", pooler.name, names, side, state);
        }
    }
    const auto back = status.switch_back ? to_text(*status.switch_back) : std::string();
    return text + "\n" + (back.empty() ? "" : back + "\n") + next_line(status);
}

} // namespace pgteal::cutover
