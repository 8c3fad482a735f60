#include "health/pooler_checks.hpp"

#include "health/verdict.hpp"

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

void judge_unwanted(CheckResult& result, const PoolerFacts& pooler, const Entry& entry,
                    const std::vector<std::string>& databases) {
    if (!entry.doubt.empty()) {
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": it can't be told whether entry " + entry.name +
                " leads to blue under the name " + target_text(entry) + ": " + entry.doubt +
                ". If it does, its clients would be left behind the fence.",
            "Write its host as pgteal.toml has it and RELOAD, or name the run's entries of this pooler in "
            "pgteal.toml (entries in [[pooler]]).");
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
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": entry " + entry.name + " points at blue too, to database " + entry.database +
                ", which is not part of the run. Its clients would stay on blue and go on writing there: "
                "pgteal neither moves nor fences that database, so blue could not be retired.",
            "[[database]] name = \"" + entry.database +
                "\" in pgteal.toml and the entry in entries of this pooler, or remove it from the pooler.");
    } else {
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": entry " + entry.name + " points at blue (database " + entry.database +
                ") too, but is not among the run's entries. Its clients would stay behind on blue, which "
                "takes no writes then.",
            "Add \"" + entry.name +
                "\" to entries of this pooler in pgteal.toml, or remove it from the pooler.");
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
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": entry " + entry.name + " points at " + target_text(entry) +
                ", which is not blue. Its clients are somewhere else already, and a cutover would move them "
                "from there.",
            "Point it at blue, or leave it out of entries in pgteal.toml.");
    }
    if (std::find(databases.begin(), databases.end(), entry.database) == databases.end()) {
        add(result, Level::error, pooler.name, entry.name,
            pooler.name + ": entry " + entry.name + " leads to database " + entry.database +
                ", which is not among the run's databases. Its clients would be moved to a green that "
                "doesn't have their data.",
            "[[database]] name = \"" + entry.database + "\" in pgteal.toml, or leave the entry out.");
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

CheckResult check_pooler_timeouts(const std::vector<PoolerFacts>& poolers, double max_pause_seconds) {
    CheckResult result{"pooler-timeouts", {}, "longer than max_pause"};
    const std::string pause = seconds_text(max_pause_seconds);
    for (const auto& pooler : poolers) {
        if (!usable(pooler)) {
            continue;
        }
        const auto wait = pooler.query_wait_timeout;
        if (wait > 0 && wait <= max_pause_seconds) {
            const int lower = static_cast<int>(wait * 2 / 3);
            const std::string smaller =
                lower >= 1 ? "max_pause = \"" + std::to_string(lower) + "s\"" : "max_pause = \"500ms\"";
            add(result, Level::error, pooler.name, "query_wait_timeout",
                pooler.name + ": query_wait_timeout is " + seconds_text(wait) + ", the pause budget " +
                    pause + ". Clients held longer than " + seconds_text(wait) + " would be disconnected.",
                "set " + smaller + " in pgteal.toml, or query_wait_timeout = " +
                    std::to_string(static_cast<int>(max_pause_seconds * 4) + 10) + " in " + pooler.name +
                    "'s file, then RELOAD;");
        }
        if (pooler.query_timeout > 0 && pooler.query_timeout <= max_pause_seconds) {
            add(result, Level::warning, pooler.name, "query_timeout",
                pooler.name + ": query_timeout is " + seconds_text(pooler.query_timeout) +
                    ", the pause budget " + pause +
                    ". It goes on counting during the pause: clients held that long could be disconnected.",
                "set a shorter max_pause in pgteal.toml, or a longer query_timeout in " + pooler.name +
                    "'s file, then RELOAD;");
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
        if (pooler.alone) {
            add(result, Level::info, pooler.name, "so_reuseport",
                pooler.name + ": so_reuseport is on, but it is the only process on its port. Start no second "
                              "one during a run.");
        } else {
            add(result, Level::error, pooler.name, "so_reuseport",
                pooler.name + ": so_reuseport is on, so several processes may share its port, and a command "
                              "reaches only one of them. Clients of the others "
                              "would go on writing to blue.",
                "Name each process as a [[pooler]] of its own whose admin address is its own unix socket, or "
                "set so_reuseport = 0.");
        }
    }
    return result;
}

CheckResult check_entries(const std::vector<PoolerFacts>& poolers, const std::vector<std::string>& databases,
                          bool run_started) {
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
                judge_unwanted(result, pooler, entry, databases);
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
