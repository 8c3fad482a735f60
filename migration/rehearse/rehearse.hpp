// migrate rehearse: the pending files of one database, up, down and up again on a scratch database, with what
// each statement cost.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "migration/files/find.hpp"
#include "migration/rehearse/meter.hpp"

namespace pgteal::migration::rehearse {

enum class Level { info, warning, error };
std::string_view to_string(Level level);

struct Finding {
    std::string rule; ///< long-statement, long-lock, invalid-index, not-validated, no-down, down-differs, …
    Level level = Level::warning;
    std::string script;
    int line = 0; ///< 0: the whole file
    std::string message;
    std::string fix; ///< may be empty
};

/// What became of a file's way back.
enum class Down {
    ok,
    missing,
    differs, ///< the schema is not as it was before the file
    failed,  ///< it, or the file after it
    not_run  ///< nothing may stay: a file was only tried out, or the rehearsal ended before
};
std::string_view to_string(Down down);

struct FileReport {
    std::string script;
    std::vector<Measured> statements; ///< of the first time up
    Clock::duration time{};           ///< of these
    Down down = Down::not_run;
    Clock::duration down_time{}, again_time{};
    std::vector<std::string> differences; ///< what the way back left different
};

struct Report {
    std::string database; ///< the config's
    std::string scratch;  ///< "" when green allowed none
    std::vector<FileReport> files;
    std::vector<Finding> findings;
    std::vector<std::string> not_rehearsed; ///< scripts after the one that failed
    std::optional<Error> failure;           ///< a file can't go up
    /// A way back left the database as no file expects it: the rest needs a fresh one, from this file on.
    std::optional<std::size_t> go_on_at;

    [[nodiscard]] bool has_errors() const;
};

struct Limits {
    std::chrono::milliseconds long_statement{60'000};
    std::chrono::milliseconds long_lock{1000}; ///< of an ACCESS EXCLUSIVE lock
    SessionSettings session;
};

/// Called before and after each file, from the worker thread.
using OnFile = std::function<void(const File&, bool done)>;

/// Blocking. Fills `report` as it goes; a file that can't go up ends it, as report->failure. It may also end
/// early with report->go_on_at: then it is called again with the same report on a fresh database, where it
/// runs the files before that one once more, unmeasured. Throws only when the scratch database can't be used:
/// Error(unreachable | connection_lost), ServerError.
void rehearse_files(const postgres::Dsn& scratch, const std::vector<File>& files, const Limits& limits,
                    const OnFile& on_file, Report* report);

/// Where no scratch database may be made: each file in a transaction that is rolled back, on a database that
/// serves nobody. What can't be in a transaction, and what builds on an earlier file, is not rehearsed; the
/// findings say so.
void try_files(const postgres::Dsn& database, const std::vector<File>& files, const Limits& limits,
               const OnFile& on_file, Report* report);

/// Pure. What of a file's statements is above the limits.
std::vector<Finding> judge(const FileReport& file, const Limits& limits);

} // namespace pgteal::migration::rehearse
