// Whether a server keeps its clients from writing, by its own configuration.
#pragma once

#include <optional>

#include "base/finding.hpp"
#include "base/refusal.hpp"
#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// What a server answers to a write in a transaction that is read-only.
inline constexpr std::string_view read_only_state = "25006";

/// default_transaction_read_only as a new session of a client would have it from the server's configuration
/// files or command line: ours have it off from the start, and the fence is a setting of the database.
Task<std::optional<Refusal>> read_only_server(postgres::Server* server, Deadline deadline);

/// The same for check.
Task<health::CheckResult> check_read_only(Estate* estate, Side to, Deadline deadline);

} // namespace pgteal::cutover
