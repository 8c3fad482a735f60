// status for people.
#include <fmt/format.h>

#include "cutover/gate/way_back.hpp"
#include "cutover/status/status.hpp"
#include "postgres/quote.hpp"

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

std::string lane_state(const LaneStatus& lane, bool prepared) {
    if (lane.state.slot_status == "lost") {
        return lane.state.enabled ? "lost: must be copied again" : "its slot lost WAL";
    }
    if (!lane.state.subscription) {
        return prepared ? "its subscription is gone" : "not subscribed yet";
    }
    if (!lane.state.slot) {
        return lane.state.enabled ? "its slot is gone: must be copied again" : "its slot is gone";
    }
    if (!lane.state.publication) {
        return "its publication is gone";
    }
    if (!lane.state.enabled) {
        return "ready for the way back";
    }
    return lane.streams()      ? "streaming"
           : lane.state.worker ? "late: a marker did not arrive"
                               : "stopped: apply fails";
}

std::string lag_words(const LaneStatus& lane) {
    if (!lane.lag) {
        return "-";
    }
    if (lane.lag->ahead.count > 0) {
        return "none: ahead by " + to_string(lane.lag->ahead);
    }
    return (lane.lag->arrived ? "" : "> ") + duration_text(lane.lag->time) + "  " +
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

/// A pooler of which an entry leads to the side that stands; "" when there is none.
std::string leads_away(const Status& status) {
    for (const auto& pooler : status.poolers) {
        for (const auto& entry : pooler.entries) {
            if (entry.side == to_string(other(status.progress.serving))) {
                return pooler.name;
            }
        }
    }
    return {};
}

/// The first of each kind among the lanes of a prepared run: not whole and in use, or idle and mendable, or
/// idle for good; in use and nothing is applied.
struct BrokenLanes {
    std::string used, idle, lost, stopped;
};

BrokenLanes broken_lanes(const Status& status) {
    BrokenLanes broken;
    const auto serving = to_string(status.progress.serving);
    for (const auto& [database, count] : status.lanes_of_run) {
        const auto read = status.lanes.find(database);
        const bool known = read != status.lanes.end() && !status.unread.contains(database);
        for (int number = 1; number <= count && known; ++number) {
            for (const auto side : {Side::blue, Side::green}) {
                const auto found =
                    std::find_if(read->second.begin(), read->second.end(), [&](const auto& one) {
                        return one.lane.number == number && one.lane.publisher == to_string(side);
                    });
                const auto state = found == read->second.end() ? replication::LaneState{} : found->state;
                const auto name = database + "." + std::to_string(number);
                const auto missing = missing_parts(state);
                const bool used = to_string(side) == serving;
                if (missing.empty() && used && broken.stopped.empty()) {
                    const auto refusal = lane_refusal(found->in_use(), status.max_lag, "pgteal status", "");
                    broken.stopped = refusal ? refusal->message + ".   " + refusal->hint : "";
                }
                auto& which = used ? broken.used : state.publication ? broken.idle : broken.lost;
                if (!missing.empty() && which.empty()) {
                    which = name + " (" + missing + ")";
                }
            }
        }
    }
    return broken;
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
    const bool begun = progress.attempt || progress.finishing || progress.removing;
    if (begun || progress.unserved) {
        const bool switched = progress.attempt ? progress.attempt->switched : !begun;
        const bool on_green = switched && progress.serving == Side::green;
        return std::string("Interrupted. Go on with:   pgteal resume") +
               (on_green ? "\nBack to blue:              pgteal switch-back" : "");
    }
    for (const auto& pooler : status.poolers) {
        for (const auto& entry : pooler.entries) {
            if (entry.paused) {
                return "Clients of entry " + entry.name +
                       " are held by PAUSE, and no switchover is under way. On the console of " +
                       pooler.name + ":   RESUME " + postgres::quote_identifier(entry.name) + ";";
            }
        }
    }
    if (!progress.prepared && !status.doubt()) {
        return "Go on with:   pgteal prepare";
    }
    if (const auto doubt = status.doubt()) {
        return "The comparison is void. " + doubt->message +
               ".\nNo switch in any direction until this is settled.   " + doubt->hint;
    }
    for (const auto& side : status.sides) {
        if (!side.reachable) {
            const bool serves = side.side == progress.serving;
            return to_string(side.side) +
                   (serves ? ", which serves, can't be reached: nothing is known of the lanes."
                           : " can't be reached: nothing is known of the lanes, and " +
                                 to_string(progress.serving) + " keeps WAL for them meanwhile.") +
                   " Mend that, then:   pgteal status";
        }
    }
    if (!status.unread.empty()) {
        return "The lanes of database " + status.unread.begin()->first +
               " could not be read: " + status.unread.begin()->second + ". Look again:   pgteal status";
    }
    const auto broken = broken_lanes(status);
    if (!broken.used.empty()) {
        return "Lane " + broken.used + " is lost" +
               (progress.epoch == 1 ? ". Begin again:   pgteal abort, then pgteal prepare"
                                    : ": the sides can't be kept in step any more.   pgteal finish ends the "
                                      "run where it serves");
    }
    if (!broken.stopped.empty()) {
        return "Not in step: " + broken.stopped;
    }
    const auto away = leads_away(status);
    if (!away.empty()) {
        return "Pooler " + away + " leads to the side that stands. It is taken along with:   pgteal prepare";
    }
    if (!broken.idle.empty()) {
        return "Idle lane " + broken.idle + " is not whole. It is made again with:   pgteal prepare" +
               (progress.serving == Side::green
                    ? "\nBack to blue at any time, all the same:   pgteal switch-back"
                    : "");
    }
    if (!broken.lost.empty()) {
        return "Idle lane " + broken.lost + " can't be made again: " +
               (progress.serving == Side::green ? "after a switch-back there is no way forth again.\nBack to "
                                                  "blue, all the same:   pgteal "
                                                  "switch-back"
                : progress.epoch == 1
                    ? "no cutover goes through.   pgteal abort, then pgteal prepare"
                    : "no cutover goes through.   pgteal finish ends the run where it serves");
    }
    if (status.unfilled) {
        return "In step, and a cutover would be refused: " + status.unfilled->message + ".   " +
               status.unfilled->hint;
    }
    return progress.serving == Side::blue
               ? "In step.   pgteal cutover --dry-run says whether the gate is open; pgteal cutover goes "
                 "through"
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
                            lag_words(lane), to_string(lane.state.retained) + limit,
                            lane_state(lane, status.progress.prepared));
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
