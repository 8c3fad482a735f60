// Versioned SQL files, found, read and applied to green in order.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "migration/apply/history.hpp"
#include "migration/files/find.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::migration {

struct Options {
    std::chrono::milliseconds lock_timeout{2000};
    std::chrono::milliseconds statement_timeout{0}; ///< 0 = none
    int attempts = 5;                               ///< for lock_timeout and deadlocks, with growing pauses
    std::string side = "green";                     ///< for messages
    HistoryTable history;
    Policy policy;                                       ///< which files, and what is allowed
    std::string again = "pgteal prepare";                ///< for messages: the command that goes on from here
    std::string meanwhile = "Clients are not affected."; ///< for messages
    /// Both are called from worker threads, one call at a time. Progress within a long statement, as words;
    /// `fraction` below 0 when unknown.
    std::function<void(const std::string& text, double fraction)> on_progress;
    /// What people should know although nothing failed: a lane that waits for a lock of the migration.
    std::function<void(const std::string& text)> on_warning;
};

/// Progress for people: called before and after each file (from the worker thread).
using OnFile = std::function<void(const File&, bool done, Clock::duration time)>;

/// Applies the pending files to the database, blocking (call through run_blocking), each on a connection of
/// its own, so that no setting leaks from one file into the next. Returns the rows of the files it finished.
///
/// A file runs in one transaction together with its history row. When a statement can't run in one, the file
/// runs statement by statement with a 'running' row that counts them; a statement that can be in a
/// transaction shares one with that count. Such a file, once interrupted, is gone on with at the statement it
/// stopped at; if nobody can know whether that statement ran, it is refused with the two ways on. An index
/// that a CREATE INDEX or REINDEX CONCURRENTLY left invalid is dropped. A backfill (Statement::backfill) goes
/// batch by batch and is resumed after the last key that was done.
///
/// While lanes are on, it is watched whether their apply workers wait for a lock of the migration.
///
/// Sessions set pgteal.ddl = on, default_transaction_read_only = off, lock_timeout and statement_timeout;
/// search_path is the database's default (migrations are the user's SQL). Advisory locks let one apply work
/// on a database at a time.
///
/// Errors: Error(migration) "file:line: message (SQLSTATE)", with what the database holds now; Error(busy)
/// when another apply is at work; Error(unreachable); Error(connection_lost), after looking whether the last
/// COMMIT took effect.
std::vector<Applied> apply(const postgres::Dsn& dsn_with_database, const std::vector<File>& files,
                           const Options& options, OnFile on_file);

} // namespace pgteal::migration
