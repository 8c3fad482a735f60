#include "cutover/status/status.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/estate/leads.hpp"
#include "cutover/fence/own_tables.hpp"
#include "cutover/gate/unfilled_views.hpp"
#include "replication/lane/lane_log.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

namespace {

Task<void> read_side(Estate* estate, SideStatus* status, bool standing, std::string bound,
                     Deadline deadline) {
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
                                 "= 'client backend' AND NOT (usename IS NOT DISTINCT FROM current_user "
                                 "AND application_name LIKE 'pgteal%')",
                                 {}, deadline);
        status->clients = clients.get<int>(0, 0);
        status->reachable = true;
        bool fenced = true;
        for (const auto& database : estate->config().databases) {
            const auto fence = co_await read_fence(&server, database.name, deadline);
            fenced = fenced && (standing ? fence.up() : fence.read_only);
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

Task<void> read_way_back(Estate* estate, std::optional<SwitchBack>* back, Deadline deadline) {
    try {
        *back = co_await read_switch_back(estate, deadline);
    } catch (const Error& error) {
        spdlog::debug("the way back: {}", error.what());
    }
}

/// The way back is not held up by it.
Task<void> read_unfilled(Estate* estate, std::optional<Refusal>* unfilled, Deadline deadline) {
    try {
        for (const auto& database : estate->config().database_names()) {
            if (!*unfilled) {
                *unfilled = co_await unfilled_views(&estate->server(Side::blue), &estate->server(Side::green),
                                                    database, "pgteal cutover", deadline);
            }
        }
    } catch (const Error& error) {
        spdlog::debug("materialized views: {}", error.what());
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

/// A worker that fails comes for a moment every few seconds: seen once is not running, when it counts another
/// failure or is gone by now.
Task<void> look_again(postgres::Server* from, postgres::Server* to, LaneStatus* status, Deadline deadline) {
    auto now = co_await replication::read_lane(*from, *to, status->lane, deadline);
    const bool failed = now.apply_errors > status->state.apply_errors;
    now.worker = now.worker && status->state.worker && !failed;
    status->state = std::move(now);
    if (status->state.subscription && !status->state.worker) {
        auto told = co_await replication::read_apply_failure(*to, status->lane, deadline);
        status->told = std::move(told);
    }
}

} // namespace

Task<void> read_lanes(Estate* estate, Side publisher, std::string database, std::vector<LaneStatus>* out,
                      std::map<std::string, std::string>* unread, Deadline deadline) {
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
                if (status.state.enabled && !status.streams()) {
                    co_await look_again(&from, &to, &status, deadline);
                }
            }
        }
        out->insert(out->end(), found.begin(), found.end());
    } catch (const Error& error) {
        (*unread)[database] = error.what();
    }
}

Task<Status> read_status(Estate* estate, Progress progress, Deadline deadline,
                         std::optional<SwitchBack> known, std::map<std::string, std::string> bound) {
    Status status;
    status.progress = std::move(progress);
    status.run = estate->config().run;
    status.max_lag = estate->config().max_lag;
    status.sides.resize(2);
    status.sides[0].side = status.progress.serving;
    status.sides[1].side = other(status.progress.serving);
    status.poolers.resize(estate->poolers().size());
    std::vector<Task<void>> reads;
    for (auto& side : status.sides) {
        side.address = estate->server(side.side).dsn().address();
        const bool standing = status.progress.active && side.side != status.progress.serving;
        reads.push_back(read_side(estate, &side, standing, bound[to_string(side.side)], deadline));
    }
    for (std::size_t i = 0; i < status.poolers.size(); ++i) {
        reads.push_back(read_pooler(estate, &estate->poolers()[i], &status.poolers[i], deadline));
    }
    co_await all(std::move(reads));
    std::optional<Refusal> locker;
    if (status.progress.active) {
        locker = co_await own_table_lockers(estate, "", after(std::chrono::seconds(5)));
    }
    if (locker) { // all that follows would wait for it
        for (const auto& database : estate->config().database_names()) {
            status.unread[database] = locker->side + ": " + locker->message + "; " + locker->hint;
        }
        co_return status;
    }
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
    if (worth_a_look(status.progress) && !status.superseded) {
        status.looked = co_await look_at_sides(estate, status.progress, deadline);
    }
    for (const auto& database : estate->config().databases) {
        if (status.progress.active && status.progress.prepared) {
            status.lanes_of_run[database.name] = database.lanes;
        }
        auto& lanes = status.lanes[database.name];
        if (status.progress.active && status.sides[0].reachable && status.sides[1].reachable) {
            const auto serving = status.progress.serving;
            for (const auto side : {serving, other(serving)}) {
                co_await read_lanes(estate, side, database.name, &lanes, &status.unread, deadline);
            }
        }
    }
    if (status.progress.active && status.progress.prepared && status.sides[0].reachable &&
        status.sides[1].reachable) {
        status.switch_back = std::move(known);
        if (!status.switch_back) {
            co_await read_way_back(estate, &status.switch_back, deadline);
        }
        if (status.progress.serving == Side::blue) {
            co_await read_unfilled(estate, &status.unfilled, deadline);
        }
    }
    co_return status;
}

std::vector<std::string> Status::lost_ways_back() const {
    std::vector<std::string> lost;
    for (const auto& [database, count] : lanes_of_run) {
        const auto found = lanes.find(database);
        for (int number = 1; number <= count; ++number) {
            const auto whole = [number](const LaneStatus& one) {
                const auto& state = one.state;
                return one.lane.number == number && one.lane.publisher == to_string(Side::green) &&
                       state.publication && state.subscription && state.slot && state.slot_status != "lost";
            };
            if (found == lanes.end() || std::none_of(found->second.begin(), found->second.end(), whole)) {
                lost.push_back(database + "." + std::to_string(number));
            }
        }
    }
    return lost;
}

std::optional<Refusal> Status::doubt() const {
    return looked ? refusal_of(looked->doubts, progress.serving, progress.epoch, progress.prepared)
                  : std::nullopt;
}

Status::Believed Status::believed() const {
    Believed word{boost::json::string(to_string(progress.serving)), progress.epoch};
    if (!superseded) {
        return word;
    }
    std::int64_t newest = progress.epoch;
    for (const auto& side : sides) {
        for (const auto& [where, database, row] : side.rows) {
            if (row.present && row.run_id != progress.run_id) {
                return {nullptr, nullptr};
            }
            if (row.present && row.epoch > newest) {
                newest = row.epoch;
                word = {boost::json::string(row.serving), row.epoch};
            }
        }
    }
    return word;
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
    if (progress.unserved) {
        return "no client reached " + to_string(progress.serving);
    }
    if (!progress.prepared) {
        return "preparing: " + (progress.last_step.empty() ? "check" : progress.last_step);
    }
    return progress.epoch == 1 ? "prepared" : "watch";
}

} // namespace pgteal::cutover
