#include "cutover/estate/pooler_files.hpp"

#include "base/error.hpp"
#include "base/program.hpp"
#include "health/facts/verdict.hpp"
#include "health/logins/host_lists.hpp"
#include "pooler/file/install_trial.hpp"

namespace pgteal::cutover {

using health::Level;

health::CheckResult check_pooler_files(const Estate& estate) {
    health::CheckResult result{"pooler-files", {}, "config files can be replaced"};
    for (const auto& pooler : estate.config().poolers) {
        try {
            pooler::try_install(pooler.config);
            if (const auto others = pooler::other_names(pooler.config); others > 0) {
                const auto quoted = postgres::to_string(postgres::Program{{pooler.config}, {}});
                const auto own = postgres::to_string(postgres::Program{{pooler.config + ".own"}, {}});
                health::add(
                    result, Level::error, pooler.name, pooler.config,
                    pooler.name + ": " + pooler.config + " has " + std::to_string(others) + " other " +
                        (others == 1 ? "name" : "names") +
                        " (hard links). A new file takes the place of this one only; a PgBouncer that reads "
                        "another would stay behind.",
                    "cp -a " + quoted + " " + own + " && mv " + own + " " + quoted +
                        "   makes it a file of its own; whoever reads another name (before that,  find "
                        "\"$(stat -c %m " +
                        quoted + ")\" -xdev -samefile " + quoted +
                        "  shows them) wants a [[pooler]] of its own");
            }
        } catch (const Error& error) {
            health::add(result, Level::error, pooler.name, pooler.config,
                        pooler.name + ": " + error.what() + ". Its clients could not be moved.",
                        error.hint());
        }
    }
    return result;
}

health::CheckResult check_hosts(const Config& config,
                                const std::vector<std::pair<std::string, pooler::Entry>>& entries) {
    std::vector<health::SideHosts> sides;
    for (const auto side : {Side::blue, Side::green}) {
        const auto& one = config.side(side);
        sides.push_back({to_string(side), one.pooler_host, one.pooler_port, one.peer_dsn.host(),
                         one.peer_dsn.get("target_session_attrs").value_or("")});
    }
    std::vector<health::EntryHost> hosts;
    for (const auto& [pooler, entry] : entries) {
        const auto fit = config.blue.pooler_host;
        hosts.push_back({pooler, entry.name, entry.host, fit.substr(0, fit.find(','))});
    }
    return health::check_host_lists(sides, hosts);
}

} // namespace pgteal::cutover
