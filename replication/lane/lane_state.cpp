// What both sides' catalogs say of lanes.
#include <algorithm>

#include "replication/lane/lane_names.hpp"
#include "replication/lane/lanes.hpp"
#include "replication/lane/partitions.hpp"
#include "replication/lane/sql.hpp"

namespace pgteal::replication {

namespace {

constexpr int subscription_stats_since = 150000;

std::vector<std::string> sorted(std::vector<std::string> names) {
    std::ranges::sort(names);
    return names;
}

Task<void> read_publisher(postgres::Server& server, Lane lane, LaneState* state, Deadline deadline) {
    std::string text(sql::lane_publisher);
    postgres::Params params;
    params.emplace_back(lane.object());
    const postgres::Result row =
        co_await server.exec(lane.database, std::move(text), std::move(params), deadline);
    state->publication = row.get<bool>(0, "publication");
    state->published = sorted(row.get<std::vector<std::string>>(0, "published"));
    state->slot = row.get<bool>(0, "slot");
    state->slot_active = row.get<bool>(0, "slot_active");
    state->slot_status = row.get<std::string>(0, "slot_status");
    state->confirmed_flush = row.get<std::optional<Lsn>>(0, "confirmed_flush");
    state->retained = Bytes{row.get<std::int64_t>(0, "retained")};
    if (const auto limit = row.get<std::optional<std::int64_t>>(0, "retained_limit")) {
        state->retained_limit = Bytes{*limit};
    }
}

Task<void> read_subscriber(postgres::Server& server, Lane lane, LaneState* state, Deadline deadline) {
    postgres::Server::Session session = co_await server.session(lane.database, deadline);
    postgres::Params params;
    params.emplace_back(lane.object());
    std::string text(sql::lane_subscriber);
    const postgres::Result row = co_await session->exec(std::move(text), params, deadline);
    state->subscription = row.get<bool>(0, "subscription");
    state->enabled = row.get<bool>(0, "enabled");
    state->worker = row.get<bool>(0, "worker");
    state->subscribed = sorted(row.get<std::vector<std::string>>(0, "subscribed"));
    state->not_ready = sorted(row.get<std::vector<std::string>>(0, "not_ready"));
    if (session->server_version() >= subscription_stats_since) {
        std::string errors_text(sql::lane_errors);
        const postgres::Result errors =
            co_await session->exec(std::move(errors_text), std::move(params), deadline);
        state->apply_errors = errors.get<std::int64_t>(0, 0);
    }
}

} // namespace

Task<LaneState> read_lane(postgres::Server& publisher, postgres::Server& subscriber, Lane lane,
                          Deadline deadline) {
    LaneState state;
    std::vector<Task<void>> reads;
    reads.push_back(read_publisher(publisher, lane, &state, deadline));
    reads.push_back(read_subscriber(subscriber, lane, &state, deadline));
    co_await all(std::move(reads));
    if (state.subscription && state.subscribed != state.published) {
        // A partition that a client has just made, and that is on its way, is no difference.
        const auto born = co_await born_partitions(publisher, lane.database, deadline);
        const auto once = [&born](std::vector<std::string>* names, const std::vector<std::string>& others) {
            std::erase_if(*names, [&](const auto& name) {
                return born.contains(name) && std::ranges::find(others, name) == others.end();
            });
        };
        const auto published = state.published;
        once(&state.published, state.subscribed);
        once(&state.subscribed, published);
    }
    co_return state;
}

Task<std::vector<std::string>> stray_objects(postgres::Server& server, std::string database, std::string run,
                                             std::vector<Lane> lanes, Deadline deadline) {
    std::string text(sql::lane_objects);
    postgres::Params none;
    const postgres::Result rows = co_await server.exec(database, std::move(text), std::move(none), deadline);
    std::set<std::string> known;
    for (const Lane& lane : lanes) {
        known.insert(lane.object());
    }
    std::vector<std::string> stray;
    for (int row = 0; row < rows.rows(); ++row) {
        std::string name = rows.get<std::string>(row, 0);
        if (is_lane_object(name, run, database) && !known.contains(name)) {
            stray.push_back(std::move(name));
        }
    }
    co_return sorted(std::move(stray));
}

} // namespace pgteal::replication
