#include "health/checks/pooler_checks.hpp"

#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

using Entry = PoolerFacts::Entry;

bool usable(const PoolerFacts& pooler) { return pooler.problem.empty(); }

/// An entry that the pooler doesn't have comes without a target.
bool unknown(const Entry& entry) {
    return !entry.known || (entry.host.empty() && entry.port.empty() && entry.database.empty());
}

std::string target_text(const Entry& entry) {
    return (entry.host.empty() ? "the local socket" : entry.host) + ":" + entry.port;
}

/// so_reuseport can't be changed by RELOAD (PgBouncer docs).
std::string socket_advice(const PoolerFacts& pooler) {
    const std::string alone =
        "so_reuseport = 0 in " + pooler.name + "'s file, then restart it, where one process is enough";
    if (pooler.socket_admin.empty()) {
        return "a unix_socket_dir of its own in the file of each process, and restart them: pgteal check "
               "then "
               "says what pgteal.toml wants. Or " +
               alone;
    }
    return pooler.own_socket
               ? "in pgteal.toml a [[pooler]] for each other process on the port, with its config and admin "
                 "as "
                 "here: " +
                     pooler.socket_admin + ". Or " + alone
               : "in pgteal.toml, in [[pooler]] " + pooler.name + ":  admin = \"" + pooler.socket_admin +
                     "\"  and one [[pooler]] more for each other process, by its unix_socket_dir. Or " +
                     alone;
}

/// A line of pgteal.toml: the run's entries of this pooler, with and without one; "" with none left.
std::string entries_line(const PoolerFacts& pooler, const std::string& with, const std::string& without) {
    std::string names;
    for (const auto& one : pooler.entries) {
        const bool ours = one.wanted && !unknown(one) && one.name != without;
        if (ours || one.name == with) {
            names += (names.empty() ? "\"" : ", \"") + one.name + "\"";
        }
    }
    return names.empty() ? "" : "entries = [" + names + "] in [[pooler]] " + pooler.name + " of pgteal.toml";
}

/// Of databases that the run leaves alone.
void judge_other_database(CheckResult& result, const PoolerFacts& pooler, const Entry& entry, bool wanted,
                          bool stays) {
    // No run takes the database that pgteal itself logs in to.
    const bool maintenance = entry.database == "postgres" || entry.database == "template1";
    const auto others = wanted ? entries_line(pooler, "", entry.name) : "";
    add(result, stays && !wanted ? Level::warning : Level::error, pooler.name, entry.name,
        pooler.name + ": entry " + entry.name + " points at blue too, to database " + entry.database +
            ", which is not part of the run. Its clients would stay on blue and go on writing there: "
            "pgteal neither moves nor fences that database, so blue could not be retired.",
        "take it out of [databases] of " + pooler.name + "'s file, and RELOAD;  or let it stay on blue: " +
            (others.empty() ? "" : others + ", and ") + "accept = [\"" + other_entries + "\"] in [check]" +
            (maintenance
                 ? ""
                 : ";  or take the database into the run: [[database]] name = \"" + entry.database + "\"" +
                       (wanted ? ""
                               : ", and \"" + entry.name + "\" in entries of [[pooler]] " + pooler.name)));
}

void judge_unwanted(CheckResult& result, const PoolerFacts& pooler, const Entry& entry,
                    const std::vector<std::string>& databases, bool stays) {
    if (!entry.doubt.empty()) {
        const auto others = entries_line(pooler, "", entry.name);
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": it can't be told whether entry " + entry.name +
                " leads to blue under the name " + target_text(entry) + ": " + entry.doubt +
                ". If it does, its clients would be left behind the fence.",
            "write its host as pgteal.toml has it and RELOAD" +
                (others.empty() ? "" : ";  or, where it does not lead to blue, " + others));
        return;
    }
    if (!entry.points_at_blue) {
        return;
    }
    if (entry.star) {
        add(result, Level::error, pooler.name, "*",
            pooler.name + ": the entry * sends every database that has no entry of its own to blue. It can't "
                          "be paused or moved alone, so its clients "
                          "would stay behind on blue, which takes no writes then.",
            "Give each database a line of its own in [databases] of " + pooler.name +
                " and remove *, then RELOAD;");
    } else if (std::find(databases.begin(), databases.end(), entry.database) == databases.end()) {
        judge_other_database(result, pooler, entry, false, stays);
    } else {
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": entry " + entry.name + " points at blue (database " + entry.database +
                ") too, but is not among the run's entries. Its clients would stay behind on blue, which "
                "takes no writes then.",
            entries_line(pooler, entry.name, "") + ", or remove it from the pooler and RELOAD");
    }
}

void judge_wanted(CheckResult& result, const PoolerFacts& pooler, const Entry& entry,
                  const std::vector<std::string>& databases, bool run_started) {
    if (unknown(entry)) {
        std::vector<std::string> names;
        for (const auto& other : pooler.entries) {
            if (!unknown(other)) {
                names.push_back(other.name);
            }
        }
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + " has no entry " + entry.name + "; it has: " + list_of(names, 10) +
                ". Nothing would be moved for its clients.",
            "Put the right names into entries of this pooler in pgteal.toml.");
        return;
    }
    if (!entry.points_at_blue && !run_started) {
        const auto others = entries_line(pooler, "", entry.name);
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": entry " + entry.name + " points at " + target_text(entry) +
                ", which is not blue. Its clients are somewhere else already, and a cutover would move them "
                "from there.",
            "point it at blue and RELOAD" + (others.empty() ? "" : ";  or " + others));
    }
    if (std::find(databases.begin(), databases.end(), entry.database) == databases.end()) {
        judge_other_database(result, pooler, entry, true, false);
    }
}

/// A database that no entry leads to would be switched without its clients. What a pooler that can't be read
/// has is not known, and a run that has begun may have lost a pooler for good. An entry with a finding of its
/// own may be the one that is missing here.
void judge_databases(CheckResult& result, const std::vector<PoolerFacts>& poolers,
                     const std::vector<std::string>& databases, bool run_started) {
    if (poolers.empty() || !result.findings.empty() || !std::all_of(poolers.begin(), poolers.end(), usable)) {
        return;
    }
    for (const auto& database : databases) {
        const bool led_to = std::any_of(poolers.begin(), poolers.end(), [&database](const auto& pooler) {
            return std::any_of(pooler.entries.begin(), pooler.entries.end(), [&database](const auto& entry) {
                return (entry.wanted || !entry.doubt.empty()) && entry.database == database;
            });
        });
        if (!led_to) {
            add(result, run_started ? Level::warning : Level::error, "", database,
                "no entry of any pooler leads to database " + database +
                    ", which is part of the run. Nobody's clients would be moved for it, and the cutover "
                    "would shut them out of blue.",
                "Give it an entry that leads to blue in [databases] of a pooler and RELOAD, or take "
                "[[database]] " +
                    database + " out of pgteal.toml.");
        }
    }
}

} // namespace

std::string end_replication(const std::string& role) {
    return "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'walsender' AND "
           "usename = " +
           postgres::quote_literal(role) + " AND application_name NOT LIKE 'pgteal%';";
}

CheckResult check_poolers_reachable(const std::vector<PoolerFacts>& poolers) {
    CheckResult result{"poolers", {}, ""};
    std::size_t good = 0;
    for (const auto& pooler : poolers) {
        if (usable(pooler)) {
            ++good;
        } else {
            add(result, Level::error, pooler.name, "",
                pooler.name + ": " + pooler.problem + (pooler.problem.ends_with('.') ? "" : ".") +
                    " Its clients could not be held or moved.",
                pooler.problem_fix);
        }
    }
    if (poolers.empty()) {
        add(result, Level::warning, "", "",
            "no pooler is named in the config. Clients can't be held; nothing would move them to green.",
            "[[pooler]] name = \"pgb1\"  with admin and config");
    }
    result.summary = "poolers " + std::to_string(good) + " of " + std::to_string(poolers.size());
    return result;
}

CheckResult check_pool_mode(const std::vector<PoolerFacts>& poolers) {
    CheckResult result{"pool-mode", {}, "no session pooling"};
    for (const auto& pooler : poolers) {
        for (const auto& entry : pooler.entries) {
            const std::string& mode = entry.pool_mode.empty() ? pooler.pool_mode : entry.pool_mode;
            if (usable(pooler) && entry.wanted && !unknown(entry) && mode == "session") {
                add(result, Level::error, pooler.name, entry.name,
                    pooler.name + ": entry " + entry.name +
                        " uses session pooling. PAUSE would wait until its clients disconnect by themselves, "
                        "so the "
                        "cutover would run into max_pause and be taken back.",
                    "pool_mode = transaction for this entry in " + pooler.name +
                        "'s file, once its clients can do without session state");
            }
        }
        for (const auto& [entry, user] : pooler.replication_clients) {
            add(result, Level::warning, pooler.name, entry,
                pooler.name + ": user " + user + " replicates through entry " + entry +
                    ". PAUSE would wait until it disconnects: a cutover is refused while it is there.",
                "on blue:  " + end_replication(user) + "  and let it log in to blue itself, past the pooler");
        }
        for (const auto& user : pooler.session_users) {
            add(result, Level::warning, pooler.name, user,
                pooler.name + ": user " + user +
                    " has session pooling of its own, which beats the entry's. PAUSE would wait until its "
                    "clients disconnect by themselves: a cutover is refused while there are any.",
                "pool_mode = transaction for it in [users] of " + pooler.name + "'s file, and RELOAD");
        }
    }
    return limited(std::move(result));
}

CheckResult check_pooler_timeouts(const std::vector<PoolerFacts>& poolers, Clock::duration max_pause) {
    CheckResult result{"pooler-timeouts", {}, "longer than max_pause"};
    const std::string pause = seconds_text(max_pause);
    for (const auto& pooler : poolers) {
        if (!usable(pooler)) {
            continue;
        }
        const auto wait = pooler.query_wait_timeout;
        if (wait.count() > 0 && wait <= max_pause) {
            const int lower = static_cast<int>(to_seconds(wait) * 2 / 3);
            const std::string smaller =
                lower >= 1 ? "max_pause = \"" + std::to_string(lower) + "s\"" : "max_pause = \"500ms\"";
            add(result, Level::error, pooler.name, "query_wait_timeout",
                pooler.name + ": query_wait_timeout is " + seconds_text(wait) + ", the pause budget " +
                    pause + ". Clients held longer than " + seconds_text(wait) + " would be disconnected.",
                "set " + smaller + " in pgteal.toml, or query_wait_timeout = " +
                    std::to_string(static_cast<int>(to_seconds(max_pause) * 4) + 10) + " in " + pooler.name +
                    "'s file, then RELOAD;");
        }
        if (pooler.query_timeout.count() > 0 && pooler.query_timeout <= max_pause) {
            add(result, Level::warning, pooler.name, "query_timeout",
                pooler.name + ": query_timeout is " + seconds_text(pooler.query_timeout) +
                    ", the pause budget " + pause +
                    ". It goes on counting during the pause: clients held that long could be disconnected.",
                "query_timeout = " + std::to_string(static_cast<int>(to_seconds(max_pause) * 4) + 10) +
                    " in " + pooler.name + "'s file, then RELOAD; or set a shorter max_pause in pgteal.toml");
        }
    }
    return result;
}

CheckResult check_reuseport(const std::vector<PoolerFacts>& poolers) {
    CheckResult result{"pooler-reuseport", {}, "one process a port"};
    for (const auto& pooler : poolers) {
        if (!usable(pooler) || !pooler.so_reuseport) {
            continue;
        }
        const auto named = std::count_if(poolers.begin(), poolers.end(), [&pooler](const auto& one) {
            return usable(one) && one.so_reuseport && one.own_socket && one.port == pooler.port;
        });
        if (pooler.processes == 1 ||
            (pooler.own_socket && pooler.processes > 0 && pooler.processes <= named)) {
            add(result, Level::info, pooler.name, "so_reuseport",
                pooler.name + ": so_reuseport is on, and " +
                    (pooler.processes == 1 ? "it is the only process" : "each process named") + " on port " +
                    pooler.port + ". Start no other one during a run.");
            continue;
        }
        const std::string others = pooler.processes == 0
                                       ? "so several processes may share its port"
                                       : "and " + std::to_string(pooler.processes) +
                                             " processes share port " + pooler.port + ", of which " +
                                             std::to_string(named) + " are named by their sockets";
        const bool counted = pooler.processes > 0 || !pooler.own_socket;
        add(result, counted ? Level::error : Level::warning, pooler.name, "so_reuseport",
            pooler.name + ": so_reuseport is on, " + others +
                ". A command reaches one of them; clients of the others would go on writing to blue.",
            socket_advice(pooler));
    }
    return result;
}

CheckResult check_entries(const std::vector<PoolerFacts>& poolers, const std::vector<std::string>& databases,
                          bool run_started, const std::vector<std::string>& accept) {
    CheckResult result{"pooler-entries", {}, ""};
    std::size_t wanted = 0;
    for (const auto& pooler : poolers) {
        if (!usable(pooler)) {
            continue;
        }
        std::size_t here = 0;
        for (const auto& entry : pooler.entries) {
            if (entry.wanted) {
                ++here;
                judge_wanted(result, pooler, entry, databases, run_started);
            } else {
                judge_unwanted(result, pooler, entry, databases, accepted(accept, other_entries));
            }
        }
        if (here == 0) {
            add(result, Level::error, pooler.name, "",
                pooler.name + " has no entry that belongs to the run: none points at blue. Nothing would be "
                              "moved for its clients.",
                "Name its entries in pgteal.toml, or leave this pooler out.");
        }
        wanted += here;
    }
    judge_databases(result, poolers, databases, run_started);
    result.summary = std::to_string(wanted) + (wanted == 1 ? " entry" : " entries");
    return limited(std::move(result));
}

} // namespace pgteal::health
