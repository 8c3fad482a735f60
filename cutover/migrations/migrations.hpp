// Migrations as the config wants them: on which side, by whom, into which history.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cutover/config/history_table.hpp"
#include "cutover/estate/estate.hpp"
#include "cutover/record/approvals.hpp"
#include "cutover/record/progress.hpp"
#include "migration/apply/apply.hpp"

namespace pgteal::cutover {

/// [migrate] gaps and out_of_order.
migration::Policy policy_of(const Config& config, migration::Phase phase = migration::Phase::expand);

/// What to apply, to which database of which side.
struct MigrationJob {
    Side side = Side::green;
    std::string database;
    std::string folder;
    migration::Phase phase = migration::Phase::expand;
    bool adopt = false;                   ///< first takes blue's history over, where green has none
    std::string again = "pgteal prepare"; ///< the command that goes on from here
    /// What has to be there when the files are read; nothing when nobody has to approve anything.
    std::optional<Subject> approved = {};
    bool none_pending = false; ///< when approvals were asked for, so none were: no file may be applied
};

/// Called on the controller's thread, each may be empty.
struct MigrationNews {
    std::function<void(const std::string& text, double fraction)> progress;
    std::function<void(const migration::File& file, Clock::duration time)>
        applied; ///< each, once it is finished
    std::function<void(const std::string& text)> warning;
    std::function<void(const std::string& line)> output; ///< of [migrate] command
};

/// Applies what is pending, or runs [migrate] command. Returns the files that it finished; none of a command,
/// whose record is its own. Throws as migration::apply(), migration::run_external() and require_unchanged().
Task<std::vector<migration::Applied>> apply_migrations(Estate* estate, MigrationJob job, MigrationNews news,
                                                       Deadline deadline);

/// A migration that blue's history has and green's has not, "" when there is none: a tool migrated blue while
/// the run was on. Its rows, not its record, came through the lanes: on green it would be applied again.
Task<std::string> migrated_meanwhile(Estate* estate, std::string database);

/// Where `migrate apply` works, and on what.
struct ApplyPlace {
    Side side = Side::green;
    migration::Phase phase = migration::Phase::expand;
    bool in_run = true; ///< on green before it is prepared; else on the side that serves for good
};

/// Pure. `asked`: --phase, or nothing. Throws Error(wrong_state) with why and the next command: expand files
/// belong to a run that is being prepared, contract files to the time after finish, when nobody goes back.
ApplyPlace where_to_apply(const Progress& progress, std::optional<migration::Phase> asked);

} // namespace pgteal::cutover
