// Preflight as the runbook and the check command use it: poolers' facts are gathered here and passed to
// health/.
#pragma once

#include <vector>

#include "cutover/estate.hpp"
#include "health/client_logins.hpp"
#include "health/preflight.hpp"

namespace pgteal::cutover {

Task<std::vector<health::CheckResult>> run_checks(Estate* estate, bool run_started);
/// Whether `to` will let in the clients that `from` has now.
Task<health::CheckResult> check_logins(Estate* estate, Side from, Side to,
                                       std::vector<health::ForcedUser> forced, Deadline deadline);
/// "31 checks, 1 warning"
std::string summary_of(const std::vector<health::CheckResult>& results);
int errors_in(const std::vector<health::CheckResult>& results);

} // namespace pgteal::cutover
