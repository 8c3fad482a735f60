#include "replication/marker/positions.hpp"

#include <map>

#include "replication/marker/sql.hpp"

namespace pgteal::replication {

namespace {

/// {"a","b"}: the names of lanes' objects are made of [a-z0-9_].
std::string array_of(const std::vector<Lane>& lanes) {
    std::string text;
    for (const Lane& lane : lanes) {
        text += (text.empty() ? "{" : ",") + lane.object();
    }
    return text + "}";
}

} // namespace

Task<std::vector<LanePositions>> read_positions(postgres::Server& publisher, postgres::Server& subscriber,
                                                std::vector<Lane> lanes, Deadline deadline) {
    std::vector<LanePositions> positions;
    if (lanes.empty()) {
        co_return positions;
    }
    const std::string database = lanes.front().database;
    postgres::Params names{array_of(lanes)};
    std::string applied_text(sql::lane_applied);
    const postgres::Result applied =
        co_await subscriber.exec(database, std::move(applied_text), names, deadline);
    std::map<std::string, std::optional<Lsn>> origins;
    for (int row = 0; row < applied.rows(); ++row) {
        origins[applied.get<std::string>(row, 0)] = applied.get<std::optional<Lsn>>(row, 1);
    }
    std::string confirmed_text(sql::lane_confirmed);
    const postgres::Result confirmed =
        co_await publisher.exec(database, std::move(confirmed_text), std::move(names), deadline);
    std::map<std::string, LanePositions> found;
    for (int row = 0; row < confirmed.rows(); ++row) {
        const auto name = confirmed.get<std::string>(row, 0);
        found[name] = {confirmed.get<bool>(row, 1), confirmed.get<std::optional<Lsn>>(row, 2), origins[name],
                       confirmed.get<Lsn>(row, 3)};
    }
    for (const Lane& lane : lanes) {
        positions.push_back(found[lane.object()]);
    }
    co_return positions;
}

} // namespace pgteal::replication
