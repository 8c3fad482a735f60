#include "replication/compare_table.hpp"

#include <map>

namespace pgteal::replication {

using postgres::Connection;
using postgres::Result;
using postgres::Server;

namespace {

/// Rows held in memory at a time, from each side.
constexpr std::int64_t rows_at_once = 100000;
/// Beyond this many the table is known to be wrong; counting on would take a scan of both sides for each few
/// thousand.
constexpr std::int64_t enough_differences = 10000;

constexpr const char* begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1";

Task<void> exec_into(Connection& connection, std::string text, Deadline deadline, Result* result) {
    *result = co_await connection.exec(std::move(text), deadline);
}

struct Both {
    Result serving, standing;
};

/// The same question to both sides at once.
Task<Both> ask_both(Connection& serving, std::string serving_text, Connection& standing,
                    std::string standing_text, Deadline deadline) {
    Both both;
    std::vector<Task<void>> tasks;
    tasks.push_back(exec_into(serving, std::move(serving_text), deadline, &both.serving));
    tasks.push_back(exec_into(standing, std::move(standing_text), deadline, &both.standing));
    co_await all(std::move(tasks));
    co_return both;
}

/// Count and content (a sum or a hash) by name (a bucket or an identity).
using Sums = std::map<std::string, std::pair<std::int64_t, std::string>>;

Sums sums_of(const Result& rows) {
    Sums sums;
    for (int row = 0; row < rows.rows(); ++row) {
        auto& sum = sums[rows.get<std::string>(row, 0)];
        sum.first += rows.get<std::int64_t>(row, 1);
        sum.second = rows.get<std::string>(row, 2);
    }
    return sums;
}

/// Names whose count or content differ, with the larger count.
std::vector<std::pair<std::string, std::int64_t>> differing(const Sums& serving, const Sums& standing) {
    std::vector<std::pair<std::string, std::int64_t>> names;
    for (const auto& [name, sum] : serving) {
        const auto other = standing.find(name);
        if (other == standing.end()) {
            names.emplace_back(name, sum.first);
        } else if (other->second != sum) {
            names.emplace_back(name, std::max(sum.first, other->second.first));
        }
    }
    for (const auto& [name, sum] : standing) {
        if (!serving.contains(name)) {
            names.emplace_back(name, sum.first);
        }
    }
    return names;
}

/// Buckets that differ, in groups of at most rows_at_once rows (or one bucket).
std::vector<std::vector<std::string>> bucket_groups(const Both& buckets) {
    std::vector<std::vector<std::string>> groups;
    std::int64_t held = rows_at_once;
    for (auto& [bucket, rows] : differing(sums_of(buckets.serving), sums_of(buckets.standing))) {
        if (held + rows > rows_at_once) {
            groups.emplace_back();
            held = 0;
        }
        held += rows;
        groups.back().push_back(bucket);
    }
    return groups;
}

std::vector<std::string> differing_rows(const Both& rows) {
    std::vector<std::string> ids;
    for (auto& [id, count] : differing(sums_of(rows.serving), sums_of(rows.standing))) {
        ids.push_back(id);
    }
    return ids;
}

/// Snapshots on both sides right behind one marker.
Task<void> take_snapshots(const ComparedPair& pair, Connection& serving, Connection& standing) {
    SentMarkers sent = co_await send_markers(serving, pair.lanes, pair.deadline);
    co_await serving.script(begin_snapshot, pair.deadline);
    co_await await_watched(standing, pair.database, std::move(sent), pair.deadline, pair.watch);
    co_await standing.script(begin_snapshot, pair.deadline);
}

} // namespace

Task<void> compare_table(const ComparedPair& pair, TableComparison* result) {
    Server::Session serving = co_await pair.serving_server->session(pair.database, pair.deadline);
    Server::Session standing = co_await pair.standing_server->session(pair.database, pair.deadline);
    co_await take_snapshots(pair, *serving, *standing);

    const Both whole = co_await ask_both(*serving, whole_sql(pair.serving), *standing,
                                         whole_sql(pair.standing), pair.deadline);
    result->rows = whole.serving.get<std::int64_t>(0, 0);
    const std::int64_t standing_rows = whole.standing.get<std::int64_t>(0, 0);
    std::vector<std::vector<std::string>> groups;
    int digits = 0;
    if (result->rows != standing_rows || whole.serving.text(0, 1) != whole.standing.text(0, 1)) {
        digits = bucket_digits(std::max(result->rows, standing_rows));
        if (digits == 0) {
            groups.emplace_back();
        } else {
            const Both buckets = co_await ask_both(*serving, buckets_sql(pair.serving, digits), *standing,
                                                   buckets_sql(pair.standing, digits), pair.deadline);
            groups = bucket_groups(buckets);
        }
    }
    for (const std::vector<std::string>& group : groups) {
        const Both rows = co_await ask_both(*serving, rows_sql(pair.serving, digits, group), *standing,
                                            rows_sql(pair.standing, digits, group), pair.deadline);
        std::vector<std::string> candidates = differing_rows(rows);
        co_await prove(pair, std::move(candidates), result);
        if (result->difference_count >= enough_differences && &group != &groups.back()) {
            result->counted_all = false;
            break;
        }
    }
    co_await serving->script("COMMIT", pair.deadline);
    co_await standing->script("COMMIT", pair.deadline);
}

} // namespace pgteal::replication
