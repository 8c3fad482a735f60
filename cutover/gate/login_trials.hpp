// Every login that clients will need on the side that takes over, tried through each PgBouncer before anyone
// is held.
#pragma once

#include <vector>

#include "base/finding.hpp"
#include "cutover/engine/context.hpp"
#include "cutover/gate/gate.hpp"
#include "cutover/gate/rights.hpp"

namespace pgteal::cutover {

/// As each pool's user, forced users, auth_user, pgteal's own role, and users of auth_file that can log in to
/// `from` now. `at_gate`: databases and roles have to be on `to`, but for what is `coming`; null: nothing.
/// Throws Error for what can't be read from the servers; a pooler that can't be asked is a finding.
Task<health::CheckResult> try_client_logins(Estate* estate, std::vector<PoolerBaseline> baselines, Side from,
                                            Side to, bool at_gate, const RightsPlan* coming,
                                            Deadline deadline);

/// The same at check: the poolers as recorded, or as they are while no run has begun. Never throws.
Task<health::CheckResult> check_tried_logins(Estate* estate, bool run_started, Deadline deadline);

/// Of a check, what refuses.
std::vector<Refusal> refusals_of(const health::CheckResult& result);
/// The gate's: the logins that would fail; `with_rights`: or a privilege that can't be carried before them.
Task<std::vector<Refusal>> refused_logins(Context* context, Move move, bool with_rights);
/// The gate's: the config files that can't be replaced.
std::vector<Refusal> refused_files(const Context& context);

} // namespace pgteal::cutover
