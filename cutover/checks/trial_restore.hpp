// Blue's schema, restored on green for a trial: what green would refuse is known before anything is frozen or
// copied.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "cutover/estate/estate.hpp"
#include "postgres/server_words.hpp"

namespace pgteal::cutover {

/// How the trial of one database went.
struct TrialRestore {
    std::string database;
    std::vector<postgres::Complaint> complaints; ///< in the order of the restore
    std::string problem;                         ///< why there was no trial; "" when there was one
    std::string hint;                            ///< for that
};

/// Pure. What an extension that has a database of its own refuses elsewhere is no complaint (pg_cron's
/// cron.database_name), nor is what comes of that.
health::CheckResult judge_trials(const std::vector<TrialRestore>& trials,
                                 const std::vector<std::string>& accept);

/// One database after the other: pg_dump's schema of blue, with its roles, into a scratch database on green
/// that is dropped again. Nothing stays, whatever happens; what a killed check left, the next one removes.
/// The outcome is kept in `folder` and told again while neither blue's schema nor green changed. `say` is
/// called before what takes long. Throws nothing but what internal mistakes throw.
Task<health::CheckResult> check_trial_restore(Estate* estate, std::string folder,
                                              std::function<void(const std::string&)> say);

} // namespace pgteal::cutover
