#include "replication/marker/continuity.hpp"

#include <map>

#include "postgres/quote.hpp"
#include "replication/lane/lane_names.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::replication {

namespace {

constexpr int slot_statistics_since = 140000;

std::string names_of(const std::vector<Lane>& lanes) {
    std::string names;
    for (const Lane& lane : lanes) {
        names += (names.empty() ? "" : ", ") + postgres::quote_literal(lane.object());
    }
    return "ARRAY[" + names + "]::text[]";
}

/// Statistics that a crash or an operator reset say nothing of a slot: then those of the bgwriter, or the
/// slot's own time of reset, have another time. Neither do those from before a switch: an idle slot may be
/// made anew.
std::string remember_statistics(const std::string& names) {
    return "INSERT INTO pgteal.slots AS s (name, decoded, era, made_anew)\n"
           "  SELECT t.slot_name, t.total_txns, pg_catalog.concat(b.stats_reset, ' ', t.stats_reset, ' ', "
           "r.epoch), ''\n"
           "    FROM pg_catalog.pg_stat_replication_slots t, pg_catalog.pg_stat_bgwriter b, pgteal.run r\n"
           "   WHERE t.slot_name = ANY (" +
           names +
           ")\n"
           "  ON CONFLICT (name) DO UPDATE SET decoded = excluded.decoded, era = excluded.era,\n"
           "    made_anew = CASE WHEN s.era <> excluded.era THEN '' WHEN s.made_anew <> '' THEN s.made_anew\n"
           "      WHEN excluded.decoded < s.decoded THEN pg_catalog.to_char(pg_catalog.clock_timestamp() AT "
           "TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') ELSE '' END;\n";
}

} // namespace

Task<std::vector<SlotLook>> look_at_slots(postgres::Server& publisher, std::vector<Lane> lanes,
                                          Deadline deadline) {
    std::vector<SlotLook> looks;
    if (lanes.empty()) {
        co_return looks;
    }
    const std::string names = names_of(lanes);
    auto session = co_await publisher.session(lanes.front().database, deadline);
    std::string text =
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\nSET LOCAL synchronous_commit = local;\n";
    if (session->server_version() >= slot_statistics_since) {
        text += remember_statistics(names);
    }
    const std::string token = std::to_string(next_token());
    for (const Lane& lane : lanes) {
        text += "UPDATE " + lane.marker_table() + " SET previous = token, token = greatest(" + token +
                ", token + 1), at = pg_catalog.clock_timestamp() WHERE kind = 'look';\n";
    }
    text +=
        "COMMIT;\nSELECT n.name, r.slot_name IS NOT NULL, coalesce(s.made_anew, '') FROM pg_catalog.unnest(" +
        names +
        ") n (name)\n  LEFT JOIN pg_catalog.pg_replication_slots r ON r.slot_name = n.name LEFT JOIN "
        "pgteal.slots s ON s.name = n.name";
    const std::vector<postgres::Result> results = co_await session->script(std::move(text), deadline);
    const postgres::Result& rows = results.back();
    std::map<std::string, SlotLook> found;
    for (int row = 0; row < rows.rows(); ++row) {
        found[rows.get<std::string>(row, 0)] = {rows.get<bool>(row, 1), rows.get<std::string>(row, 2)};
    }
    for (const Lane& lane : lanes) {
        looks.push_back(found[lane.object()]);
    }
    co_return looks;
}

Task<std::vector<std::string>> gaps_seen(postgres::Server& subscriber, std::vector<Lane> lanes,
                                         Deadline deadline) {
    std::vector<std::string> gaps;
    if (lanes.empty()) {
        co_return gaps;
    }
    std::string text;
    for (const Lane& lane : lanes) {
        text += (text.empty() ? "SELECT " : ", ") +
                ("coalesce((SELECT detail ->> 'gap' FROM " + lane.marker_table()) +
                " WHERE kind = 'look'), '')";
    }
    postgres::Params none;
    const postgres::Result row =
        co_await subscriber.exec(lanes.front().database, std::move(text), std::move(none), deadline);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        gaps.push_back(row.get<std::string>(0, static_cast<int>(i)));
    }
    co_return gaps;
}

postgres::Statement forget_breaks(const std::string& database, int lanes) {
    std::string text = "BEGIN READ WRITE;\nUPDATE pgteal.slots SET made_anew = '' WHERE made_anew <> '';\n";
    for (int lane = 1; lane <= lanes; ++lane) {
        text += "UPDATE " + marker_table(lane) + " SET detail = NULL WHERE kind = 'look';\n";
    }
    return {database, text + "COMMIT", {}};
}

} // namespace pgteal::replication
