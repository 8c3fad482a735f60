#include "cutover/estate/patroni.hpp"

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "health/facts/verdict.hpp"

namespace pgteal::cutover {

namespace {

/// Its sessions name themselves (3.x: Patroni, 4.x: "Patroni heartbeat" and "Patroni restapi"); and it starts
/// the server with these settings on the command line, all of them, which nobody else does (source:
/// postgresql/config.py, CMDLINE_OPTIONS).
constexpr const char* signs =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name ILIKE 'patroni%') OR "
    "(SELECT "
    "pg_catalog.count(*) FROM pg_catalog.pg_settings WHERE source = 'command line' AND name IN "
    "('max_connections', 'max_locks_per_transaction', 'max_worker_processes', 'max_prepared_transactions', "
    "'wal_level', 'track_commit_timestamp')) = 6";

} // namespace

std::string ignore_slots(const std::vector<replication::Lane>& lanes) {
    std::string yaml = "ignore_slots:";
    for (const auto& lane : lanes) {
        yaml += "\n- name: " + lane.object() + "\n  type: logical\n  plugin: pgoutput";
    }
    return yaml;
}

Task<health::CheckResult> check_patroni(Estate* estate, Deadline deadline) {
    health::CheckResult result{"patroni", {}, "no Patroni"};
    for (const auto side : {Side::blue, Side::green}) {
        try {
            const auto found = co_await estate->server(side).exec("", signs, {}, deadline);
            if (found.get<bool>(0, 0)) {
                health::add(
                    result, health::Level::warning, to_string(side), "",
                    "Patroni runs " + to_string(side) +
                        ". It drops slots that it doesn't know, those of pgteal's lanes too: data would "
                        "have to be copied again",
                    "patronictl edit-config, with these lines:\n" + ignore_slots(estate->lanes(side)));
            }
        } catch (const Error& error) {
            spdlog::debug("patroni on {}: {}", to_string(side), error.what());
        }
    }
    co_return result;
}

} // namespace pgteal::cutover
