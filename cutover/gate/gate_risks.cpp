#include "cutover/gate/gate_risks.hpp"

#include "cutover/migrations/applied_files.hpp"

#include "cutover/estate/owners_code_check.hpp"
#include "cutover/fence/own_tables.hpp"
#include "cutover/fence/read_only.hpp"
#include "cutover/gate/rights.hpp"
#include "cutover/gate/unfilled_views.hpp"
#include "cutover/migrations/migrations.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "health/checks/server_checks.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/roles.hpp"
#include "replication/clone/roles_power.hpp"

namespace pgteal::cutover {

namespace {

/// A session that is still logging in has no state (18: starting) and no name yet: it may be one of ours.
/// Our own role is let pass here: it has sessions in the poolers' pools, from probes, which PAUSE closes.
/// Whoever else uses it is ended by the fence, and found by `recheck`.
constexpr const char* superusers =
    "SELECT a.pid, a.usename::text, a.application_name FROM pg_stat_activity a JOIN pg_roles r ON r.oid = "
    "a.usesysid WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND r.rolsuper"
    " AND a.usename <> current_user ORDER BY a.pid LIMIT 1000";

constexpr const char* replicating_writers =
    "SELECT r.rolname::text FROM pg_roles r WHERE r.rolreplication AND r.rolcanlogin AND NOT r.rolsuper"
    " AND has_database_privilege(r.oid, current_database(), 'CONNECT') AND EXISTS (SELECT FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal')"
    " AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) ORDER BY 1 LIMIT 1";

Task<std::optional<Refusal>> changed_role(Context* context, Move move, Deadline deadline) {
    const auto source = co_await replication::read_roles(context->estate.server(move.from), deadline);
    const auto target = co_await replication::read_roles(context->estate.server(move.to), deadline);
    const auto ours = context->estate.config().side(move.to).dsn.get("user").value_or("");
    const auto to = to_string(move.to);
    auto changes = changed_roles(context->journal, move.from, source);
    const auto held = replication::stronger_roles(source, target, ours, &changes);
    for (const auto& [name, why] : held) {
        changes.erase(name);
    }
    const auto after = replication::with_changes(source, target, changes);
    const auto stronger = replication::stronger_roles(source, target, ours);
    if (!stronger.empty() && move.to == Side::green) {
        const auto& [name, why] = *stronger.begin();
        co_return Refusal{
            to, "role " + name + " " + why + " (there: on " + to + "; here: on " + to_string(move.from) + ")",
            "take from it on " + to + " what it should not have: \\du " + name +
                " in psql on both sides shows what it belongs to"};
    }
    // Going back demands no role that the run found on green and blue never had.
    const auto before = context->journal.recall(facts::roles_before);
    const auto found_there = [&](const std::string& name) {
        return move.to == Side::blue && before && before->contains(name);
    };
    for (const auto& role : source.roles) {
        if (!role.login || role.name == ours || role.name == target.bootstrap) {
            continue;
        }
        const auto same = std::ranges::find(after.roles, role.name, &replication::Role::name);
        if (same == after.roles.end() && found_there(role.name)) {
            continue;
        }
        if (same == after.roles.end() || !same->login || same->password != role.password) {
            const auto what = "role " + role.name +
                              (same == after.roles.end() ? " does not exist"
                                                         : " has another password, or may not log in,") +
                              " on " + to + ": its clients could not log in";
            const auto more = held.find(role.name);
            if (more != held.end()) {
                co_return Refusal{to,
                                  what + ". It is not carried, since it " + more->second + " (there: on " +
                                      to + "; here: on " + to_string(move.from) + ")",
                                  "let it belong to the same roles on both sides: \\du " + role.name +
                                      " in psql shows them; then run " +
                                      (move.to == Side::green ? "pgteal cutover" : "pgteal switch-back") +
                                      " again"};
            }
            co_return Refusal{to, what,
                              move.epoch == 2 ? std::string("pgteal prepare carries it")
                                              : "on " + to + ": make it as it is on " + to_string(move.from) +
                                                    " (pg_dumpall --roles-only shows how)"};
        }
    }
    co_return std::nullopt;
}

/// On either side: a commit that hangs would hold clients until max_pause; a lane that reads another value
/// than was written makes the sides differ.
Task<void> server_risks(postgres::Server* server, std::string database, std::vector<Refusal>* risks,
                        Deadline deadline) {
    const auto row = co_await server->exec(
        database,
        "SELECT current_setting('synchronous_standby_names'), (SELECT count(*) FROM pg_stat_replication "
        "WHERE "
        "sync_state IN ('sync', 'quorum')), current_setting('array_nulls'), current_setting('xmloption'), "
        "quote_ident(current_user)",
        {}, deadline);
    const auto& side = server->name();
    const auto names = row.get<std::string>(0, 0);
    const int connected = row.get<int>(0, 1);
    if (health::standbys_wanted(names) > connected) {
        risks->push_back({side,
                          side + " waits for synchronous standbys at each commit (" + names + "), and " +
                              std::to_string(connected) +
                              " are connected: the switch would wait there, with clients held",
                          "start the standby, or on " + side +
                              ": ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();"});
    }
    const auto problem = health::lane_settings_problem(
        {{"array_nulls", row.get<std::string>(0, 2)}, {"xmloption", row.get<std::string>(0, 3)}});
    if (!problem.empty()) {
        risks->push_back({side, "database " + database + " on " + side + ": " + problem,
                          health::lane_settings_fix(row.get<std::string>(0, 4)) +
                              " Lanes that run keep what they began with: on " + side +
                              " ALTER SUBSCRIPTION ... DISABLE and ENABLE each. Then pgteal compare shows "
                              "whether rows differ already."});
    }
}

} // namespace

Task<void> refuse_lockers(postgres::Server* server, std::string database, std::string again,
                          Deadline deadline) {
    const auto lasting = co_await lasting_locker(
        server, std::move(database),
        "SELECT a.pid, coalesce(a.usename::text, ''), a.application_name, coalesce(a.datname::text, ''), "
        "coalesce(l.relation::regclass::text, 'its row of pg_database')",
        " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid\n"
        " WHERE l.granted AND a.usename IS DISTINCT FROM current_user\n"
        "   AND (l.database = 0 AND l.relation IN ('pg_database'::regclass, 'pg_db_role_setting'::regclass)\n"
        "          AND l.mode <> 'AccessShareLock' AND a.backend_type = 'client backend'\n"
        // GRANT keeps no lock on the table, but its transaction is in the row.
        "        OR l.locktype = 'transactionid' AND l.transactionid = (SELECT d.xmax FROM pg_database d "
        "WHERE "
        "d.datname = current_database())\n"
        "        OR " +
            locks_own_table_text() + ")",
        deadline);
    if (!lasting) {
        co_return;
    }
    const auto& found = *lasting;
    const auto& side = server->name();
    throw Error(
        ErrorCode::refused, side,
        fmt::format("pid {} (role {}, app \"{}\", database {}) holds a lock on {} of {}: the switch would "
                    "wait for it, with clients held",
                    found.get<int>(0, 0), found.text(0, 1), found.text(0, 2), found.text(0, 3),
                    found.text(0, 4), side),
        fmt::format("wait for it, or end it on {}: SELECT pg_terminate_backend({}); then run {} again", side,
                    found.get<int>(0, 0), again));
}

Task<std::vector<SuperuserSession>> superuser_sessions(postgres::Server* server, std::string database,
                                                       Deadline deadline) {
    const auto rows = co_await server->exec(std::move(database), superusers, {}, deadline);
    std::vector<SuperuserSession> sessions;
    for (int i = 0; i < rows.rows(); ++i) {
        sessions.push_back(
            {std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), std::string(rows.text(i, 2))});
    }
    co_return sessions;
}

Task<std::int64_t> large_objects(postgres::Server* server, std::string database, Deadline deadline) {
    const auto count =
        co_await server->exec(database, "SELECT count(*) FROM pg_largeobject_metadata", {}, deadline);
    co_return count.get<std::int64_t>(0, 0);
}

Task<std::vector<Refusal>> read_risks(Context* context, Move move, std::string database, Deadline deadline) {
    std::vector<Refusal> risks;
    auto& from = context->estate.server(move.from);
    auto& to = context->estate.server(move.to);
    const auto side = to_string(move.from);
    co_await server_risks(&from, database, &risks, deadline);
    co_await server_risks(&to, database, &risks, deadline);
    if (auto read_only = co_await read_only_server(&to, deadline)) {
        risks.push_back(std::move(*read_only));
    }
    const auto writers = co_await from.exec(database, replicating_writers, {}, deadline);
    if (!writers.empty()) {
        const auto role = std::string(writers.text(0, 0));
        risks.push_back({side,
                         "role " + role + " has REPLICATION and may write to tables of " + database +
                             ": a replication session of it would write past the fence",
                         "on " + side + ": ALTER ROLE " + postgres::quote_identifier(role) +
                             " NOREPLICATION, or take its rights to write"});
    }
    const auto prepared = co_await to.exec(
        database, "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() LIMIT 1", {},
        deadline);
    if (!prepared.empty()) {
        risks.push_back({to_string(move.to),
                         "prepared transaction '" + std::string(prepared.text(0, 0)) + "' in " + database +
                             " on " + to_string(move.to) + " was never carried over",
                         "COMMIT PREPARED or ROLLBACK PREPARED it there"});
    }
    const auto was =
        context->journal.recall(facts::large_objects, facts::large_objects.of(move.from, database));
    const auto now = co_await large_objects(&from, database, deadline);
    if (was && *was != now) {
        risks.push_back({side,
                         "database " + database + " has " + std::to_string(now) + " large objects on " +
                             side + ", " + std::to_string(*was) +
                             " when the run was prepared: they are not replicated",
                         "copy them by hand (lo_export, lo_import), or keep clients from making them"});
    }
    if (move.to == Side::green) { // the way back never looks at files
        const auto changed = co_await changed_since_applied(&context->estate, database);
        if (!changed.empty()) {
            risks.push_back(
                {"green",
                 "database " + database + ": " + changed.front() +
                     " is not as it was applied to green (its checksum differs)" +
                     (changed.size() == 1 ? "" : ", nor are " + std::to_string(changed.size() - 1) + " more"),
                 "put the file back as it was applied (pgteal audit shows its SQL); or, before the "
                 "first cutover, pgteal abort and pgteal prepare with the file as it is now"});
        }
        const auto script = co_await migrated_meanwhile(&context->estate, database);
        if (!script.empty()) {
            risks.push_back(
                {"blue",
                 "database " + database + ": " + script +
                     " was applied to blue during the run, and green's history doesn't have it",
                 "see that green has what it did, and write its row into green's history table as it "
                 "is in blue's; let no tool migrate blue while a run is on"});
        }
    }
    if (move.to == Side::green) { // from now on the side that served applies
        std::vector<Side> subscriber{move.from};
        std::vector<std::string> one{database};
        const auto code = co_await check_owners_code(&context->estate, move.from, std::move(subscriber),
                                                     std::move(one), deadline);
        for (const auto& result : code) {
            for (const auto& finding : result.findings) {
                if (finding.level == health::Level::error) {
                    risks.push_back({finding.side, finding.message, finding.fix});
                }
            }
        }
        auto unfilled = co_await unfilled_views(&from, &to, database, "pgteal cutover", deadline);
        if (unfilled) {
            risks.push_back(std::move(*unfilled));
        }
    }
    auto role = co_await changed_role(context, move, deadline);
    if (role) {
        risks.push_back(std::move(*role));
    }
    const auto compared = context->journal.recall(facts::compared);
    if (compared && !compared->equal) {
        risks.push_back({to_string(move.to),
                         "the last comparison of data, at " + compared->at + ", found differences",
                         "mend them, then pgteal compare must find both sides equal"});
    }
    co_return risks;
}

} // namespace pgteal::cutover
