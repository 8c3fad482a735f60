#include "health/checks/server_checks.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

constexpr int oldest_blue = 13;
constexpr int newest_known = 18;

std::string version_text(int version) {
    return std::to_string(version / 10000) + "." + std::to_string(version % 10000);
}

} // namespace

CheckResult check_different_servers(const ServerFacts& blue, const ServerFacts& green) {
    CheckResult result{"different-servers", {}, "two servers"};
    if (blue.identity.system_identifier == green.identity.system_identifier) {
        add(result, Level::error, "green", green.address,
            "blue (" + blue.address + ") and green (" + green.address + ") have the same system identifier " +
                blue.identity.system_identifier +
                ": they are one server, or green is a physical copy of blue. Clients would be moved from a "
                "server to itself, or writes could not be "
                "told apart.",
            "Make green with initdb and put its address into [green] dsn.");
    }
    return result;
}

CheckResult check_versions(const ServerFacts& blue, const ServerFacts& green) {
    CheckResult result{
        "versions", {}, version_text(blue.identity.version) + " to " + version_text(green.identity.version)};
    if (blue.major() < oldest_blue) {
        add(result, Level::error, "blue", blue.address,
            "blue is PostgreSQL " + version_text(blue.identity.version) +
                "; pgteal needs 13 or newer. Its lanes could not be started.",
            "Bring blue to PostgreSQL 13 or newer with pg_upgrade first.");
    }
    if (green.major() < blue.major()) {
        add(result, Level::error, "green", green.address,
            "green (" + version_text(green.identity.version) + ") is older than blue (" +
                version_text(blue.identity.version) +
                "). A schema dumped from blue need not load there, and clients could find functions missing.",
            "Use a green of PostgreSQL " + std::to_string(blue.major()) +
                " or newer, or swap the dsn of [blue] and [green].");
    }
    if (green.major() > newest_known) {
        add(result, Level::warning, "green", green.address,
            "PostgreSQL " + std::to_string(green.major()) +
                " is newer than any that this pgteal was tested with. Rehearse on a copy before clients "
                "depend on it.");
    }
    return result;
}

CheckResult check_recovery(const Sides& sides) {
    CheckResult result{"recovery", {}, "no server in recovery"};
    for (const auto* side : sides) {
        if (side->identity.in_recovery) {
            add(result, Level::error, side->side, side->address,
                side->side + " is in recovery (a standby): it takes no writes. Lanes can't be made on it and "
                             "no client could write to it.",
                "Put the primary's address into [" + side->side +
                    "] dsn, or promote this one: SELECT pg_promote();");
        }
    }
    return result;
}

CheckResult check_privileges(const Sides& sides) {
    CheckResult result{"privileges", {}, "superuser on both"};
    for (const auto* side : sides) {
        if (!side->identity.superuser) {
            add(result, Level::error, side->side, "role " + side->identity.role,
                "role " + side->identity.role + " is no superuser on " + side->side +
                    ". Reading role passwords, the DDL freeze, CREATE SUBSCRIPTION and moving a replication "
                    "origin need one, so the run would fail "
                    "half-way.",
                "ALTER ROLE " + postgres::quote_identifier(side->identity.role) + " SUPERUSER;");
        }
    }
    return result;
}

CheckResult check_role_replication(const Sides& sides) {
    CheckResult result{"role-replication", {}, "may replicate"};
    for (const auto* side : sides) {
        if (!side->identity.superuser && !side->usage.may_replicate) {
            add(result, Level::error, side->side, "role " + side->identity.role,
                "role " + side->identity.role + " has no REPLICATION on " + side->side +
                    ". Slots can't be made, so nothing would be kept in step.",
                "ALTER ROLE " + postgres::quote_identifier(side->identity.role) + " REPLICATION;");
        }
    }
    return result;
}

CheckResult check_wal_level(const Sides& sides) {
    CheckResult result{"wal-level", {}, "logical on both"};
    for (const auto* side : sides) {
        if (const auto level = side->setting("wal_level"); level != "logical") {
            const std::string direction = side->side == "blue"
                                              ? "Changes could not be sent to green."
                                              : "There would be no way back to blue after the cutover.";
            add(result, Level::error, side->side, "wal_level",
                "wal_level is " + level + ", not logical. " + direction,
                "ALTER SYSTEM SET wal_level = 'logical';  then restart " + side->side + ".");
        }
    }
    return result;
}

CheckResult check_slot_retention(const Sides& sides) {
    CheckResult result{"slot-retention", {}, "slots keep their WAL"};
    constexpr long small_mb = 1024;
    for (const auto* side : sides) {
        const long keep = side->number("max_slot_wal_keep_size");
        if (side->setting("max_slot_wal_keep_size") == "-1") {
            add(result, Level::warning, side->side, "max_slot_wal_keep_size",
                "max_slot_wal_keep_size is -1: while the other side stands still, " + side->side +
                    " keeps its WAL until the disk is full, and then clients' writes fail. With a limit the "
                    "lane "
                    "would be lost instead.",
                "below what its disk has free:  ALTER SYSTEM SET max_slot_wal_keep_size = '64GB';  SELECT "
                "pg_reload_conf();");
        } else if (!side->setting("max_slot_wal_keep_size").empty() && keep >= 0 && keep < small_mb) {
            add(result, Level::warning, side->side, "max_slot_wal_keep_size",
                "max_slot_wal_keep_size is " + std::to_string(keep) +
                    " MB. When the other side stands still for longer than that much WAL, the lane is lost "
                    "and has to be copied again.",
                "ALTER SYSTEM SET max_slot_wal_keep_size = '64GB';  SELECT pg_reload_conf();");
        }
        if (side->number("idle_replication_slot_timeout") > 0) {
            add(result, Level::warning, side->side, "idle_replication_slot_timeout",
                "idle_replication_slot_timeout is set: a slot that waits longer is invalidated. The way "
                "back, whose slots wait until the cutover, could "
                "be lost.",
                "ALTER SYSTEM SET idle_replication_slot_timeout = 0;  SELECT pg_reload_conf();");
        }
    }
    return result;
}

int standbys_wanted(const std::string& names) {
    if (names.find_first_not_of(" \t") == std::string::npos) {
        return 0;
    }
    const auto open = names.find('(');
    const auto digit = names.find_first_of("123456789");
    return digit < open && open != std::string::npos ? std::atoi(names.c_str() + digit) : 1;
}

/// "*", "ANY 1 (*)" (docs: synchronous_standby_names); a quoted one is a name.
bool names_everybody(const std::string& names) {
    bool quoted = false;
    for (const char c : names) {
        quoted = c == '"' ? !quoted : quoted;
        if (c == '*' && !quoted) {
            return true;
        }
    }
    return false;
}

namespace {

/// The same wish, of those that stream now; "" with none.
std::string standbys_by_name(const std::string& names, const std::vector<std::string>& streaming) {
    const std::set<std::string> known(streaming.begin(), streaming.end());
    std::string list;
    for (const auto& one : known) {
        list += (list.empty() ? "" : ", ") + postgres::quote_identifier(one);
    }
    const auto wanted = std::min<std::size_t>(static_cast<std::size_t>(standbys_wanted(names)), known.size());
    const auto open = names.find('(');
    const bool any = open != std::string::npos && lower(names).find("any") < open;
    return list.empty() ? "" : (any ? "ANY " : "FIRST ") + std::to_string(wanted) + " (" + list + ")";
}

} // namespace

CheckResult check_synchronous_standbys(const Sides& sides) {
    CheckResult result{"synchronous-standbys", {}, "none"};
    for (const auto* side : sides) {
        const auto names = side->setting("synchronous_standby_names");
        const int wanted = standbys_wanted(names);
        if (names_everybody(names)) {
            add(result, Level::error, side->side, "synchronous_standby_names",
                side->side + " takes every walsender for a synchronous standby (" + names +
                    "), the run's lanes too. Clients' commits would wait for what the other side applies.",
                "name the standbys:  ALTER SYSTEM SET synchronous_standby_names = " +
                    postgres::quote_literal(standbys_by_name(names, side->standby_names)) +
                    ";  SELECT pg_reload_conf();");
        } else if (wanted > side->usage.synchronous) {
            add(result, Level::error, side->side, "synchronous_standby_names",
                side->side + " waits for synchronous standbys at each commit (" + names + "), and " +
                    std::to_string(side->usage.synchronous) +
                    " are connected. Commits there hang, the clients' and pgteal's.",
                "start the standby, or on " + side->side +
                    ":  ALTER SYSTEM SET synchronous_standby_names = '';  SELECT pg_reload_conf();");
        } else if (wanted > 0 && side->side == "green") {
            add(result, Level::info, "green", "synchronous_standby_names",
                "green waits for synchronous standbys (" + names +
                    "). Each commit of a client waits for them once green serves, as does the barrier of the "
                    "cutover.");
        }
    }
    return result;
}

std::string lane_settings_problem(const std::map<std::string, std::string>& settings) {
    const auto is = [&settings](const char* name, const char* value) {
        const auto found = settings.find(name);
        return found != settings.end() && found->second == value;
    };
    if (is("array_nulls", "off")) {
        return "array_nulls is off. A lane would turn each NULL in an array into the text 'NULL', unnoticed";
    }
    return is("xmloption", "document")
               ? "xmloption is document. A lane would stop at the first value of type "
                 "xml that is no whole document"
               : "";
}

std::string lane_settings_fix(const std::string& role_sql) {
    return "ALTER ROLE " + role_sql + " SET array_nulls = on;  ALTER ROLE " + role_sql +
           " SET xmloption = content;  and the same on the other server: a role's setting goes before its "
           "database's.";
}

CheckResult check_lane_settings(const ServerFacts& blue, const ServerFacts* green,
                                const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"lane-settings", {}, "values arrive as they are"};
    const auto judge = [&](const std::string& side, const std::string& where,
                           const std::map<std::string, std::string>& settings, const std::string& role) {
        if (const auto problem = lane_settings_problem(settings); !problem.empty()) {
            add(result, Level::error, side, where, "for role " + role + " on " + side + ", " + problem + ".",
                lane_settings_fix(postgres::quote_identifier(role)));
        }
    };
    for (const auto& one : databases) {
        judge("blue", "database " + one.name, one.settings, blue.identity.role);
        if (const auto role = one.settings.find("role"); role != one.settings.end()) {
            add(result, Level::error, "blue", "database " + one.name,
                "the settings of blue make every session in database " + one.name + " act as role " +
                    role->second +
                    ", apply workers too, and green gets the same settings. No lane would move.",
                one.settings.at("role_fix"));
        }
    }
    if (green != nullptr) {
        judge("green", "the server", green->settings, green->identity.role);
    }
    return limited(std::move(result));
}

CheckResult check_dump(const ServerFacts& blue, const ServerFacts& green, int dump_version) {
    CheckResult result{"pg-dump", {}, "pg_dump " + version_text(dump_version)};
    const std::string package =
        "apt install postgresql-client-" + std::to_string(std::max(green.major(), blue.major()));
    if (dump_version == 0) {
        add(result, Level::error, "", "pg_dump",
            "no pg_dump was found on this machine. The schema could not be brought to green.", package);
    } else if (dump_version / 10000 < blue.major()) {
        add(result, Level::error, "", "pg_dump",
            "pg_dump is " + version_text(dump_version) + " and refuses a server of " +
                version_text(blue.identity.version) + ". The schema could not be brought to green.",
            package);
    } else if (dump_version / 10000 > green.major()) {
        add(result, Level::warning, "", "pg_dump",
            "pg_dump is " + version_text(dump_version) + ", newer than green (" +
                version_text(green.identity.version) +
                "): what it writes need not load there. Prepare would stop; clients would not notice.",
            package);
    }
    return result;
}

} // namespace pgteal::health
