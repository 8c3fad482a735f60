// Reading and writing the history on a session.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "migration/apply/history.hpp"
#include "migration/apply/session.hpp"
#include "migration/files/checksum.hpp"

namespace pgteal::migration {

/// In order; empty when there is no history yet.
std::vector<Applied> read_history(Session& session, const HistoryTable& table = {});

/// Sends no DDL when it is there, so that nothing of the user's, such as an event trigger, is set off.
void create_history(Session& session, const HistoryTable& table = {});

/// pgteal's own table, and the one for the progress of backfills: needed by files that run by statements,
/// whatever table the finished ones are in.
bool has_ledger(Session& session);
void create_ledger(Session& session);

/// In a transaction, which may be that of the user's SQL, with role and search_path set back. `ledger`:
/// pgteal's own table is there. Throws Error(migration) when Flyway's table is not plain.
pqxx::result write_history(pqxx::transaction_base& work, const std::string& side, const Applied& row,
                           const HistoryTable& table = {}, bool ledger = true);

/// The primary key of pgteal's table: the version; R__name for repeatable ones.
std::string ledger_key(const Applied& row);

// Flyway's table.
bool has_flyway_history(Session& session, const HistoryTable& table);
std::vector<Applied> read_flyway_history(Session& session, const HistoryTable& table);
void create_flyway_history(Session& session, const HistoryTable& table);
void adopt_flyway_history(Session& from, Session& to, const HistoryTable& table);
std::string flyway_insert_sql(const Applied& row, const HistoryTable& table);

/// How many statements of a file have run, and which: whatever comments and space were between them.
class Done {
public:
    void add(const Statement& statement);
    [[nodiscard]] int count() const { return count_; }
    [[nodiscard]] std::string checksum() const { return sum_.value(); }

private:
    LineChecksum sum_;
    int count_ = 0;
};

/// The first `count` statements, or all when there are fewer.
Done first_statements(const File& file, int count);

Applied row_of(const File& file, const std::string& state, const Done& done, Clock::duration time);

} // namespace pgteal::migration
