#include "health/checks/activity_checks.hpp"

#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

std::string who(const SessionRow& session) {
    return "pid " + std::to_string(session.pid) + " (role " + session.role +
           (session.application.empty() ? "" : ", app \"" + session.application + "\"") + ")";
}

} // namespace

CheckResult check_prepared_transactions(const Sides& sides, const std::vector<std::string>& databases) {
    CheckResult result{"prepared-transactions", {}, "none open"};
    for (const auto* side : sides) {
        for (const auto& row : side->prepared) {
            const std::string meaning = among(databases, row.database)
                                            ? "COMMIT PREPARED writes through the fence, so what it commits "
                                              "could be lost at the cutover."
                                            : "Making a slot waits for it, so prepare would not get on.";
            add(result, Level::error, side->side, row.database + ": " + row.gid,
                "transaction '" + row.gid + "' of role " + row.owner + " was prepared " +
                    seconds_text(row.age) + " ago and is still open. " + meaning,
                "in database " + row.database + ":  ROLLBACK PREPARED " + postgres::quote_literal(row.gid) +
                    ";  or COMMIT PREPARED");
        }
        if (side->side == "blue" && side->prepared.empty() && side->number("max_prepared_transactions") > 0) {
            add(result, Level::info, side->side, "max_prepared_transactions",
                "prepared transactions are possible on blue. The gate of the cutover refuses while one is "
                "open.");
        }
    }
    return result;
}

CheckResult check_long_transactions(const Sides& sides, Clock::duration max_pause) {
    CheckResult result{"long-transactions", {}, "none older than " + seconds_text(max_pause)};
    for (const auto* side : sides) {
        for (const auto& session : side->sessions) {
            const bool holds_clients = session.ours && side->side == "blue";
            if (!session.is_long || !(holds_clients || session.has_xid)) {
                continue;
            }
            std::string meaning;
            if (holds_clients) {
                meaning = "PAUSE waits for open transactions: while one this old runs, a cutover is refused.";
            } else {
                meaning = "Making a slot on " + side->side +
                          " waits for it, so prepare would stand still meanwhile.";
            }
            add(result, Level::warning, side->side, session.database + ": pid " + std::to_string(session.pid),
                who(session) + " holds a transaction open for " + seconds_text(session.age) + ". " + meaning,
                "SELECT pg_terminate_backend(" + std::to_string(session.pid) + ");");
        }
    }
    return result;
}

CheckResult check_superuser_sessions(const ServerFacts& blue) {
    CheckResult result{"superuser-sessions", {}, "none"};
    for (const auto& session : blue.sessions) {
        if (session.ours && session.superuser) {
            add(result, Level::warning, blue.side, session.database + ": pid " + std::to_string(session.pid),
                who(session) + " is a superuser session that is not pgteal's. It can lift the fence for "
                               "itself; if it wrote during a cutover, that write "
                               "could be missing on green.",
                "SELECT pg_terminate_backend(" + std::to_string(session.pid) + ");");
        }
    }
    return limited(std::move(result));
}

CheckResult check_role_settings(const Sides& sides) {
    CheckResult result{"role-settings", {}, "no role opts out of the fence"};
    for (const auto* side : sides) {
        for (const auto& row : side->role_settings) {
            const std::string where = row.database.empty() ? "" : " IN DATABASE " + row.database_sql;
            add(result, Level::error, side->side, "role " + row.role,
                "role " + row.role + " has default_transaction_read_only = off of its own" +
                    (row.database.empty() ? "" : " in database " + row.database) +
                    ", which beats the database's setting. Its sessions would go on writing past the fence, "
                    "and those writes would be lost.",
                "ALTER ROLE " + row.role_sql + where + " RESET default_transaction_read_only;");
        }
    }
    return limited(std::move(result));
}

CheckResult check_other_subscriptions(const Sides& sides, const std::vector<std::string>& databases,
                                      bool run_started) {
    CheckResult result{"other-subscriptions", {}, "none write to these databases"};
    for (const auto* side : sides) {
        for (const auto& row : side->subscriptions) {
            if (!among(databases, row.database) || (run_started && row.named_as_ours)) {
                continue;
            }
            add(result, row.enabled ? Level::error : Level::warning, side->side,
                row.database + ": " + row.name,
                "subscription " + row.name + (row.enabled ? " writes" : " is disabled, but could write") +
                    " to database " + row.database + " on " + side->side +
                    ". Apply workers ignore the fence: rows arriving after the cutover would be on one side "
                    "only.",
                "in database " + row.database + ":  ALTER SUBSCRIPTION " +
                    postgres::quote_identifier(row.name) +
                    " DISABLE;  and DROP SUBSCRIPTION once its data is complete");
        }
    }
    return result;
}

CheckResult check_other_slots(const ServerFacts& blue, const std::vector<std::string>& databases) {
    CheckResult result{"other-slots", {}, "no other consumers of these databases"};
    std::vector<std::string> standbys;
    for (const auto& slot : blue.slots) {
        if (slot.type == "physical") {
            standbys.push_back(slot.name);
        } else if (!slot.named_as_ours && among(databases, slot.database)) {
            add(result, Level::warning, blue.side, slot.database + ": " + slot.name,
                "logical slot " + slot.name + " (" + slot.plugin +
                    (slot.active ? ", in use" : ", not in use") +
                    ") is read by someone else. Slots don't move: after the cutover its reader sees no new "
                    "changes until it is set up on green. A reader of all tables also sees what pgteal "
                    "writes "
                    "to its schema pgteal meanwhile.",
                slot.active ? ""
                            : "SELECT pg_drop_replication_slot(" + postgres::quote_literal(slot.name) +
                                  ");  once you are sure that nobody needs it");
        }
    }
    if (!standbys.empty()) {
        add(result, Level::info, blue.side, "",
            "standbys follow blue through the slots " + list_of(standbys) +
                ". They stay with blue; green wants its own before clients depend on them.");
    }
    return result;
}

CheckResult check_jobs(const ServerFacts& blue, const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"jobs", {}, "no job scheduler"};
    static const std::vector<std::string> schedulers{"pg_cron", "pgagent", "pg_timetable", "pg_partman"};
    const std::string meaning = " runs jobs inside the server. They don't come through a pooler, so no PAUSE "
                                "holds them; a job that runs during the cutover "
                                "fails at the fence, and afterwards jobs would run on both sides.";
    for (const auto& database : databases) {
        for (const auto& extension : database.extensions) {
            if (among(schedulers, extension.name)) {
                add(result, Level::warning, blue.side, database.name + ": " + extension.name,
                    "extension " + extension.name + meaning,
                    "Stop its jobs on blue before the cutover and start them on green afterwards.");
            }
        }
    }
    if (result.findings.empty() &&
        blue.setting("shared_preload_libraries").find("pg_cron") != std::string::npos) {
        add(result, Level::warning, blue.side, "shared_preload_libraries", "pg_cron" + meaning,
            "Stop its jobs on blue before the cutover and start them on green afterwards.");
    }
    return result;
}

CheckResult check_leftovers(const Sides& sides, bool run_started) {
    CheckResult result{"leftovers", {}, run_started ? "a run is under way" : "none of an earlier run"};
    if (run_started) {
        return result;
    }
    for (const auto* side : sides) {
        for (const auto& slot : side->slots) {
            if (slot.named_as_ours) {
                add(result, Level::warning, side->side, "slot " + slot.name,
                    "slot " + slot.name +
                        " looks like another run's. If that run has ended, the slot keeps WAL until the disk "
                        "is full.",
                    "SELECT pg_drop_replication_slot('" + slot.name +
                        "');  once you are sure that no run needs it");
            }
        }
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
