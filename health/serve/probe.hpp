// A probe goes in through a pooler entry as a client does, and says which server answered.
#pragma once

#include <optional>
#include <string>

#include "base/async.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::health {

struct ProbeResult {
    std::string system_identifier; ///< of the server reached
    bool read_only =
        true;           ///< a write was refused with 25006; without `write`, what transaction_read_only says
    bool wrote = false; ///< a row was committed in pgteal.probe
    Clock::duration time{};
};

/// Connects to `entry` (a DSN through the pooler: its host and port, dbname = entry), reads
/// pg_control_system() and, when `write`, commits a row in pgteal.probe. Throws Error(unreachable),
/// DeadlinePassed. The session sets nothing that would lift a fence.
Task<ProbeResult> probe(postgres::Dsn entry, std::string label, bool write, Deadline deadline);

} // namespace pgteal::health
