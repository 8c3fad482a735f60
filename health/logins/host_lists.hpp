// Several hosts where one is needed: libpq goes through a list until one fits, PgBouncer takes turns.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"

namespace pgteal::health {

struct SideHosts {
    std::string side;
    std::string pooler_host, pooler_port; ///< what would be written into an entry
    std::string peer_host, peer_attrs;    ///< of peer_dsn: host and target_session_attrs
};
struct EntryHost {
    std::string pooler, entry, host;
    std::string fit; ///< the one host that would do
};

/// "a,b": also a port list, which goes with a list of hosts.
[[nodiscard]] bool is_host_list(const std::string& host);

/// Pure.
CheckResult check_host_lists(const std::vector<SideHosts>& sides, const std::vector<EntryHost>& entries);

} // namespace pgteal::health
