// The recipe: read both servers, then their databases, then let every check judge what was read.
#include "health/checks/preflight.hpp"

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "health/checks/activity_checks.hpp"
#include "health/checks/disk.hpp"
#include "health/checks/green_checks.hpp"
#include "health/checks/pooler_checks.hpp"
#include "health/checks/reach.hpp"
#include "health/checks/read_facts.hpp"
#include "health/checks/server_checks.hpp"
#include "health/facts/verdict.hpp"
#include "health/schema/carried_checks.hpp"
#include "health/schema/copy_checks.hpp"
#include "health/schema/foreign_keys.hpp"
#include "health/schema/newer_names.hpp"
#include "health/schema/publication_checks.hpp"
#include "health/schema/schema_changers.hpp"
#include "health/schema/schema_checks.hpp"
#include "health/settings/capacity_checks.hpp"
#include "health/settings/client_settings.hpp"
#include "health/settings/settings_trial.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

/// One black hole must not eat the time of every other check.
constexpr auto side_limit = std::chrono::seconds(15);

Deadline soon(Deadline deadline) { return std::min(deadline, after(side_limit)); }

/// A mistake of ours is no finding.
void rethrow_internal(const Error& error) {
    if (error.code() == ErrorCode::internal) {
        throw;
    }
}

Task<SideOutcome> read_side(postgres::Server* server, std::vector<std::string> databases,
                            Clock::duration too_long, Deadline deadline) {
    SideOutcome outcome;
    outcome.side = server->name();
    outcome.address = server->dsn().address();
    outcome.role = server->dsn().get("user").value_or("");
    try {
        outcome.facts = co_await read_server_facts(*server, std::move(databases), too_long, soon(deadline));
    } catch (const Error& error) {
        rethrow_internal(error);
        outcome.problem = error.what();
    }
    co_return outcome;
}

struct Unread {
    std::string side, database, problem;
};

struct Inside {
    std::vector<DatabaseFacts> blue;
    std::vector<GreenDatabase> green;
    std::vector<LocaleTrial> locales;
    std::vector<Unread> unread;
    SettingTrials settings;
    std::optional<DiskFacts> blue_disk, green_disk;
    std::vector<NewerName> newer_names;
    ForeignKeys keys;
};

bool usable(const ServerFacts& facts, const std::string& database) {
    const auto* row = facts.database(database);
    return row != nullptr && row->usable;
}

Task<void> read_blue_database(postgres::Server* blue, std::string database, Inside* inside,
                              Deadline deadline) {
    try {
        auto facts = co_await read_database_facts(*blue, database, deadline);
        inside->blue.push_back(std::move(facts));
        co_await find_broken_keys(*blue, database, &inside->keys, deadline);
    } catch (const Error& error) {
        rethrow_internal(error);
        inside->unread.push_back({blue->name(), database, error.what()});
    }
}

/// What the scripts of a database's extensions make. One trial for databases that have the same one.
Task<void> try_extensions(postgres::Server* green, Inside* inside, Deadline deadline) {
    using Made = std::optional<std::set<MemberRow>>;
    std::map<std::vector<std::string>, Made> tried;
    for (auto& database : inside->blue) {
        for (const auto& extension : database.extensions) {
            const std::vector<std::string> key{extension.name, extension.version, extension.schema};
            if (!tried.contains(key)) {
                auto made = co_await try_extension(*green, extension, soon(deadline));
                tried[key] = std::move(made);
            }
            if (const auto& made = tried[key]) {
                database.scripts[extension.name] = *made;
            }
        }
    }
}

Task<void> read_green(postgres::Server* green, std::string database, Inside* inside, Deadline deadline) {
    try {
        auto facts = co_await read_green_database(*green, database, deadline);
        inside->green.push_back(std::move(facts));
    } catch (const Error& error) {
        rethrow_internal(error);
        inside->unread.push_back({green->name(), database, error.what()});
    }
}

Task<void> read_locale(postgres::Server* green, DatabaseRow row, Inside* inside, Deadline deadline) {
    const std::string database = row.name;
    try {
        auto trial = co_await try_locale(*green, std::move(row), deadline);
        inside->locales.push_back(std::move(trial));
    } catch (const Error& error) {
        rethrow_internal(error);
        inside->unread.push_back({green->name(), database, error.what()});
    }
}

/// Only upwards: an older green has nothing new.
Task<void> read_newer(postgres::Server* blue, postgres::Server* green, Inside* inside, Deadline deadline) {
    try {
        const auto older = co_await read_builtins(*blue, deadline);
        const auto newer = co_await read_builtins(*green, deadline);
        for (const auto& database : inside->blue) {
            auto names = co_await read_newer_names(*blue, database.name, &older, &newer, deadline);
            std::move(names.begin(), names.end(), std::back_inserter(inside->newer_names));
        }
    } catch (const Error& error) {
        rethrow_internal(error);
        inside->unread.push_back({blue->name(), "pg_catalog", error.what()});
    }
}

/// Trials want a superuser who can write; other findings speak of that.
bool may_try(const ServerFacts& facts) { return facts.identity.superuser && !facts.identity.in_recovery; }

/// Sizes of large clusters take a while: without them only the check of the disks is missing.
Task<void> look_at_disk(postgres::Server* server, const ServerFacts* facts, const PreflightInput* input,
                        std::optional<DiskFacts>* disk, Deadline deadline) {
    if (facts == nullptr || !facts->identity.superuser) {
        co_return;
    }
    try {
        auto found = co_await read_disk(*server, input->databases, deadline);
        *disk = std::move(found);
    } catch (const Error& error) {
        rethrow_internal(error);
        spdlog::debug("{}: sizes were not read: {}", server->name(), error.what());
    }
}

/// One database after the other: preflight is not in a hurry, and its connections should not be what uses up
/// a server's.
Task<Inside> read_inside(postgres::Server* blue, const ServerFacts* blue_facts, postgres::Server* green,
                         const ServerFacts* green_facts, const PreflightInput* input, Deadline deadline) {
    Inside inside;
    for (const auto& name : input->databases) {
        if (blue_facts != nullptr && usable(*blue_facts, name)) {
            co_await read_blue_database(blue, name, &inside, soon(deadline));
        }
        if (green_facts != nullptr && usable(*green_facts, name) && !input->run_started) {
            co_await read_green(green, name, &inside, soon(deadline));
        }
        if (blue_facts == nullptr || green_facts == nullptr || green_facts->identity.in_recovery ||
            green_facts->database(name) != nullptr) {
            continue;
        }
        if (const auto* row = blue_facts->database(name); row != nullptr) {
            co_await read_locale(green, *row, &inside, soon(deadline));
        }
    }
    co_await look_at_disk(blue, blue_facts, input, &inside.blue_disk, soon(deadline));
    co_await look_at_disk(green, green_facts, input, &inside.green_disk, soon(deadline));
    if (blue_facts != nullptr && green_facts != nullptr && green_facts->major() > blue_facts->major()) {
        co_await read_newer(blue, green, &inside, soon(deadline));
    }
    if (green_facts != nullptr && may_try(*green_facts)) {
        co_await try_extensions(green, &inside, deadline);
        if (blue_facts != nullptr) {
            inside.settings = co_await try_settings(*green, blue_facts->stored_settings,
                                                    blue_facts->parameter_grants, soon(deadline));
        }
    }
    co_return inside;
}

/// The database through which a peer is tried: one of the run's where it exists, since pg_hba.conf may name
/// databases.
std::string trial_database(const ServerFacts& facts, const std::vector<std::string>& databases) {
    for (const auto& name : databases) {
        if (usable(facts, name)) {
            return name;
        }
    }
    return "postgres";
}

Task<std::vector<PeerTrial>> try_peers(postgres::Server* blue, const ServerFacts* blue_facts,
                                       postgres::Server* green, const ServerFacts* green_facts,
                                       const PreflightInput* input, Deadline deadline) {
    std::vector<Task<PeerTrial>> tasks;
    // A side that we can't use ourselves has its finding already.
    if (blue_facts != nullptr && green_facts != nullptr) {
        if (may_try(*green_facts) && !input->blue_peer_conninfo.empty()) {
            tasks.push_back(try_peer(*green, blue->name(), input->blue_peer_conninfo,
                                     trial_database(*blue_facts, input->databases), soon(deadline)));
        }
        if (may_try(*blue_facts) && !input->green_peer_conninfo.empty()) {
            tasks.push_back(try_peer(*blue, green->name(), input->green_peer_conninfo,
                                     trial_database(*green_facts, input->databases), soon(deadline)));
        }
    }
    auto trials = co_await all(std::move(tasks));
    co_return trials;
}

/// The server itself was reached.
std::string unread_fix(const Unread& row) {
    return row.problem.find("pg_hba.conf") != std::string::npos
               ? reach_fix(row.side, "", row.problem)
               : "see what holds it up, on " + row.side +
                     ":  SELECT pid, wait_event_type, query FROM pg_catalog.pg_stat_activity WHERE datname "
                     "= " +
                     postgres::quote_literal(row.database) + ";  then pgteal check";
}

CheckResult check_readable(const std::vector<Unread>& unread) {
    CheckResult result{"readable", {}, "all catalogs read"};
    for (const auto& row : unread) {
        add(result, Level::error, row.side, row.database,
            "database " + row.database + " on " + row.side + " could not be read: " + row.problem +
                ". What is in it was not checked, so the run could fail later.",
            unread_fix(row));
    }
    return result;
}

void judge_sides(std::vector<CheckResult>& results, const Sides& sides, const PreflightInput& input) {
    const Need need{input.lanes, input.run_started};
    results.push_back(check_recovery(sides));
    results.push_back(check_privileges(sides));
    results.push_back(check_role_replication(sides));
    results.push_back(check_wal_level(sides));
    results.push_back(check_slots(sides, need));
    results.push_back(check_senders(sides, need));
    results.push_back(check_workers(sides, need));
    results.push_back(check_origins(sides, need));
    results.push_back(check_slot_retention(sides));
    results.push_back(check_prepared_transactions(sides, input.databases));
    results.push_back(check_long_transactions(sides, input.max_pause));
    results.push_back(check_role_settings(sides));
    results.push_back(check_synchronous_standbys(sides));
    results.push_back(check_other_subscriptions(sides, input.databases, input.run_started));
    results.push_back(check_leftovers(sides, input.run_started));
    results.push_back(check_catalogs(sides));
}

void judge_blue(std::vector<CheckResult>& results, const ServerFacts& blue, const Inside& inside,
                const PreflightInput& input) {
    results.push_back(check_databases(blue, input.databases));
    results.push_back(check_superuser_sessions(blue));
    results.push_back(check_other_slots(blue, input.databases));
    results.push_back(check_jobs(blue, inside.blue));
    results.push_back(check_unlogged_tables(inside.blue, input.accept));
    results.push_back(check_large_objects(inside.blue, input.accept));
    results.push_back(check_triggers(inside.blue, input.accept));
    results.push_back(check_sequences(inside.blue));
    results.push_back(check_extension_tables(inside.blue));
    results.push_back(check_extension_members(inside.blue, input.accept));
    results.push_back(check_standby_entries(blue, input.poolers, input.databases, input.accept));
    results.push_back(check_own_schema(inside.blue));
    results.push_back(check_type_oids(inside.blue));
    results.push_back(check_schema_changers(inside.blue, input.accept, input.carry_partitions));
    results.push_back(
        check_all_tables_publications(blue, inside.blue, input.subscriber_tables, input.accept));
    auto notable = check_notable(inside.blue);
    std::move(notable.begin(), notable.end(), std::back_inserter(results));
}

void judge_both(std::vector<CheckResult>& results, const ServerFacts& blue, const ServerFacts& green,
                const Inside& inside, const PreflightInput& input) {
    results.push_back(check_different_servers(blue, green));
    results.push_back(check_versions(blue, green));
    results.push_back(check_dump(blue, green, input.dump_version));
    results.push_back(check_locale(blue, green, input.databases, inside.locales));
    results.push_back(check_collation_versions(blue, green, input.databases));
    results.push_back(check_extensions(green, inside.blue));
    results.push_back(check_tablespaces(blue, green, inside.blue));
    results.push_back(check_capacity(blue, green, inside.blue, input.accept));
    results.push_back(check_disk(inside.blue_disk, inside.green_disk, blue.number("max_slot_wal_keep_size"),
                                 input.run_started, input.accept));
    results.push_back(check_client_settings(blue, green, input.databases, input.run_started));
    results.push_back(check_libraries(blue, green));
    results.push_back(check_copyable(inside.blue));
    results.push_back(check_foreign_keys(inside.keys));
    results.push_back(check_newer_values(inside.blue, blue.major(), green.major()));
    results.push_back(check_server_values(inside.blue, blue.major(), green.major()));
    results.push_back(check_newer_names(inside.newer_names, green.major()));
    results.push_back(check_stored_settings(inside.settings));
}

void judge_poolers(std::vector<CheckResult>& results, const PreflightInput& input) {
    results.push_back(check_poolers_reachable(input.poolers));
    results.push_back(check_pool_mode(input.poolers));
    results.push_back(check_pooler_timeouts(input.poolers, input.max_pause));
    results.push_back(check_reuseport(input.poolers));
    results.push_back(check_entries(input.poolers, input.databases, input.run_started, input.accept));
}

} // namespace

Task<std::vector<CheckResult>> preflight(postgres::Server& blue, postgres::Server& green,
                                         PreflightInput input, Deadline deadline) {
    std::vector<Task<SideOutcome>> reads;
    reads.push_back(read_side(&blue, input.databases, input.max_pause, deadline));
    reads.push_back(read_side(&green, input.databases, input.max_pause, deadline));
    const auto outcomes = co_await all(std::move(reads));
    const ServerFacts* blue_facts = outcomes[0].facts ? &*outcomes[0].facts : nullptr;
    const ServerFacts* green_facts = outcomes[1].facts ? &*outcomes[1].facts : nullptr;
    Sides sides;
    for (const auto* facts : {blue_facts, green_facts}) {
        if (facts != nullptr) {
            sides.push_back(facts);
        }
    }
    const Inside inside = co_await read_inside(&blue, blue_facts, &green, green_facts, &input, deadline);
    const auto peers = co_await try_peers(&blue, blue_facts, &green, green_facts, &input, deadline);

    std::vector<CheckResult> results;
    results.push_back(check_reachable(outcomes));
    judge_sides(results, sides, input);
    results.push_back(check_readable(inside.unread)); // after what may be the reason
    if (!peers.empty()) {
        results.push_back(check_peers(peers));
    }
    if (blue_facts != nullptr) {
        judge_blue(results, *blue_facts, inside, input);
        results.push_back(check_lane_settings(*blue_facts, green_facts, inside.blue));
        results.push_back(check_lane_timeouts(*blue_facts, green_facts, inside.blue));
        results.push_back(check_system_schemas(inside.blue, green_facts, input.accept));
        results.push_back(check_security_labels(*blue_facts, green_facts, inside.blue, input.accept));
        // Without green only its side of these is unknown: they are judged with blue's version in its place.
        results.push_back(
            check_replica_identity(inside.blue, blue_facts->major(),
                                   green_facts != nullptr ? green_facts->major() : blue_facts->major()));
    }
    if (green_facts != nullptr) {
        // The fix of this one is DROP DATABASE: never say that of blue itself.
        if (blue_facts == nullptr ||
            blue_facts->identity.system_identifier != green_facts->identity.system_identifier) {
            results.push_back(check_green_empty(inside.green, input.run_started));
        }
    }
    if (blue_facts != nullptr && green_facts != nullptr) {
        judge_both(results, *blue_facts, *green_facts, inside, input);
    }
    judge_poolers(results, input);
    co_return order(std::move(results));
}

} // namespace pgteal::health
