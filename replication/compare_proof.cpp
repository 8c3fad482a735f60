#include "replication/compare_proof.hpp"

#include <map>

#include "postgres/error.hpp"

namespace pgteal::replication {

using namespace std::chrono_literals;
using postgres::Connection;
using postgres::Result;
using postgres::Server;

namespace {

constexpr std::size_t listed_at_most = 100;
constexpr std::size_t ids_at_once = 1000;
constexpr int moves_before_lock = 4;

/// What one side has of one identity at one moment.
struct Version {
    std::int64_t rows = 0;
    std::string content;
    std::string place; ///< means something on the side it was read from only
    std::string shown;

    [[nodiscard]] bool same_data(const Version& other) const {
        return rows == other.rows && content == other.content;
    }
    [[nodiscard]] bool untouched(const Version& other) const {
        return same_data(other) && place == other.place;
    }
};
using Versions = std::map<std::string, Version>;

/// A row that looked different; `seen` holds what both sides had when it stood still on the serving one.
struct Suspect {
    std::optional<std::pair<Version, Version>> seen;
    int moved = 0;
};
using Suspects = std::map<std::string, Suspect>;

struct Reading {
    Versions before, standing, after;
};

Versions versions_of(const Result& rows) {
    Versions versions;
    for (int row = 0; row < rows.rows(); ++row) {
        Version& version = versions[rows.get<std::string>(row, 0)];
        version.rows += rows.get<std::int64_t>(row, 1);
        version.content = rows.get<std::string>(row, 2);
        version.place = rows.get<std::string>(row, 3);
        version.shown = rows.get<std::string>(row, 4);
    }
    return versions;
}

Task<Versions> read_versions(Connection& connection, std::string text, Deadline deadline) {
    const Result rows = co_await connection.exec(std::move(text), deadline);
    co_return versions_of(rows);
}

/// Serving, then a marker through every lane, then standing, then serving again.
Task<Reading> read_around_marker(const ComparedPair& pair, Connection& serving, Connection& standing,
                                 std::vector<std::string> ids) {
    Reading reading;
    reading.before = co_await read_versions(serving, identities_sql(pair.serving, ids), pair.deadline);
    SentMarkers sent = co_await send_markers(serving, pair.lanes, pair.deadline);
    co_await await_watched(standing, pair.database, std::move(sent), pair.deadline, pair.watch);
    reading.standing = co_await read_versions(standing, identities_sql(pair.standing, ids), pair.deadline);
    reading.after = co_await read_versions(serving, identities_sql(pair.serving, ids), pair.deadline);
    co_return reading;
}

/// The same while the row is locked on the serving side, for rows that are written again and again: a few ms,
/// and it waits at most 200 ms for the lock. False when it did not get it.
Task<bool> read_locked(const ComparedPair& pair, Connection& serving, Connection& standing, std::string id,
                       Reading* reading) {
    Server::Session locker = co_await pair.serving_server->session(pair.database, pair.deadline);
    bool locked = true;
    try {
        co_await locker->script(
            "BEGIN READ WRITE; SET LOCAL lock_timeout = '200ms'; SET LOCAL synchronous_commit = off; " +
                lock_sql(pair.serving, id),
            pair.deadline);
    } catch (const ServerError& error) {
        // lock_not_available, deadlock_detected: the next round tries again.
        if (error.sqlstate() != "55P03" && error.sqlstate() != "40P01") {
            throw;
        }
        locked = false;
    }
    if (locked) {
        std::vector<std::string> ids;
        ids.push_back(std::move(id));
        *reading = co_await read_around_marker(pair, serving, standing, std::move(ids));
    }
    co_await locker->script("ROLLBACK", pair.deadline);
    co_return locked;
}

void report(TableComparison& result, const Version& serving, const Version& standing, bool keyed) {
    result.difference_count += keyed ? 1 : std::abs(serving.rows - standing.rows);
    if (result.differences.size() < listed_at_most) {
        const char* kind = serving.rows > standing.rows   ? "missing"
                           : serving.rows < standing.rows ? "extra"
                                                          : "changed";
        result.differences.push_back({serving.shown.empty() ? standing.shown : serving.shown, kind});
    }
}

/// Takes out of `suspects` what the reading settles. A difference has to be seen twice with nothing changed
/// on either side in between: one look could meet a row that went to another value and back.
void judge(Reading& reading, const std::vector<std::string>& ids, Suspects& suspects, TableComparison& result,
           bool keyed) {
    for (const std::string& id : ids) {
        Suspect& suspect = suspects[id];
        const Version& before = reading.before[id];
        const Version& standing = reading.standing[id];
        const Version& after = reading.after[id];
        if (standing.same_data(before) || standing.same_data(after)) {
            suspects.erase(id);
        } else if (!before.untouched(after)) {
            suspect.seen.reset();
            ++suspect.moved;
        } else if (suspect.seen && suspect.seen->first.untouched(after) &&
                   suspect.seen->second.untouched(standing)) {
            report(result, after, standing, keyed);
            suspects.erase(id);
        } else {
            suspect.seen = {after, standing};
        }
    }
}

} // namespace

Task<void> prove(const ComparedPair& pair, std::vector<std::string> candidates, TableComparison* result) {
    const bool keyed = !pair.serving.key.empty();
    Suspects suspects;
    for (std::string& id : candidates) {
        suspects.emplace(std::move(id), Suspect{});
    }
    Server::Session serving = co_await pair.serving_server->session(pair.database, pair.deadline);
    Server::Session standing = co_await pair.standing_server->session(pair.database, pair.deadline);
    for (int round = 1; !suspects.empty(); ++round) {
        std::vector<std::string> resting;
        std::vector<std::string> moving;
        for (const auto& [id, suspect] : suspects) {
            (keyed && suspect.moved >= moves_before_lock ? moving : resting).push_back(id);
        }
        for (std::size_t first = 0; first < resting.size(); first += ids_at_once) {
            const std::size_t last = std::min(first + ids_at_once, resting.size());
            const std::vector<std::string> ids(resting.begin() + static_cast<std::ptrdiff_t>(first),
                                               resting.begin() + static_cast<std::ptrdiff_t>(last));
            Reading reading = co_await read_around_marker(pair, *serving, *standing, ids);
            judge(reading, ids, suspects, *result, keyed);
        }
        for (const std::string& id : moving) {
            Reading reading;
            const bool locked = co_await read_locked(pair, *serving, *standing, id, &reading);
            if (locked) {
                std::vector<std::string> ids;
                ids.push_back(id);
                judge(reading, ids, suspects, *result, keyed);
            }
        }
        if (suspects.empty()) {
            co_return;
        }
        if (Clock::now() >= pair.deadline) {
            throw DeadlinePassed(
                pair.standing_server->name(),
                std::to_string(suspects.size()) + " rows of " + pair.serving.display +
                    " never stood still long enough to compare them",
                "compare again with more time, or when there is less traffic: pgteal compare");
        }
        co_await sleep_for(std::min<Clock::duration>(round * 5ms, 100ms));
    }
}

} // namespace pgteal::replication
