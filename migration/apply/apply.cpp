#include "migration/apply/apply.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "migration/apply/job.hpp"
#include "migration/apply/lane_watch.hpp"
#include "migration/apply/ledger.hpp"

namespace pgteal::migration {

namespace {

using namespace std::chrono_literals;

/// The session of an apply that ended a moment ago may need as long to be gone.
constexpr auto control_patience = 2s;

/// Held on a session of its own: the sessions that run files may then wait for every older transaction, as
/// CREATE INDEX CONCURRENTLY does, without waiting for pgteal itself.
void take_control(Session& control) {
    if (const auto holder = control.lock(ApplyLock::control, control_patience)) {
        const auto pid = std::to_string(*holder);
        throw Error(
            ErrorCode::busy, control.side(),
            "another pgteal is applying migrations on " + control.side() + " (pid " + pid + ")",
            "Nothing was applied by this one. Wait for the other to end, then run the command again.");
    }
}

std::optional<Applied> unfinished_row(const std::vector<Applied>& rows, const File& file) {
    for (const auto& row : rows) {
        if (!row.finished() && same_migration(file, row)) {
            return row;
        }
    }
    return std::nullopt;
}

Applied apply_file(const Job& job, Session& control, const std::optional<Applied>& unfinished) {
    const bool fresh = !unfinished || (unfinished->state == "failed" && unfinished->statements_done == 0);
    return job.file.transactional && fresh ? apply_whole(job) : apply_stepwise(job, control, unfinished);
}

} // namespace

std::vector<Applied> apply(const postgres::Dsn& dsn_with_database, const std::vector<File>& files,
                           const Options& options, OnFile on_file) {
    Session control(dsn_with_database, "migrate", settings_of(options));
    take_control(control);
    const auto known = read_history(control, options.history);
    const auto todo = pending(files, known, options.policy);
    if (todo.empty()) {
        return {};
    }
    create_history(control, options.history);
    const bool ledger = has_ledger(control);
    const LaneWatch watch(dsn_with_database, options, control);
    std::vector<Applied> done;
    for (const auto& file : todo) {
        // The lock lives as long as its session: without it another apply may have begun.
        control.run("SELECT 1");
        if (on_file) {
            on_file(file, false, {});
        }
        done.push_back(
            apply_file({dsn_with_database, options, file, ledger}, control, unfinished_row(known, file)));
        if (on_file) {
            on_file(file, true, done.back().time);
        }
    }
    return done;
}

} // namespace pgteal::migration
