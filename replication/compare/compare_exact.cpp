#include "replication/compare/compare_exact.hpp"

#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/lane/lane_names.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::replication {

using namespace std::chrono_literals;
using postgres::Connection;
using postgres::quote_literal;
using postgres::Result;
using postgres::Server;

namespace {

constexpr int markers_at_most = 40;
constexpr Clock::duration look_every = 1s;
/// Apply waits for the holder: should this controller be stopped meanwhile, the server ends its transaction.
constexpr const char* hold_limit = "30s";

Clock::duration next_pause(Clock::duration pause) { return std::min<Clock::duration>(pause * 3 / 2, 50ms); }

} // namespace

ExactReader::ExactReader(const ComparedPair& pair)
    : pair_(pair), kind_("compare " + std::to_string(next_token())) {}

std::string ExactReader::write_marker(std::int64_t token) const {
    // No flush between the two readings of the rows: it would only make it likelier that they are written.
    std::string text = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = off; "
                       "SET LOCAL lock_timeout = '1s'; ";
    for (const int lane : pair_.lanes) {
        text += "INSERT INTO " + marker_table(lane) + " AS m (kind, token, at) VALUES (" +
                quote_literal(kind_) + ", " + std::to_string(token) +
                ", pg_catalog.clock_timestamp()) ON CONFLICT (kind) DO UPDATE SET token = EXCLUDED.token, "
                "at = EXCLUDED.at; ";
    }
    return text + "COMMIT";
}

/// Only what is flushed is sent to a lane, and a flush covers all before it.
constexpr const char* flush_serving =
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = local; "
    "SELECT pg_catalog.pg_logical_emit_message(true, 'pgteal', 'compare'); COMMIT";

std::string ExactReader::shown_tokens(const std::string& suffix) const {
    std::string text;
    for (const int lane : pair_.lanes) {
        text += (text.empty() ? "" : "; ") + ("SELECT token FROM " + marker_table(lane)) +
                " WHERE kind = " + quote_literal(kind_) + suffix;
    }
    return text;
}

/// The marker that was sent last is there in every lane, so that no older one of ours is on its way.
Task<void> ExactReader::await_arrival(Connection& standing) {
    Clock::duration pause = 1ms;
    Clock::time_point looked = Clock::now();
    while (true) {
        const std::vector<Result> shown = co_await standing.script(shown_tokens(""), pair_.deadline);
        const bool there = std::ranges::all_of(shown, [this](const Result& lane) {
            return lane.rows() == 1 && lane.get<std::int64_t>(0, 0) == sent_;
        });
        if (there) {
            co_return;
        }
        if (pair_.watch != nullptr && Clock::now() - looked >= look_every) {
            co_await pair_.watch->look();
            looked = Clock::now();
        }
        co_await sleep_for(pause);
        pause = next_pause(pause);
    }
}

/// Locks the marker's rows on the standing side, in a transaction that stays open.
Task<bool> ExactReader::hold(Connection& holder) {
    const std::string text = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " +
                             compare_limits(pair_.deadline) +
                             "; SET LOCAL idle_in_transaction_session_timeout = '" + hold_limit + "'; " +
                             shown_tokens(" FOR UPDATE");
    const std::vector<Result> results = co_await holder.script(text, pair_.deadline);
    const std::size_t first = results.size() - pair_.lanes.size();
    bool all = true;
    for (std::size_t i = first; i < results.size(); ++i) {
        all = all && results[i].rows() == 1 && results[i].get<std::int64_t>(0, 0) == sent_;
    }
    co_return all;
}

/// One marker, with the rows before and behind it; those that stayed as they were.
Task<ExactReading> ExactReader::try_once(Connection& serving, const std::vector<std::string>& ids) {
    sent_ = next_token();
    const std::string rows = identities_sql(pair_.serving, ids);
    const std::string text = reading(rows, pair_.deadline) + "; " + write_marker(sent_) + "; " +
                             reading(rows, pair_.deadline) + "; " + flush_serving;
    const std::vector<Result> results = co_await serving.script(text, pair_.deadline);
    std::vector<const Result*> read;
    for (const Result& result : results) {
        if (result.columns() == versions_columns) {
            read.push_back(&result);
        }
    }
    Versions before = versions_of(*read.at(0));
    Versions behind = versions_of(*read.at(1));
    ExactReading found;
    for (const std::string& id : ids) {
        if (before[id].untouched(behind[id])) {
            found.ids.push_back(id);
        }
    }
    found.serving = std::move(behind);
    co_return found;
}

/// Until the apply worker of every lane waits for the holder, that is in front of the marker.
Task<void> ExactReader::await_blocked(Connection& holder) {
    std::string names;
    for (const std::string& name : pair_.subscriptions) {
        names += (names.empty() ? "" : ", ") + quote_literal(name);
    }
    const std::string text =
        "SELECT count(DISTINCT w.subname) FROM pg_catalog.pg_stat_subscription w WHERE w.subname IN (" +
        names +
        ") AND w.pid IS NOT NULL AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(w.pid))";
    Clock::duration pause = 1ms;
    Clock::time_point looked = Clock::now();
    while (true) {
        const Result waiting = co_await holder.exec(text, pair_.deadline);
        if (waiting.get<std::size_t>(0, 0) == pair_.subscriptions.size()) {
            co_return;
        }
        if (pair_.watch != nullptr && Clock::now() - looked >= look_every) {
            co_await pair_.watch->look();
            looked = Clock::now();
        }
        co_await sleep_for(pause);
        pause = next_pause(pause);
    }
}

Task<ExactReading> ExactReader::read(Connection& serving, Connection& standing,
                                     std::vector<std::string> ids) {
    if (sent_ == 0) { // the row has to be there before it can be locked
        sent_ = next_token();
        co_await serving.script(write_marker(sent_) + "; " + flush_serving, pair_.deadline);
    }
    Server::Session holder = co_await pair_.standing_server->session(pair_.database, pair_.deadline);
    ExactReading found;
    for (int markers = 0; markers < markers_at_most && found.ids.empty(); ++markers) {
        co_await await_arrival(standing);
        const bool held = co_await hold(*holder);
        if (held) {
            found = co_await try_once(serving, ids);
        }
        if (!found.ids.empty()) {
            co_await await_blocked(*holder);
            const std::string rows = identities_sql(pair_.standing, found.ids);
            found.standing = co_await read_versions(standing, rows, pair_.deadline);
        }
        co_await holder->script("ROLLBACK", pair_.deadline);
    }
    co_return found;
}

Task<void> ExactReader::forget(Connection& serving) {
    if (sent_ == 0) {
        co_return;
    }
    std::string text = "BEGIN READ WRITE; SET LOCAL synchronous_commit = off; ";
    for (const int lane : pair_.lanes) {
        text += "DELETE FROM " + marker_table(lane) + " WHERE kind = " + quote_literal(kind_) + "; ";
    }
    co_await serving.script(text + "COMMIT", pair_.deadline);
}

} // namespace pgteal::replication
