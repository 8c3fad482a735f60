// status for programs.
#include "base/error.hpp"
#include "cutover/status/status.hpp"

namespace pgteal::cutover {

boost::json::object brief_status(const Progress& progress, const Config& config) {
    boost::json::object document;
    document["run"] = config.run;
    document["serving"] = to_string(progress.serving);
    document["epoch"] = progress.epoch;
    document["step"] = step_words(progress);
    return document;
}

boost::json::object to_json(const Status& status) {
    boost::json::object document;
    document["run"] = status.run;
    const auto word = status.believed();
    document["serving"] = word.serving;
    document["epoch"] = word.epoch;
    document["step"] = step_words(status.progress);
    if (status.superseded) {
        document["superseded"] = status.superseded->message;
    }
    boost::json::array databases;
    for (const auto& [name, lanes] : status.lanes) {
        boost::json::array list;
        for (const auto& lane : lanes) {
            boost::json::object one;
            one["name"] = lane.lane.name();
            one["direction"] =
                lane.lane.publisher + " > " + to_string(other(*parse_side(lane.lane.publisher)));
            one["slot"] = lane.lane.object();
            one["enabled"] = lane.state.enabled;
            one["streaming"] = lane.state.worker;
            one["slot_status"] = lane.state.slot_status;
            one["retained_bytes"] = lane.state.retained.count;
            const bool ahead = lane.lag && lane.lag->ahead.count > 0;
            one["lag_bytes"] =
                lane.lag && !ahead ? boost::json::value(lane.lag->bytes.count) : boost::json::value(nullptr);
            one["lag_seconds"] =
                lane.lag ? boost::json::value(to_seconds(lane.lag->time)) : boost::json::value(nullptr);
            if (!lane.told.empty()) {
                one["failure"] = lane.told;
            }
            if (ahead) {
                one["ahead_bytes"] = lane.lag->ahead.count;
            }
            list.push_back(std::move(one));
        }
        boost::json::object database;
        database["name"] = name;
        database["lanes"] = std::move(list);
        if (const auto unread = status.unread.find(name); unread != status.unread.end()) {
            database["unread"] = unread->second;
        }
        databases.push_back(std::move(database));
    }
    document["databases"] = std::move(databases);
    boost::json::array poolers;
    for (const auto& pooler : status.poolers) {
        boost::json::array entries;
        for (const auto& entry : pooler.entries) {
            boost::json::object one;
            one["name"] = entry.name;
            one["side"] = entry.side;
            one["paused"] = entry.paused;
            entries.push_back(std::move(one));
        }
        boost::json::object one;
        one["name"] = pooler.name;
        one["reachable"] = pooler.reachable;
        one["paused"] = pooler.paused;
        one["entries"] = std::move(entries);
        poolers.push_back(std::move(one));
    }
    document["poolers"] = std::move(poolers);
    boost::json::array sides;
    for (const auto& side : status.sides) {
        boost::json::object one;
        one["name"] = to_string(side.side);
        one["address"] = side.address;
        one["reachable"] = side.reachable;
        one["version"] = side.version;
        one["clients"] = side.clients;
        one["fenced"] = side.fenced;
        sides.push_back(std::move(one));
    }
    document["sides"] = std::move(sides);
    if (status.looked) {
        boost::json::array why;
        for (const auto& doubt : status.looked->doubts) {
            boost::json::object one;
            one["side"] = to_string(doubt.side);
            one["message"] = doubt.what;
            why.push_back(std::move(one));
        }
        boost::json::object comparison;
        comparison["void"] = !why.empty();
        comparison["why"] = std::move(why);
        if (const auto doubt = status.doubt()) {
            comparison["message"] = doubt->message;
            comparison["hint"] = doubt->hint;
        }
        document["comparison"] = std::move(comparison);
    }
    if (status.unfilled) {
        document["refused"] = {{"message", status.unfilled->message}, {"hint", status.unfilled->hint}};
    }
    if (status.switch_back) {
        auto back = to_json(*status.switch_back);
        boost::json::array lost;
        for (const auto& lane : status.lost_ways_back()) {
            lost.push_back(boost::json::string(lane));
        }
        back["holds"] = status.switch_back->holds() && lost.empty() && !status.doubt();
        back["lost_lanes"] = std::move(lost);
        document["switch_back"] = std::move(back);
    }
    return document;
}

void publish(const Status& status, health::Metrics& metrics) {
    const auto word = status.believed();
    metrics.serving(status.superseded ? "" : to_string(status.progress.serving),
                    word.epoch.is_int64() ? static_cast<double>(word.epoch.as_int64()) : 0);
    for (const auto& side : status.sides) {
        metrics.server(to_string(side.side), side.reachable);
    }
    if (status.looked) {
        for (const auto side : {Side::blue, Side::green}) {
            const auto& doubts = status.looked->doubts;
            metrics.comparison_void(to_string(side),
                                    std::any_of(doubts.begin(), doubts.end(),
                                                [side](const auto& doubt) { return doubt.side == side; }));
        }
    }
    metrics.forget_lanes();
    for (const auto& [database, lanes] : status.lanes) {
        for (const auto& lane : lanes) {
            const auto direction =
                lane.lane.publisher + ">" + to_string(other(*parse_side(lane.lane.publisher)));
            metrics.lane(database, lane.lane.name(), direction, lane.lag ? lane.lag->time : Clock::duration(),
                         lane.lag ? lane.lag->bytes : Bytes(), lane.state.enabled, lane.state.worker,
                         lane.state.retained);
        }
    }
    for (const auto& pooler : status.poolers) {
        metrics.pooler(pooler.name, pooler.reachable, pooler.paused);
        for (const auto& entry : pooler.entries) {
            metrics.pooler_entry(pooler.name, entry.name, entry.side);
        }
    }
}

} // namespace pgteal::cutover
