#include "replication/marker/lag.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/lane/lane_names.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::replication {

using namespace std::chrono_literals;

namespace {

/// Quick at first, when the marker is on its way; slower once it clearly takes its time.
Clock::duration next_pause(Clock::duration pause) { return std::min<Clock::duration>(pause * 3 / 2, 20ms); }

/// Answers within the time left, and a little later at most: so that a wait that ran out leaves the
/// connection usable.
Deadline answer_by(Deadline deadline) { return std::max(deadline, after(0ms)) + 2s; }

} // namespace

Task<SentMarkers> send_markers(postgres::Connection& publisher, std::vector<int> lanes, Deadline deadline) {
    const std::string token = std::to_string(next_token());
    std::string text =
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\nSET LOCAL synchronous_commit = local;\n";
    for (const int lane : lanes) {
        text += "INSERT INTO " + marker_table(lane) + " AS m (kind, token, at) VALUES ('lag', " + token +
                ", pg_catalog.clock_timestamp())\n  ON CONFLICT (kind) DO UPDATE"
                " SET token = GREATEST(EXCLUDED.token, m.token + 1), at = EXCLUDED.at RETURNING token;\n";
    }
    const std::vector<postgres::Result> results = co_await publisher.script(text + "COMMIT", deadline);
    SentMarkers sent;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        sent[lanes[i]] = results.at(i + 2).get<std::int64_t>(0, 0);
    }
    co_return sent;
}

Task<std::vector<int>> arrived_markers(postgres::Connection& subscriber, SentMarkers sent,
                                       Deadline deadline) {
    std::vector<int> arrived;
    if (sent.empty()) {
        co_return arrived;
    }
    std::string text;
    for (const auto& [lane, token] : sent) {
        text += (text.empty() ? "" : "\nUNION ALL ") + ("SELECT " + std::to_string(lane)) + " FROM " +
                marker_table(lane) + " WHERE kind = 'lag' AND token >= " + std::to_string(token);
    }
    const postgres::Result rows = co_await subscriber.exec(std::move(text), deadline);
    for (int row = 0; row < rows.rows(); ++row) {
        arrived.push_back(rows.get<int>(row, 0));
    }
    co_return arrived;
}

Task<std::vector<int>> arrived_by(postgres::Connection& subscriber, SentMarkers sent, Deadline deadline) {
    std::vector<int> all_arrived;
    Clock::duration pause = 300us;
    while (true) {
        const std::vector<int> arrived = co_await arrived_markers(subscriber, sent, answer_by(deadline));
        for (const int lane : arrived) {
            sent.erase(lane);
            all_arrived.push_back(lane);
        }
        if (sent.empty() || Clock::now() >= deadline) {
            co_return all_arrived;
        }
        co_await sleep_for(pause);
        pause = next_pause(pause);
    }
}

Task<void> await_sent(postgres::Connection& subscriber, std::string database, SentMarkers sent,
                      Deadline deadline) {
    const std::vector<int> arrived = co_await arrived_by(subscriber, sent, deadline);
    for (const int lane : arrived) {
        sent.erase(lane);
    }
    if (sent.empty()) {
        co_return;
    }
    std::string late;
    for (const auto& [lane, token] : sent) {
        late += (late.empty() ? "" : ", ") + (database + ".") + std::to_string(lane);
    }
    throw DeadlinePassed(subscriber.label(),
                         "a marker has not arrived on " + subscriber.label() + " in lane " + late +
                             ": replication stands still or is far behind",
                         "look at the lanes with: pgteal status");
}

namespace {

/// WAL that each lane's slot has not seen confirmed.
Task<std::map<int, Bytes>> unconfirmed(postgres::Connection& publisher, std::vector<Lane> lanes,
                                       Deadline deadline) {
    std::string names;
    for (const Lane& lane : lanes) {
        names += (names.empty() ? "" : ", ") + postgres::quote_literal(lane.object());
    }
    std::string text =
        "SELECT slot_name, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), "
        "confirmed_flush_lsn)::bigint\n"
        "  FROM pg_catalog.pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL AND slot_name IN (" +
        names + ")";
    const postgres::Result rows = co_await publisher.exec(std::move(text), deadline);
    std::map<int, Bytes> bytes;
    for (int row = 0; row < rows.rows(); ++row) {
        for (const Lane& lane : lanes) {
            if (lane.object() == rows.text(row, 0)) {
                bytes[lane.number] = Bytes{rows.get<std::int64_t>(row, 1)};
            }
        }
    }
    co_return bytes;
}

/// Of the lanes that did not answer in time: what the subscriber shows, and since when the next one is
/// awaited.
Task<void> look_back(postgres::Connection& subscriber, std::vector<Lane> lanes, Outstanding* outstanding,
                     std::map<int, Lag>* lags, Deadline deadline) {
    for (const Lane& lane : lanes) {
        Lag& lag = lags->at(lane.number);
        if (lag.arrived) {
            continue;
        }
        const postgres::Result shown = co_await subscriber.exec(
            "SELECT token FROM " + marker_table(lane.number) + " WHERE kind = 'lag'", deadline);
        if (shown.rows() > 0) {
            outstanding->arrived(lane.object(), shown.get<std::int64_t>(0, 0));
        }
        if (const auto oldest = outstanding->oldest(lane.object())) {
            lag.time = std::max(lag.time, Clock::now() - *oldest);
        }
    }
}

} // namespace

void Outstanding::sent(const std::string& slot, std::int64_t token, Clock::time_point when) {
    constexpr std::size_t most = 100'000; // two days of a lane that stands; then the oldest ones do
    auto& markers = sent_[slot];
    if (markers.size() < most) {
        markers[token] = when;
    }
}

void Outstanding::arrived(const std::string& slot, std::int64_t token) {
    auto& markers = sent_[slot];
    markers.erase(markers.begin(), markers.upper_bound(token));
}

std::optional<Clock::time_point> Outstanding::oldest(const std::string& slot) const {
    const auto found = sent_.find(slot);
    return found == sent_.end() || found->second.empty() ? std::nullopt
                                                         : std::optional(found->second.begin()->second);
}

Task<std::map<int, Lag>> measure_lag(postgres::Server& publisher, postgres::Server& subscriber,
                                     std::vector<Lane> lanes, Clock::duration limit,
                                     Outstanding* outstanding) {
    std::map<int, Lag> lags;
    if (lanes.empty()) {
        co_return lags;
    }
    const Deadline answer = after(limit) + 5s;
    postgres::Server::Session writer = co_await publisher.session(lanes.front().database, answer);
    postgres::Server::Session reader = co_await subscriber.session(lanes.front().database, answer);
    std::map<int, Bytes> bytes = co_await unconfirmed(*writer, lanes, answer);
    std::vector<int> numbers;
    std::map<int, std::string> slots;
    for (const Lane& lane : lanes) {
        numbers.push_back(lane.number);
        slots[lane.number] = lane.object();
        const Bytes behind = bytes[lane.number];
        lags[lane.number] =
            Lag{limit, false, std::max(behind, Bytes{}), std::max(Bytes{-behind.count}, Bytes{})};
    }
    SentMarkers waiting = co_await send_markers(*writer, std::move(numbers), answer);
    const Clock::time_point committed = Clock::now();
    if (outstanding != nullptr) {
        for (const Lane& lane : lanes) {
            outstanding->sent(lane.object(), waiting.at(lane.number), committed);
        }
    }
    Clock::duration pause = 300us;
    while (true) {
        const std::vector<int> arrived =
            co_await arrived_markers(*reader, waiting, answer_by(committed + limit));
        const Clock::duration time = Clock::now() - committed;
        for (const int lane : arrived) {
            lags[lane].time = std::min(time, limit);
            lags[lane].arrived = true;
            if (outstanding != nullptr) {
                outstanding->arrived(slots[lane], waiting.at(lane));
            }
            waiting.erase(lane);
        }
        if (waiting.empty() || time >= limit) {
            break;
        }
        co_await sleep_for(std::min(pause, limit - time));
        pause = next_pause(pause);
    }
    if (outstanding != nullptr && !waiting.empty()) {
        co_await look_back(*reader, std::move(lanes), outstanding, &lags, answer_by(committed + limit));
    }
    co_return lags;
}

} // namespace pgteal::replication
