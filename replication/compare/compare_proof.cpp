#include "replication/compare/compare_proof.hpp"

#include <map>

#include "base/error.hpp"
#include "replication/compare/compare_exact.hpp"

namespace pgteal::replication {

using namespace std::chrono_literals;
using postgres::Connection;
using postgres::Server;

namespace {

constexpr std::size_t listed_at_most = 100;
constexpr std::size_t ids_at_once = 1000;
constexpr int moves_before_exact = 4;

/// A row that looked different; `seen` holds what both sides had when it stood still on the serving one.
struct Suspect {
    std::optional<std::pair<Version, Version>> seen;
    int moved = 0;
    bool differed = false; ///< at one and the same commit
};
using Suspects = std::map<std::string, Suspect>;

struct Reading {
    Versions before, standing, after;
};

/// Serving, then a marker through every lane, then standing, then serving again.
Task<Reading> read_around_marker(const ComparedPair& pair, Connection& serving, Connection& standing,
                                 std::vector<std::string> ids) {
    Reading reading;
    reading.before = co_await read_versions(serving, pair.serving, ids, pair.deadline);
    SentMarkers sent = co_await send_markers(serving, pair.lanes, pair.deadline);
    co_await await_watched(standing, pair.database, std::move(sent), pair.deadline, pair.watch);
    reading.standing = co_await read_versions(standing, pair.standing, ids, pair.deadline);
    reading.after = co_await read_versions(serving, pair.serving, ids, pair.deadline);
    co_return reading;
}

constexpr std::size_t kept_at_most = 10000;

/// The migration that the surplus of one side comes from, "" when it is somebody else's. A row that was found
/// to be one once stays it when clients change it.
std::string inserted_by(const ComparedPair& pair, const std::string& id, const Version& more,
                        std::int64_t surplus) {
    if (more.migrated >= surplus) {
        return more.script;
    }
    const auto known = pair.inserted.find(id);
    return known == pair.inserted.end() ? std::string() : known->second;
}

void report(const ComparedPair& pair, TableComparison& result, const std::string& id, const Version& serving,
            const Version& standing) {
    const bool keyed = !pair.serving.key.empty();
    const auto surplus = std::abs(serving.rows - standing.rows);
    const Version& more = serving.rows > standing.rows ? serving : standing;
    const std::string inserted = surplus == 0 ? std::string() : inserted_by(pair, id, more, surplus);
    if (!inserted.empty()) {
        result.migrated_count += surplus;
        if (result.migrated.size() < kept_at_most) {
            result.migrated.emplace(id, inserted);
        }
        return;
    }
    result.difference_count += keyed ? 1 : surplus;
    if (result.differences.size() < listed_at_most) {
        const char* kind = serving.rows > standing.rows   ? "missing"
                           : serving.rows < standing.rows ? "extra"
                                                          : "changed";
        // The side that nobody migrated can't have rows of a migration, nor can lanes bring them there.
        result.differences.push_back({serving.shown.empty() ? standing.shown : serving.shown, kind,
                                      serving.script.empty() ? standing.script : serving.script});
    }
}

/// Takes out of `suspects` what the reading settles. A difference has to be seen twice with nothing changed
/// on either side in between: one look could meet a row that went to another value and back.
void judge(const ComparedPair& pair, Reading& reading, const std::vector<std::string>& ids,
           Suspects& suspects, TableComparison& result) {
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
            report(pair, result, id, after, standing);
            suspects.erase(id);
        } else {
            suspect.seen = {after, standing};
        }
    }
}

/// The same for rows that both sides showed as of one commit. Twice as well: an update that is on its way may
/// heal what somebody just damaged.
void judge_exact(const ComparedPair& pair, ExactReading& reading, Suspects& suspects,
                 TableComparison& result) {
    for (const std::string& id : reading.ids) {
        Suspect& suspect = suspects[id];
        const Version& serving = reading.serving[id];
        const Version& standing = reading.standing[id];
        if (serving.same_data(standing)) {
            suspects.erase(id);
        } else if (suspect.differed) {
            report(pair, result, id, serving, standing);
            suspects.erase(id);
        } else {
            suspect.differed = true;
        }
    }
}

std::vector<std::string> some_of(const std::vector<std::string>& ids, std::size_t first) {
    const std::size_t last = std::min(first + ids_at_once, ids.size());
    return {ids.begin() + static_cast<std::ptrdiff_t>(first),
            ids.begin() + static_cast<std::ptrdiff_t>(last)};
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
    ExactReader exact(pair);
    // Where nothing replicates nothing moves.
    const bool exactly = keyed && !pair.lanes.empty();
    for (int round = 1; !suspects.empty(); ++round) {
        std::vector<std::string> resting;
        std::vector<std::string> moving;
        for (const auto& [id, suspect] : suspects) {
            (exactly && suspect.moved >= moves_before_exact ? moving : resting).push_back(id);
        }
        for (std::size_t first = 0; first < resting.size(); first += ids_at_once) {
            const std::vector<std::string> ids = some_of(resting, first);
            Reading reading = co_await read_around_marker(pair, *serving, *standing, ids);
            judge(pair, reading, ids, suspects, *result);
        }
        for (std::size_t first = 0; first < moving.size(); first += ids_at_once) {
            std::vector<std::string> ids = some_of(moving, first);
            ExactReading reading = co_await exact.read(*serving, *standing, std::move(ids));
            judge_exact(pair, reading, suspects, *result);
        }
        if (suspects.empty()) {
            break;
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
    co_await exact.forget(*serving);
}

} // namespace pgteal::replication
