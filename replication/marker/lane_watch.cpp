#include "replication/marker/lane_watch.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::replication {

using namespace std::chrono_literals;

namespace {

constexpr Clock::duration look_every = 1s;
constexpr Clock::duration answer_limit = 20s;

std::string direction_of(const Lane& lane, const std::string& subscriber) {
    return "lane " + lane.name() + " (" + lane.publisher + " > " + subscriber + ")";
}

[[noreturn]] void throw_failure(ErrorCode code, const LaneFailure& failure) {
    throw Error(code, failure.side, failure.message, failure.hint);
}

} // namespace

std::optional<LaneFailure> failure_of(const Lane& lane, const LaneState& state,
                                      const std::string& subscriber) {
    const std::string name = direction_of(lane, subscriber);
    const bool on_publisher = !state.publication || !state.slot;
    if (on_publisher || !state.subscription) {
        const std::string what = !state.publication ? "publication" : !state.slot ? "slot" : "subscription";
        const std::string& side = on_publisher ? lane.publisher : subscriber;
        return LaneFailure{
            side, name + " is not there: " + what + " " + lane.object() + " is missing on " + side,
            "pgteal prepare goes on with a run that is not prepared yet; if it was dropped since, pgteal "
            "abort and pgteal prepare: the data has to be copied again"};
    }
    if (state.slot_status == "lost") {
        return LaneFailure{lane.publisher,
                           name + " lost WAL that " + subscriber +
                               " still needs (max_slot_wal_keep_size on " + lane.publisher + ")",
                           "pgteal abort, then pgteal prepare: the data has to be copied again"};
    }
    if (!state.enabled) {
        return LaneFailure{
            subscriber,
            name + " is not running: subscription " + lane.object() + " on " + subscriber + " is disabled",
            "on " + subscriber + ", database " + lane.database +
                ":  SET default_transaction_read_only = off; SET pgteal.ddl = on; ALTER SUBSCRIPTION " +
                postgres::quote_identifier(lane.object()) + " ENABLE;   then the same command again"};
    }
    return std::nullopt;
}

LaneFailure no_worker(const Lane& lane, const std::string& subscriber, Clock::duration absent) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(absent).count();
    return {subscriber,
            direction_of(lane, subscriber) + " is not running: the apply worker of " + lane.object() +
                " was not seen on " + subscriber + " for " + std::to_string(seconds) +
                " s: it fails, or can't start",
            "the log of " + subscriber +
                " says why; mend it, then the same command again. pgteal status "
                "shows the lanes"};
}

void LaneWatch::judge(const Lane& lane, const LaneState& state) {
    if (const auto failure = failure_of(lane, state, subscriber_.name())) {
        throw_failure(ErrorCode::conflict, *failure);
    }
    const auto now = Clock::now();
    const auto [at, first] = seen_.try_emplace(lane.object(), Seen{now, state.apply_errors});
    Seen& seen = at->second;
    if (state.apply_errors >= seen.apply_errors + 2) {
        throw Error(ErrorCode::conflict, subscriber_.name(),
                    direction_of(lane, subscriber_.name()) + " is not running: its apply worker on " +
                        subscriber_.name() + " fails again and again",
                    "the log of " + subscriber_.name() +
                        " says why; mend it, then the same command again. pgteal status shows the lanes");
    }
    if (state.worker) {
        seen.worker = now;
    } else if (now - seen.worker >= absent_limit) {
        throw_failure(ErrorCode::conflict, no_worker(lane, subscriber_.name(), now - seen.worker));
    }
}

Task<void> LaneWatch::look() {
    if (Clock::now() < next_look_) {
        co_return;
    }
    next_look_ = Clock::now() + look_every;
    for (const Lane& lane : lanes_) {
        const LaneState state = co_await read_lane(publisher_, subscriber_, lane, after(answer_limit));
        judge(lane, state);
    }
}

Task<void> await_watched(postgres::Connection& subscriber, std::string database, SentMarkers sent,
                         Deadline deadline, LaneWatch* watch) {
    while (!sent.empty() && Clock::now() < deadline) {
        const Deadline slice = std::min(deadline, after(look_every));
        const std::vector<int> arrived = co_await arrived_by(subscriber, sent, slice);
        for (const int lane : arrived) {
            sent.erase(lane);
        }
        if (!sent.empty() && watch != nullptr) {
            co_await watch->look();
        }
    }
    co_await await_sent(subscriber, std::move(database), std::move(sent), deadline);
}

Task<std::optional<LaneFailure>> await_running(postgres::Server& publisher, postgres::Server& subscriber,
                                               std::vector<Lane> lanes) {
    const auto began = Clock::now();
    bool waited = false;
    auto there_since = began;
    while (true) {
        std::optional<LaneFailure> absent;
        for (const Lane& lane : lanes) {
            const LaneState state = co_await read_lane(publisher, subscriber, lane, after(answer_limit));
            if (auto failure = failure_of(lane, state, subscriber.name())) {
                co_return failure;
            }
            if (!state.worker && !absent) {
                absent = no_worker(lane, subscriber.name(), Clock::now() - began);
            }
        }
        const auto now = Clock::now();
        there_since = absent ? now : there_since;
        if (!absent && (!waited || now - there_since >= 2s)) {
            co_return std::nullopt;
        }
        if (now - began >= 8s) {
            co_return absent; // or it came late: what waits next goes on watching
        }
        waited = true;
        co_await sleep_for(250ms);
    }
}

Task<void> require_running(postgres::Server& publisher, postgres::Server& subscriber,
                           std::vector<Lane> lanes) {
    if (const auto failure = co_await await_running(publisher, subscriber, std::move(lanes))) {
        throw_failure(ErrorCode::refused, *failure);
    }
}

namespace {

/// How far the slowest slot is from `position`.
Task<Bytes> behind(postgres::Server& publisher, postgres::Server& subscriber, std::vector<Lane> lanes,
                   Lsn position) {
    Bytes most{};
    for (const Lane& lane : lanes) {
        const LaneState state = co_await read_lane(publisher, subscriber, lane, after(answer_limit));
        if (state.confirmed_flush && *state.confirmed_flush < position) {
            most = std::max(most, position - *state.confirmed_flush);
        }
    }
    co_return most;
}

} // namespace

Task<void> await_caught_up(postgres::Server& publisher, postgres::Server& subscriber, std::vector<Lane> lanes,
                           Deadline deadline, std::function<void(Bytes behind)> waiting) {
    if (lanes.empty()) {
        co_return;
    }
    const std::string database = lanes.front().database;
    std::vector<int> numbers;
    for (const Lane& lane : lanes) {
        numbers.push_back(lane.number);
    }
    SentMarkers sent;
    Lsn position{};
    {
        postgres::Server::Session writer = co_await publisher.session(database, after(answer_limit));
        sent = co_await send_markers(*writer, std::move(numbers), after(answer_limit));
        const postgres::Result row =
            co_await writer->exec("SELECT pg_catalog.pg_current_wal_lsn()", {}, after(answer_limit));
        position = row.get<Lsn>(0, 0);
    }
    LaneWatch watch(publisher, subscriber, lanes);
    while (true) {
        const Deadline slice = std::min(deadline, after(look_every));
        std::vector<int> arrived;
        {
            postgres::Server::Session reader = co_await subscriber.session(database, after(answer_limit));
            arrived = co_await arrived_by(*reader, sent, slice);
        }
        for (const int lane : arrived) {
            sent.erase(lane);
        }
        if (sent.empty()) {
            co_return;
        }
        co_await watch.look();
        const Bytes left = co_await behind(publisher, subscriber, lanes, position);
        if (Clock::now() >= deadline) {
            throw DeadlinePassed(subscriber.name(),
                                 "database " + database + " on " + subscriber.name() + " is still " +
                                     to_string(left) + " behind",
                                 "look at the lanes with: pgteal status");
        }
        waiting(left);
    }
}

} // namespace pgteal::replication
