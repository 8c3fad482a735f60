// What the two ways of running a file share: its session, its errors, and settling what a broken connection
// left open.
#pragma once

#include <optional>
#include <string>

#include "migration/apply/apply.hpp"
#include "migration/apply/session.hpp"

namespace pgteal::migration {

struct Job {
    const postgres::Dsn& dsn;
    const Options& options;
    const File& file;
    bool ledger = true; ///< pgteal's own table is there
};

SessionSettings settings_of(const Options& options);

/// A fresh session that holds the worker lock: no session of an earlier attempt is still at work. Throws
/// Error(busy).
Session open_worker(const Job& job);

/// After a COMMIT without answer: waits until the session that sent it is gone, while the server may be
/// restarting, and reads the file's row. Nothing when the server can't be asked in time.
struct Settled {
    std::optional<Applied> row;
};
std::optional<Settled> settle(const Job& job);

/// "V2__x.sql:14: message (42703). detail. Statement: …" with the server's own line when it named one.
/// `index` past the last statement means the end of the file: its history row and COMMIT.
std::string describe(const Job& job, std::size_t index, const Failure& failure);

/// What to look at for that error, as sentences; may be empty.
std::string advice(const Failure& failure);

/// " Then run <the command> again."
std::string then_again(const Job& job);

/// Growing pauses between attempts: 0.25 s, 0.5 s … 5 s.
void pause_after(int attempt);

/// The file in one transaction with its history row.
Applied apply_whole(const Job& job);

/// The file statement by statement, from the start or from where an earlier run stopped.
Applied apply_stepwise(const Job& job, Session& control, const std::optional<Applied>& unfinished);

} // namespace pgteal::migration
