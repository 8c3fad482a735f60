#include "replication/compare/compare_versions.hpp"

#include <algorithm>
#include <optional>

#include "replication/compare/compare_slices.hpp"

namespace pgteal::replication {

namespace {

/// 0 would mean no limit at all.
std::string milliseconds(Clock::duration time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return std::to_string(std::clamp<std::int64_t>(ms, 1, 2'000'000'000));
}

/// Copies of rows in a table without key. Slices differ from one reading to the next: what is remembered of
/// their places is a sum, that doesn't depend on them.
class CopiesReader : public SliceReader {
public:
    CopiesReader(const ComparedTable& table, const std::vector<std::string>& ids)
        : table_(table), ids_(ids) {}
    void begin() override {
        versions.clear();
        places_.clear();
    }
    [[nodiscard]] std::string text(const std::string& slice) const override {
        return copies_sql(table_, ids_, slice);
    }
    void take(const postgres::Result& rows) override {
        for (int row = 0; row < rows.rows(); ++row) {
            const std::string id = rows.get<std::string>(row, 0);
            Version& version = versions[id];
            version.rows += rows.get<std::int64_t>(row, 1);
            version.place = std::to_string(places_[id] += rows.get<std::uint64_t>(row, 3));
            version.shown = rows.get<std::string>(row, 4);
            version.migrated += rows.get<std::int64_t>(row, 5);
            version.script = rows.get<std::optional<std::string>>(row, 6).value_or(version.script);
        }
    }

    Versions versions;

private:
    const ComparedTable& table_;
    const std::vector<std::string>& ids_;
    std::map<std::string, std::uint64_t> places_;
};

} // namespace

Versions versions_of(const postgres::Result& rows) {
    Versions versions;
    for (int row = 0; row < rows.rows(); ++row) {
        Version& version = versions[rows.get<std::string>(row, 0)];
        version.rows += rows.get<std::int64_t>(row, 1);
        version.content = rows.get<std::string>(row, 2);
        version.place = rows.get<std::string>(row, 3);
        version.shown = rows.get<std::string>(row, 4);
        version.migrated += rows.get<std::int64_t>(row, 5);
        version.script = rows.get<std::optional<std::string>>(row, 6).value_or("");
    }
    return versions;
}

std::string compare_limits(Deadline deadline) {
    const Clock::duration left = deadline - Clock::now();
    const std::string whole = milliseconds(left);
    return "SET LOCAL statement_timeout = " + whole +
           "; SET LOCAL lock_timeout = " + milliseconds(std::min(left, compare_lock_limit)) +
           "; SET LOCAL idle_in_transaction_session_timeout = " + whole;
}

std::string reading(const std::string& text, Deadline deadline) {
    return "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; " + compare_limits(deadline) + "; " + text +
           "; COMMIT";
}

std::string begin_snapshot(Deadline deadline) {
    return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + compare_limits(deadline) + "; SELECT 1";
}

Task<Versions> read_versions(postgres::Connection& connection, std::string text, Deadline deadline) {
    const std::vector<postgres::Result> results =
        co_await connection.script(reading(text, deadline), deadline);
    co_return versions_of(results.at(results.size() - 2));
}

Task<Versions> read_versions(postgres::Connection& connection, const ComparedTable& table,
                             const std::vector<std::string>& ids, Deadline deadline) {
    if (!table.key.empty()) {
        const std::string text = identities_sql(table, ids);
        Versions versions = co_await read_versions(connection, text, deadline);
        co_return versions;
    }
    const std::string begin = begin_snapshot(deadline);
    co_await connection.script(begin, deadline);
    CopiesReader reader(table, ids);
    co_await read_slices(connection, table, reader, deadline);
    co_await connection.script("COMMIT", deadline);
    co_return std::move(reader.versions);
}

} // namespace pgteal::replication
