// What a run is bound to. A config that says something else must not touch what the run made.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/refusal.hpp"
#include "cutover/engine/context.hpp"

namespace pgteal::cutover {

/// Written when the run begins. Throws Error(unreachable).
Task<void> record_binding(Context* context);

/// The servers that an active run is bound to: side -> system_identifier; none when there is no such run.
std::map<std::string, std::string> bound_servers(const Config& config);

/// Pure. The first difference; servers that `now` does not name could not be reached and are let pass:
/// nothing can be done to them either.
std::optional<Refusal> judge_binding(const Binding& recorded, const Binding& now);

/// For every command that goes on with a run: throws Error(refused) when servers, databases, lanes or poolers
/// are not those that the run began with. A pooler may be gone if `accept` says "pooler-gone": one whose
/// machine is dead must not stand in the way. Nothing for a run that is not active.
Task<void> require_bound(Context* context);

/// For a switchover: throws Error(refused) when the config has a pooler that the run does not know.
void require_known_poolers(const Context& context);

} // namespace pgteal::cutover
