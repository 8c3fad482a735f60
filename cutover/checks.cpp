#include "cutover/checks.hpp"

#include "cutover/migration_check.hpp"
#include "pooler/config_file.hpp"
#include "postgres/error.hpp"
#include "replication/clone.hpp"

namespace pgteal::cutover {

namespace {

Task<void> read_console(Estate* estate, PoolerUnit* unit, health::PoolerFacts* facts, Deadline deadline) {
    const auto settings = co_await unit->console->settings(deadline);
    facts->pool_mode = settings.pool_mode;
    facts->query_wait_timeout = settings.query_wait_timeout;
    facts->query_timeout = settings.query_timeout;
    facts->so_reuseport = settings.so_reuseport;
    const auto entries = co_await unit->console->entries(deadline);
    const auto& wanted = unit->config.entries;
    const auto& blue = estate->config().blue;
    const auto& green = estate->config().green;
    const bool anything_on_blue = std::any_of(entries.begin(), entries.end(), [&blue](const auto& e) {
        return e.host == blue.pooler_host && e.port == blue.pooler_port;
    });
    for (const auto& entry : entries) {
        if (entry.name == "pgbouncer") {
            continue; // the console itself
        }
        const bool on_blue = entry.host == blue.pooler_host && entry.port == blue.pooler_port;
        const bool on_green = entry.host == green.pooler_host && entry.port == green.pooler_port;
        const bool named = std::find(wanted.begin(), wanted.end(), entry.name) != wanted.end();
        facts->entries.push_back({entry.name, entry.pool_mode, entry.host, entry.port, entry.database,
                                  on_blue || (on_green && !anything_on_blue),
                                  named || (wanted.empty() && (on_blue || (on_green && !anything_on_blue))),
                                  entry.name == "*"});
    }
    for (const auto& name : wanted) {
        if (std::none_of(entries.begin(), entries.end(),
                         [&name](const auto& entry) { return entry.name == name; })) {
            facts->problem = "it has no entry " + name;
            facts->problem_fix =
                "correct entries of [[pooler]] " + facts->name + " in " + estate->config().path;
        }
    }
}

Task<health::PoolerFacts> facts_of(Estate* estate, PoolerUnit* unit, Deadline deadline) {
    health::PoolerFacts facts;
    facts.name = unit->config.name;
    try {
        co_await read_console(estate, unit, &facts, deadline);
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

} // namespace

Task<std::vector<health::CheckResult>> run_checks(Estate* estate, bool run_started) {
    const auto deadline = after(std::chrono::seconds(60));
    const auto& config = estate->config();
    health::PreflightInput input;
    input.databases = config.database_names();
    for (const auto& database : config.databases) {
        input.lanes_per_database = std::max(input.lanes_per_database, database.lanes);
    }
    input.max_pause_seconds = to_ms(config.max_pause) / 1000;
    input.blue_peer_conninfo = config.blue.peer_dsn.conninfo();
    input.green_peer_conninfo = config.green.peer_dsn.conninfo();
    input.run_name = config.run;
    input.run_started = run_started;
    input.accept = config.accept;
    for (auto& unit : estate->poolers()) {
        auto facts = co_await facts_of(estate, &unit, after(std::chrono::seconds(10)));
        input.poolers.push_back(std::move(facts));
    }
    try {
        const auto identity = co_await estate->server(Side::blue).identity(after(std::chrono::seconds(10)));
        const auto bin = co_await replication::find_dump(identity.version, deadline);
        input.dump_version = co_await replication::dump_version(bin, deadline);
    } catch (const Error&) {
        input.dump_version = 0; // preflight says which of the two it was
    }
    auto results = co_await health::preflight(estate->server(Side::blue), estate->server(Side::green),
                                              std::move(input), deadline);
    auto migrations = co_await check_migrations(estate, run_started);
    results.push_back(std::move(migrations));
    co_return health::order(std::move(results));
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
