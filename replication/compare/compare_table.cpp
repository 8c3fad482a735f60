#include "replication/compare/compare_table.hpp"

#include <map>

#include "replication/compare/compare_slices.hpp"
#include "replication/compare/compare_versions.hpp"

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

/// What is known of a bucket or an identity.
struct Sum {
    std::int64_t rows = 0;
    std::uint64_t hashes = 0; ///< of the rows in a bucket
    std::string content;      ///< of a row

    bool operator==(const Sum&) const = default;
};
using Sums = std::map<std::string, Sum>;

struct Question {
    int digits = 0;
    std::vector<std::string> buckets;
    bool each_row = false; ///< of these buckets; else sums of all
};

class SumsReader : public SliceReader {
public:
    SumsReader(const ComparedTable& table, const Question& question) : table_(table), question_(question) {}
    void begin() override { sums.clear(); }
    [[nodiscard]] std::string text(const std::string& slice) const override {
        return question_.each_row ? rows_sql(table_, question_.digits, question_.buckets, slice)
                                  : buckets_sql(table_, question_.digits, slice);
    }
    void take(const Result& rows) override {
        for (int row = 0; row < rows.rows(); ++row) {
            Sum& sum = sums[rows.get<std::string>(row, 0)];
            sum.rows += rows.get<std::int64_t>(row, 1);
            if (question_.each_row) {
                sum.content = rows.get<std::string>(row, 2);
            } else {
                sum.hashes += rows.get<std::uint64_t>(row, 2);
            }
        }
    }

    Sums sums;

private:
    const ComparedTable& table_;
    const Question& question_;
};

struct Both {
    Sums serving, standing;
};

Task<void> ask(Connection* connection, const ComparedTable* table, const Question* question,
               Deadline deadline, Sums* sums) {
    SumsReader reader(*table, *question);
    co_await read_slices(*connection, *table, reader, deadline);
    *sums = std::move(reader.sums);
}

/// The same question to both sides at once.
Task<Both> ask_both(const ComparedPair* pair, Connection* serving, Connection* standing, Question question) {
    Both both;
    std::vector<Task<void>> tasks;
    tasks.push_back(ask(serving, &pair->serving, &question, pair->deadline, &both.serving));
    tasks.push_back(ask(standing, &pair->standing, &question, pair->deadline, &both.standing));
    co_await all(std::move(tasks));
    co_return both;
}

/// Names whose count or content differ, with the larger count.
std::vector<std::pair<std::string, std::int64_t>> differing(const Sums& serving, const Sums& standing) {
    std::vector<std::pair<std::string, std::int64_t>> names;
    for (const auto& [name, sum] : serving) {
        const auto other = standing.find(name);
        if (other == standing.end()) {
            names.emplace_back(name, sum.rows);
        } else if (other->second != sum) {
            names.emplace_back(name, std::max(sum.rows, other->second.rows));
        }
    }
    for (const auto& [name, sum] : standing) {
        if (!serving.contains(name)) {
            names.emplace_back(name, sum.rows);
        }
    }
    return names;
}

/// Buckets that differ, in groups of at most rows_at_once rows (or one bucket).
std::vector<std::vector<std::string>> bucket_groups(const Both& buckets) {
    std::vector<std::vector<std::string>> groups;
    std::int64_t held = rows_at_once;
    for (auto& [bucket, rows] : differing(buckets.serving, buckets.standing)) {
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
    for (auto& [id, count] : differing(rows.serving, rows.standing)) {
        ids.push_back(id);
    }
    return ids;
}

/// Snapshots on both sides right behind one marker.
Task<void> take_snapshots(const ComparedPair& pair, Connection& serving, Connection& standing) {
    SentMarkers sent = co_await send_markers(serving, pair.lanes, pair.deadline);
    co_await serving.script(begin_snapshot(pair.deadline), pair.deadline);
    co_await await_watched(standing, pair.database, std::move(sent), pair.deadline, pair.watch);
    co_await standing.script(begin_snapshot(pair.deadline), pair.deadline);
}

} // namespace

Task<void> compare_table(const ComparedPair& pair, TableComparison* result) {
    Server::Session serving = co_await pair.serving_server->session(pair.database, pair.deadline);
    Server::Session standing = co_await pair.standing_server->session(pair.database, pair.deadline);
    co_await take_snapshots(pair, *serving, *standing);

    Question question;
    Both whole = co_await ask_both(&pair, &*serving, &*standing, question);
    const Sum serving_sum = whole.serving[""];
    const Sum standing_sum = whole.standing[""];
    result->rows = serving_sum.rows;
    std::vector<std::vector<std::string>> groups;
    if (serving_sum != standing_sum) {
        question.digits = bucket_digits(std::max(serving_sum.rows, standing_sum.rows));
        if (question.digits == 0) {
            groups.emplace_back();
        } else {
            const Both buckets = co_await ask_both(&pair, &*serving, &*standing, question);
            groups = bucket_groups(buckets);
        }
    }
    question.each_row = true;
    for (const std::vector<std::string>& group : groups) {
        question.buckets = group;
        const Both rows = co_await ask_both(&pair, &*serving, &*standing, question);
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
