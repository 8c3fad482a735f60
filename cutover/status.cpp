#include "cutover/status.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cutover/leads.hpp"
#include "postgres/error.hpp"
#include "replication/markers.hpp"

namespace pgteal::cutover {

namespace {

Task<void> read_side(Estate* estate, SideStatus* status, std::string bound, Deadline deadline) {
    auto& server = estate->server(status->side);
    try {
        const auto identity = co_await server.identity(deadline);
        if (!bound.empty() && bound != identity.system_identifier) {
            status->stranger = true;
            status->problem = "the server there is not the run's " + to_string(status->side) +
                              " (system_identifier " + identity.system_identifier + ", the run's is " +
                              bound + "): see dsn in the config";
            co_return;
        }
        status->version = fmt::format("{}.{}", identity.version / 10000, identity.version % 10000);
        const auto clients =
            co_await server.exec("",
                                 "SELECT count(*) FROM pg_stat_activity WHERE backend_type "
                                 "= 'client backend' AND application_name NOT LIKE 'pgteal%'",
                                 {}, deadline);
        status->clients = clients.get<int>(0, 0);
        status->reachable = true;
        bool fenced = true;
        for (const auto& database : estate->config().databases) {
            const auto fence = co_await read_fence(&server, database.name, deadline);
            fenced = fenced && fence.read_only;
        }
        status->fenced = fenced;
    } catch (const Error& error) {
        status->problem = error.what();
    }
}

/// What the side says of who serves; a database that is not there yet says nothing.
Task<void> read_rows(Estate* estate, SideStatus* status, Deadline deadline) {
    for (const auto& database : estate->config().databases) {
        try {
            auto row = co_await read_run_row(&estate->server(status->side), database.name, deadline);
            status->rows.push_back({status->side, database.name, std::move(row)});
        } catch (const Error& error) {
            spdlog::debug("pgteal.run of {} on {}: {}", database.name, to_string(status->side), error.what());
        }
    }
}

/// A switch is in the journal before it is on a server, so `progress` has to be read after the rows.
std::optional<Refusal> superseded(const Status& status, const Progress& progress) {
    std::vector<SeenRow> rows;
    for (const auto& side : status.sides) {
        rows.insert(rows.end(), side.rows.begin(), side.rows.end());
    }
    return judge_epochs(rows, progress.run_id, progress.epoch);
}

Task<void> read_lanes_of(Estate* estate, Side publisher, std::string database, std::vector<LaneStatus>* out,
                         Deadline deadline) {
    try {
        const auto lanes = estate->lanes(publisher, database);
        auto& from = estate->server(publisher);
        auto& to = estate->server(other(publisher));
        bool enabled = false;
        std::vector<LaneStatus> found;
        for (const auto& lane : lanes) {
            LaneStatus status;
            status.lane = lane;
            status.state = co_await replication::read_lane(from, to, lane, deadline);
            enabled = enabled || status.state.enabled;
            if (status.state.slot || status.state.subscription || status.state.publication) {
                found.push_back(std::move(status));
            }
        }
        if (enabled) {
            const auto lags = co_await replication::measure_lag(from, to, lanes, std::chrono::seconds(2),
                                                                &estate->outstanding());
            for (auto& status : found) {
                const auto lag = lags.find(status.lane.number);
                if (lag != lags.end()) {
                    status.lag = lag->second;
                }
            }
        }
        out->insert(out->end(), found.begin(), found.end());
    } catch (const Error& error) {
        spdlog::debug("lanes of {} published by {}: {}", database, to_string(publisher), error.what());
    }
}

Task<void> read_way_back(Estate* estate, std::optional<SwitchBack>* back, Deadline deadline) {
    try {
        *back = co_await read_switch_back(estate, deadline);
    } catch (const Error& error) {
        spdlog::debug("the way back: {}", error.what());
    }
}

Task<void> read_pooler(Estate* estate, PoolerUnit* unit, PoolerStatus* status, Deadline deadline) {
    status->name = unit->config.name;
    try {
        const auto& config = estate->config();
        const auto entries = co_await unit->console->entries(deadline);
        status->reachable = true;
        const auto spelled = co_await spell_as_config(estate, entries, deadline);
        for (const auto& entry : spelled.entries) {
            const bool blue = entry.host == config.blue.pooler_host && entry.port == config.blue.pooler_port;
            const bool green =
                entry.host == config.green.pooler_host && entry.port == config.green.pooler_port;
            const auto& wanted = unit->config.entries;
            const bool named = std::find(wanted.begin(), wanted.end(), entry.name) != wanted.end();
            if (blue || green || named) {
                status->entries.push_back({entry.name,
                                           blue    ? "blue"
                                           : green ? "green"
                                                   : "other",
                                           entry.paused});
                status->paused = status->paused || entry.paused;
            }
        }
    } catch (const Error& error) {
        status->problem = error.what();
    }
}

} // namespace

Task<Status> read_status(Estate* estate, Progress progress, Deadline deadline,
                         std::optional<SwitchBack> known, std::map<std::string, std::string> bound) {
    Status status;
    status.progress = std::move(progress);
    status.run = estate->config().run;
    status.sides.resize(2);
    status.sides[0].side = status.progress.serving;
    status.sides[1].side = other(status.progress.serving);
    status.poolers.resize(estate->poolers().size());
    std::vector<Task<void>> reads;
    for (auto& side : status.sides) {
        side.address = estate->server(side.side).dsn().address();
        reads.push_back(read_side(estate, &side, bound[to_string(side.side)], deadline));
    }
    for (std::size_t i = 0; i < status.poolers.size(); ++i) {
        reads.push_back(read_pooler(estate, &estate->poolers()[i], &status.poolers[i], deadline));
    }
    co_await all(std::move(reads));
    if (status.progress.active) {
        std::vector<Task<void>> rows;
        for (auto& side : status.sides) {
            if (side.reachable) {
                rows.push_back(read_rows(estate, &side, deadline));
            }
        }
        co_await all(std::move(rows));
        // A controller at work may have switched, or come to the end of its run, since `progress` was read.
        status.superseded = superseded(status, status.progress);
        if (status.superseded) {
            const auto now = peek_progress(estate->config());
            status.superseded = now.active ? superseded(status, now) : std::nullopt;
        }
    }
    for (const auto& database : estate->config().databases) {
        auto& lanes = status.lanes[database.name];
        if (status.progress.active && status.sides[0].reachable && status.sides[1].reachable) {
            co_await read_lanes_of(estate, status.progress.serving, database.name, &lanes, deadline);
            co_await read_lanes_of(estate, other(status.progress.serving), database.name, &lanes, deadline);
        }
    }
    if (status.progress.active && status.progress.prepared && status.sides[0].reachable &&
        status.sides[1].reachable) {
        status.switch_back = std::move(known);
        if (!status.switch_back) {
            co_await read_way_back(estate, &status.switch_back, deadline);
        }
    }
    co_return status;
}

std::vector<std::string> Status::lost_ways_back() const {
    std::vector<std::string> lost;
    for (const auto& [database, all_lanes] : lanes) {
        for (const auto& lane : all_lanes) {
            if (lane.lane.publisher == to_string(Side::green) &&
                (!lane.state.slot || lane.state.slot_status == "lost")) {
                lost.push_back(lane.lane.name());
            }
        }
    }
    return lost;
}

std::string step_words(const Progress& progress) {
    if (!progress.active) {
        return progress.ever_finished ? "finished" : "none";
    }
    if (progress.attempt) {
        return progress.attempt->switched ? "interrupted past the switch" : "interrupted before the switch";
    }
    if (progress.finishing) {
        return "finishing";
    }
    if (progress.removing) {
        return "removing";
    }
    if (!progress.prepared) {
        return "preparing: " + (progress.last_step.empty() ? "check" : progress.last_step);
    }
    return progress.epoch == 1 ? "prepared" : "watch";
}

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
    document["serving"] = to_string(status.progress.serving);
    document["epoch"] = status.progress.epoch;
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
            one["lag_bytes"] =
                lane.lag ? boost::json::value(lane.lag->bytes.count) : boost::json::value(nullptr);
            one["lag_seconds"] =
                lane.lag ? boost::json::value(to_ms(lane.lag->time) / 1000) : boost::json::value(nullptr);
            list.push_back(std::move(one));
        }
        boost::json::object database;
        database["name"] = name;
        database["lanes"] = std::move(list);
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
    if (status.switch_back) {
        auto back = to_json(*status.switch_back);
        boost::json::array lost;
        for (const auto& lane : status.lost_ways_back()) {
            lost.push_back(boost::json::string(lane));
        }
        back["holds"] = status.switch_back->holds() && lost.empty();
        back["lost_lanes"] = std::move(lost);
        document["switch_back"] = std::move(back);
    }
    return document;
}

void publish(const Status& status, health::Metrics& metrics) {
    metrics.serving(status.superseded ? "" : to_string(status.progress.serving),
                    static_cast<double>(status.progress.epoch));
    for (const auto& side : status.sides) {
        metrics.server(to_string(side.side), side.reachable);
    }
    metrics.forget_lanes();
    for (const auto& [database, lanes] : status.lanes) {
        for (const auto& lane : lanes) {
            const auto direction =
                lane.lane.publisher + ">" + to_string(other(*parse_side(lane.lane.publisher)));
            metrics.lane(database, lane.lane.name(), direction, lane.lag ? to_ms(lane.lag->time) / 1000 : 0,
                         lane.lag ? static_cast<double>(lane.lag->bytes.count) : 0, lane.state.enabled,
                         lane.state.worker, static_cast<double>(lane.state.retained.count));
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
