// Which addresses a DSN means.
#pragma once

#include "base/async.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::postgres {

struct Host {
    std::string host;     ///< as the DSN names it: for TLS and the passfile
    std::string hostaddr; ///< where to connect; "" for a socket or when `host` is an address
    std::string port;
};

/// The hosts of the DSN in order, each name with all its addresses (docs: "Specifying Multiple Hosts"). libpq
/// would resolve names in the foreground. Throws Error(unreachable) or DeadlinePassed when no name could be
/// resolved.
Task<std::vector<Host>> addresses_of(Dsn dsn, std::string label, Deadline deadline);

} // namespace pgteal::postgres
