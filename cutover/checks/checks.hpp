// Preflight as the runbook and the check command use it: poolers' facts are gathered here and passed to
// health/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cutover/estate/estate.hpp"
#include "health/checks/preflight.hpp"
#include "health/logins/client_logins.hpp"

namespace pgteal::cutover {

struct CheckScope {
    bool run_started = false;  ///< green need not be empty, and has the schema
    bool trial_restore = true; ///< before a run: blue's schema is restored on green and dropped again
    std::string folder = {};   ///< for its files
    std::function<void(const std::string&)> say = [](const std::string&) {}; ///< before what takes long
};
Task<std::vector<health::CheckResult>> run_checks(Estate* estate, CheckScope scope);
/// Whether `to` will let in the clients that `from` has now.
Task<health::CheckResult> check_logins(Estate* estate, Side from, Side to,
                                       std::vector<health::ForcedUser> forced, Deadline deadline);
/// "31 checks, 1 warning"
std::string summary_of(const std::vector<health::CheckResult>& results);
int errors_in(const std::vector<health::CheckResult>& results);

} // namespace pgteal::cutover
