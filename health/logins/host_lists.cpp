#include "health/logins/host_lists.hpp"

#include "health/facts/verdict.hpp"

namespace pgteal::health {

bool is_host_list(const std::string& host) { return host.find(',') != std::string::npos; }

CheckResult check_host_lists(const std::vector<SideHosts>& sides, const std::vector<EntryHost>& entries) {
    CheckResult result{"host-lists", {}, "one host an entry"};
    for (const auto& side : sides) {
        if (is_host_list(side.pooler_host) || is_host_list(side.pooler_port)) {
            const auto first = side.pooler_host.substr(0, side.pooler_host.find(','));
            const auto port = side.pooler_port.substr(0, side.pooler_port.find(','));
            add(result, Level::error, side.side, side.pooler_host,
                "the poolers would be led to several hosts (" + side.pooler_host + ":" + side.pooler_port +
                    "). PgBouncer takes them in turns, so that some clients would reach a server that takes "
                    "no "
                    "writes.",
                "in [" + side.side +
                    "] of pgteal.toml, the one address that follows the server that writes:  "
                    "pooler_host = \"" +
                    first + "\"  pooler_port = \"" + port + "\"");
        }
        const bool guarded = side.peer_attrs == "primary" || side.peer_attrs == "read-write";
        if (is_host_list(side.peer_host) && !guarded) {
            add(result, Level::error, side.side, side.peer_host,
                "the other side's subscriptions would take the first of several hosts (" + side.peer_host +
                    ") that answers, a standby too. Their slots are not there.",
                "in [" + side.side +
                    "] of pgteal.toml, peer_dsn with one host, or with target_session_attrs=primary");
        }
    }
    for (const auto& one : entries) {
        if (is_host_list(one.host)) {
            add(result, Level::error, one.pooler, one.entry,
                one.pooler + ": entry " + one.entry + " leads to several hosts in turns (" + one.host +
                    "). Clients that are moved back to it could reach a server that takes no writes.",
                "write host=" + one.fit + " into the entry, and RELOAD");
        }
    }
    return result;
}

} // namespace pgteal::health
