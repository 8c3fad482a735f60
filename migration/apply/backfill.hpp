// A statement that goes over a table in ranges of its key, each in a transaction of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "migration/apply/session.hpp"
#include "migration/files/find.hpp"

namespace pgteal::migration {

/// How far a backfill is.
struct BackfillProgress {
    std::optional<std::string> position; ///< the last key that is done, as text; nothing before the first
    std::int64_t passed = 0;             ///< rows of the table in the ranges so far
    std::int64_t changed = 0;            ///< rows that the statement touched
};

/// One backfill on one session, from `from` on. Rows that others add behind the position are not seen: a
/// default or a trigger has to fill these. libpqxx's exceptions pass.
class BackfillRun {
public:
    /// Looks at the table and prepares the statement. `where`: "V3__x.sql:7", for Error(migration) when there
    /// is no such table, or no single key column that is NOT NULL and unique.
    BackfillRun(Session& session, const Statement& statement, const std::string& where,
                BackfillProgress from);

    /// The next range, in one transaction with the SQL that `record` makes of the progress it leads to (""
    /// for none). `before_commit` is called before COMMIT goes out. False when no key was left, and nothing
    /// was done.
    bool batch(
        const std::function<std::string(const BackfillProgress&)>& record,
        const std::function<void()>& before_commit = [] {});

    [[nodiscard]] const BackfillProgress& progress() const { return progress_; }
    [[nodiscard]] const std::string& table() const { return table_; } ///< schema.name, for people
    [[nodiscard]] std::int64_t rows() const { return rows_; }         ///< estimate; 0 unknown

private:
    Session& session_;
    Backfill ask_;
    std::string table_;
    std::string select_; ///< SELECT key AS k FROM table
    std::string key_;
    std::string type_;
    std::string greater_; ///< than, of the key's type: OPERATOR(schema.>)
    std::int64_t rows_ = 0;
    BackfillProgress progress_;
};

} // namespace pgteal::migration
