#include "cutover/checks/checks.hpp"

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/checks/called_code.hpp"
#include "cutover/checks/lane_check.hpp"
#include "cutover/checks/role_names.hpp"
#include "cutover/checks/trial_restore.hpp"
#include "cutover/engine/context.hpp"
#include "cutover/estate/leads.hpp"
#include "cutover/estate/owners_code_check.hpp"
#include "cutover/estate/patroni.hpp"
#include "cutover/estate/pooler_files.hpp"
#include "cutover/fence/read_only.hpp"
#include "cutover/gate/login_trials.hpp"
#include "cutover/migrations/migration_check.hpp"
#include "health/facts/verdict.hpp"
#include "pooler/file/config_file.hpp"
#include "pooler/listeners.hpp"
#include "pooler/trial/login_trial.hpp"
#include "postgres/hosts.hpp"
#include "replication/clone/clone.hpp"
#include "replication/lane/control.hpp"

namespace pgteal::cutover {

namespace {

/// Numeric; none of a socket, and none when the name can't be resolved.
Task<std::vector<std::string>> addresses_of(std::string host, Deadline deadline) {
    std::vector<std::string> addresses;
    if (host.empty() || host.front() == '/' || host.front() == '@') {
        co_return addresses;
    }
    const auto dsn = postgres::Dsn().with("host", host);
    try {
        const auto hosts = co_await postgres::addresses_of(
            dsn, "pooler", std::min(deadline, after(std::chrono::seconds(3))));
        for (const auto& one : hosts) {
            addresses.push_back(one.hostaddr.empty() ? one.host : one.hostaddr);
        }
    } catch (const Error& error) {
        spdlog::debug("{}: {}", host, error.what());
    }
    co_return addresses;
}

/// Who shares the pooler's port, and how its own process is told from the others.
Task<void> read_sharing(const PoolerConfig& config, health::PoolerFacts* facts, Deadline deadline) {
    auto shown = co_await pooler::shown_config(config.admin, config.name, deadline);
    // By the port any of the processes may have answered: the file is this one's.
    shown = pooler::effective_settings(std::move(shown), pooler::read_config(config.config).text);
    facts->port = shown["listen_port"];
    facts->processes = pooler::listeners_here(std::atoi(facts->port.c_str()));
    facts->own_socket = config.admin.host().starts_with('/');
    const auto folder = shown["unix_socket_dir"];
    if (!folder.empty()) {
        facts->socket_admin = "host=" + folder + " port=" + facts->port +
                              " user=" + config.admin.get("user").value_or("pgteal") + " dbname=pgbouncer";
    }
}

/// What further checks take from the consoles.
struct Seen {
    std::vector<health::ForcedUser> forced;
    std::vector<std::pair<std::string, pooler::Entry>> wanted; ///< pooler, entry of the run
};

/// Those that lead to a database of the run on blue, or were meant to.
std::string right_entries(const health::PoolerFacts& facts, const Config& config) {
    const auto databases = config.database_names();
    std::string names;
    for (const auto& entry : facts.entries) {
        const bool ours = std::find(databases.begin(), databases.end(), entry.database) != databases.end();
        if (entry.wanted || (ours && entry.points_at_blue)) {
            names += (names.empty() ? "\"" : ", \"") + entry.name + "\"";
        }
    }
    return names.empty() ? "correct entries of [[pooler]] " + facts.name + " in " + config.path
                         : "entries = [" + names + "] in [[pooler]] " + facts.name + " of " + config.path;
}

Task<void> read_console(Estate* estate, PoolerUnit* unit, health::PoolerFacts* facts, Seen* seen,
                        Deadline deadline) {
    const auto settings = co_await unit->console->settings(deadline);
    facts->pool_mode = settings.pool_mode;
    facts->session_users = settings.session_users;
    facts->query_wait_timeout = settings.query_wait_timeout;
    facts->query_timeout = settings.query_timeout;
    facts->so_reuseport = settings.so_reuseport;
    facts->replication_clients = settings.replication_clients;
    if (settings.so_reuseport) {
        co_await read_sharing(unit->config, facts, deadline);
    }
    const auto entries = co_await unit->console->entries(deadline);
    const auto& wanted = unit->config.entries;
    const auto& blue = estate->config().blue;
    const auto& green = estate->config().green;
    const auto spelled = co_await spell_as_config(estate, entries, deadline);
    const auto leads_to = [](const pooler::Entry& entry, const SideConfig& side) {
        return entry.host == side.pooler_host && entry.port == side.pooler_port;
    };
    const bool anything_on_blue = std::any_of(spelled.entries.begin(), spelled.entries.end(),
                                              [&](const auto& entry) { return leads_to(entry, blue); });
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& entry = entries[i];
        if (entry.name == "pgbouncer") {
            continue; // the console itself
        }
        const bool on_blue = leads_to(spelled.entries[i], blue);
        const bool on_green = leads_to(spelled.entries[i], green);
        const bool named = std::find(wanted.begin(), wanted.end(), entry.name) != wanted.end();
        facts->entries.push_back({entry.name, entry.pool_mode, entry.host, entry.port, entry.database,
                                  on_blue || (on_green && !anything_on_blue),
                                  named || (wanted.empty() && (on_blue || (on_green && !anything_on_blue))),
                                  entry.name == "*"});
        facts->entries.back().points_at_a_side = on_blue || on_green;
        if (!on_blue && !on_green) {
            auto addresses = co_await addresses_of(entry.host, deadline);
            facts->entries.back().addresses = std::move(addresses);
        }
        // Whoever names the entries has said which ones are the run's.
        const auto doubt = spelled.doubts.find(entry.name);
        if (wanted.empty() && doubt != spelled.doubts.end()) {
            facts->entries.back().doubt = doubt->second;
        }
        if (facts->entries.back().wanted) {
            seen->wanted.emplace_back(unit->config.name, entry);
        }
        if (facts->entries.back().wanted && !entry.force_user.empty()) {
            seen->forced.push_back({entry.force_user, entry.database});
        }
    }
    for (const auto& name : wanted) {
        if (std::none_of(entries.begin(), entries.end(),
                         [&name](const auto& entry) { return entry.name == name; })) {
            facts->problem = "it has no entry " + name;
            facts->problem_fix = right_entries(*facts, estate->config());
        }
    }
}

Task<health::PoolerFacts> facts_of(Estate* estate, PoolerUnit* unit, Seen* seen, Deadline deadline) {
    health::PoolerFacts facts;
    facts.name = unit->config.name;
    try {
        co_await read_console(estate, unit, &facts, seen, deadline);
        const auto file = pooler::read_config(unit->config.config);
        for (const auto& entry : pooler::parse_entries(file.text)) {
            if (entry.name == "*") {
                facts.entries.push_back({entry.name, {}, {}, {}, {}, true, false, true});
            }
        }
    } catch (const Error& error) {
        facts.problem = error.what();
        facts.problem_fix = error.hint().empty()
                                ? "correct [[pooler]] " + facts.name + " in " + estate->config().path
                                : error.hint();
    }
    co_return facts;
}

/// Two looks may answer one question.
void add_result(std::vector<health::CheckResult>* results, health::CheckResult result) {
    const auto same = std::ranges::find(*results, result.check, &health::CheckResult::check);
    if (same == results->end()) {
        results->push_back(std::move(result));
    } else {
        std::move(result.findings.begin(), result.findings.end(), std::back_inserter(same->findings));
    }
}

} // namespace

Task<std::vector<health::CheckResult>> run_checks(Estate* estate, CheckScope scope) {
    const bool run_started = scope.run_started;
    const auto deadline = after(std::chrono::seconds(60));
    const auto& config = estate->config();
    health::PreflightInput input;
    input.databases = config.database_names();
    input.lanes = 0;
    for (const auto& database : config.databases) {
        input.lanes += database.lanes;
        input.subscriber_tables[database.name] = replication::subscriber_tables(database.lanes);
    }
    input.max_pause = config.max_pause;
    input.blue_peer_conninfo = config.blue.peer_dsn.conninfo();
    input.green_peer_conninfo = config.green.peer_dsn.conninfo();
    input.run_name = config.run;
    input.run_started = run_started;
    input.accept = config.accept;
    input.carry_partitions = config.carry_partitions();
    Seen seen;
    for (auto& unit : estate->poolers()) {
        auto facts = co_await facts_of(estate, &unit, &seen, after(std::chrono::seconds(10)));
        input.poolers.push_back(std::move(facts));
    }
    try {
        const auto blue = co_await estate->server(Side::blue).identity(after(std::chrono::seconds(10)));
        const auto green = co_await estate->server(Side::green).identity(after(std::chrono::seconds(10)));
        const auto bin = co_await replication::find_dump(blue.version, deadline, green.version);
        input.dump_version = co_await replication::dump_version(bin, deadline);
    } catch (const Error&) {
        input.dump_version = 0; // preflight says which of the two it was
    }
    auto results = co_await health::preflight(estate->server(Side::blue), estate->server(Side::green),
                                              std::move(input), deadline);
    const auto unreachable = std::find_if(results.begin(), results.end(), [](const auto& one) {
        return one.check == "reachable" && !one.findings.empty();
    });
    const bool both_reached = unreachable == results.end();
    const auto serving = run_started ? peek_progress(config).serving : Side::blue;
    if (both_reached) {
        auto logins = co_await check_logins(estate, serving, other(serving), std::move(seen.forced),
                                            after(std::chrono::seconds(15)));
        results.push_back(std::move(logins));
        auto read_only = co_await check_read_only(estate, other(serving), after(std::chrono::seconds(15)));
        results.push_back(std::move(read_only));
        auto trials = co_await check_tried_logins(estate, run_started, after(std::chrono::seconds(20)));
        results.push_back(std::move(trials));
    }
    results.push_back(check_hosts(config, seen.wanted));
    results.push_back(check_pooler_files(*estate));
    if (both_reached) {
        std::vector<Side> both{Side::blue, Side::green};
        auto code = co_await check_owners_code(estate, Side::blue, std::move(both), config.database_names(),
                                               after(std::chrono::seconds(30)));
        std::move(code.begin(), code.end(), std::back_inserter(results));
        auto called = co_await check_called_code(estate, after(std::chrono::seconds(30)));
        for (auto& one : called) {
            add_result(&results, std::move(one));
        }
        if (const auto progress = peek_progress(config);
            run_started && progress.active && progress.prepared) {
            auto lanes = co_await check_lanes(estate, progress, after(std::chrono::seconds(30)));
            results.push_back(std::move(lanes));
        }
        auto names = co_await check_role_names(estate, serving, after(std::chrono::seconds(15)));
        results.push_back(std::move(names));
        auto patroni = co_await check_patroni(estate, after(std::chrono::seconds(15)));
        results.push_back(std::move(patroni));
    }
    const bool superuser = std::none_of(results.begin(), results.end(), [](const auto& one) {
        return (one.check == "privileges" || one.check == "recovery") && !one.findings.empty();
    });
    if (both_reached && superuser && scope.trial_restore && !run_started) {
        auto trial = co_await check_trial_restore(estate, scope.folder, scope.say);
        results.push_back(std::move(trial));
    }
    auto migrations = co_await check_migrations(estate, run_started);
    results.push_back(std::move(migrations));
    co_return health::order(std::move(results));
}

Task<health::CheckResult> check_logins(Estate* estate, Side from, Side to,
                                       std::vector<health::ForcedUser> forced, Deadline deadline) {
    const auto& side = estate->config().side(to);
    health::LoginInput input;
    input.databases = estate->config().database_names();
    input.forced = std::move(forced);
    const bool socket = side.pooler_host.empty() || side.pooler_host.front() == '/';
    input.way = side.pooler_host == side.dsn.host() ? health::Way::as_pgteal
                : socket                            ? health::Way::socket
                                                    : health::Way::other;
    auto result = co_await health::check_client_logins(estate->server(from), estate->server(to),
                                                       std::move(input), deadline);
    co_return result;
}

int errors_in(const std::vector<health::CheckResult>& results) {
    int errors = 0;
    for (const auto& result : results) {
        for (const auto& finding : result.findings) {
            errors += finding.level == health::Level::error ? 1 : 0;
        }
    }
    return errors;
}

std::string summary_of(const std::vector<health::CheckResult>& results) {
    int warnings = 0;
    for (const auto& result : results) {
        for (const auto& finding : result.findings) {
            warnings += finding.level == health::Level::warning ? 1 : 0;
        }
    }
    return std::to_string(results.size()) + " checks, " + std::to_string(warnings) +
           (warnings == 1 ? " warning" : " warnings");
}

} // namespace pgteal::cutover
