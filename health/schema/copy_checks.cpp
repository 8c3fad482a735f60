#include "health/schema/copy_checks.hpp"

#include <algorithm>

#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

/// The value that our role's sessions get in `database` of `side`. Databases' and roles' settings of blue go
/// to green, but those of our own role.
std::string setting_of_lanes(const ServerFacts& side, const ServerFacts& blue, const std::string& database,
                             const std::string& name) {
    std::string value;
    if (const auto file = side.client_settings.find(name); file != side.client_settings.end()) {
        value = file->second.value;
    }
    const auto& role = side.identity.role;
    const std::vector<std::pair<std::string, std::string>> order{
        {"", ""}, {"", database}, {role, ""}, {role, database}}; // later ones overrule
    for (const auto& [whose, where] : order) {
        const auto& from = whose.empty() ? blue : side;
        for (const auto* facts : {&from, &side}) {
            for (const auto& one : facts->stored_settings) {
                if (one.role == whose && one.database == where && lower(one.name) == name) {
                    value = one.value;
                }
            }
        }
    }
    return value;
}

bool is_off(const std::string& value) {
    return value.empty() || value.find_first_not_of('0') == std::string::npos ||
           (value.front() == '0' && value.find_first_of("123456789") == std::string::npos);
}

} // namespace

CheckResult check_copyable(const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"copyable", {}, "all rows can be copied"};
    for (const auto& database : databases) {
        for (const auto& row : database.copied) {
            if (row.kind == "hash of enum") {
                add(result, Level::error, "blue", database.name + ": " + row.name,
                    "table " + row.name + " is partitioned by the hash of " + row.what +
                        ", and enum values hash by numbers that are others on green. Its rows would belong "
                        "to "
                        "other partitions there, and prepare would stop while it copies.",
                    "on blue, partition it by something else, such as LIST of the same column, before the "
                    "run");
            }
        }
        for (const auto& row : database.copied) {
            if (row.kind == "unproven domain") {
                add(result, Level::error, "blue", database.name + ": " + row.name,
                    "constraint " + row.what + " of domain " + row.name +
                        " is NOT VALID, and lanes and copies read values through the domain: an older value "
                        "that breaks it stops them, also when a client changes another column of its row.",
                    "on blue, database " + database.name + ":  ALTER DOMAIN " + row.name +
                        " VALIDATE CONSTRAINT " + row.what + ";");
            }
        }
        for (const auto& table : database.huge) {
            add(result, Level::error, "blue", database.name + ": " + table,
                "table " + table +
                    " has a bytea of more than 512 MB, which COPY can't carry: it writes two characters for "
                    "each byte, and a row ends at 1 GB. prepare would stop there.",
                "on blue, take such values apart, or out, before the run");
        }
        if (!database.unlooked.empty()) {
            add(result, Level::info, "blue", database.name,
                "whether a bytea of more than 512 MB is in " + list_of(database.unlooked) +
                    " would take long to find out. COPY can't carry one.",
                "on blue:  SELECT max(octet_length(COLUMN)) FROM TABLE;");
        }
    }
    return limited(std::move(result));
}

CheckResult check_newer_values(const std::vector<DatabaseFacts>& databases, int blue_major, int green_major) {
    struct Newer {
        const char* kind;
        int since;
        const char* what;
    };
    static const std::vector<Newer> all{
        {"newer numeric", 14, "numeric 'Infinity'"},
        {"newer char", 16, "\"char\" beyond ASCII, which is written in another way"},
        {"newer ltree", 16, "a hyphen in the labels of ltree"},
        {"newer interval", 17, "interval 'infinity'"},
        {"newer jsonpath", 17, "jsonpath with more methods, such as .bigint()"}};
    CheckResult result{"newer-values", {}, "green has no values that blue can't read"};
    for (const auto& database : databases) {
        for (const auto& one : all) {
            if (blue_major >= one.since || green_major < one.since) {
                continue;
            }
            std::vector<std::string> columns;
            for (const auto& row : database.copied) {
                if (row.kind == one.kind) {
                    columns.push_back(row.name + "." + row.what);
                }
            }
            if (!columns.empty()) {
                add(result, Level::info, "green", database.name,
                    "from " + std::to_string(one.since) + " on there is " + one.what + ", and " +
                        count_of(columns.size(), "column") + " could hold one: " + list_of(columns) +
                        ". One that is written while green serves stops the way back, or comes to blue as "
                        "something else.",
                    "until the run is finished, let no client write one");
            }
        }
    }
    return result;
}

CheckResult check_server_values(const std::vector<DatabaseFacts>& databases, int blue_major,
                                int green_major) {
    CheckResult result{"server-values", {}, "no column holds numbers of the server"};
    struct Kind {
        const char* kind;
        Level level;
        const char* what;
    };
    static const std::vector<Kind> kinds{
        {"catalog row", Level::error,
         "holds rows of a catalog, which have other columns on green. prepare would stop while it copies."},
        {"reference", Level::warning,
         "holds references to objects, which go over by name: one to an index is not found while green is "
         "filled, and prepare stops; one to what was dropped means another object there."},
        {"server number", Level::warning,
         "holds transactions, snapshots, WAL positions or row addresses of blue. Green counts from another "
         "number: compared with green's own, rows could be taken for done, or never be picked up."},
        {"object number", Level::info, "holds numbers of objects (OIDs), which are others on green."}};
    for (const auto& database : databases) {
        for (const auto& row : database.copied) {
            for (const auto& one : kinds) {
                if (row.kind != one.kind || (one.level == Level::error && blue_major == green_major)) {
                    continue;
                }
                const bool text = one.level == Level::error || row.kind == "reference";
                add(result, one.level, "blue", database.name + ": " + row.name,
                    "column " + row.what + " of " + row.name + " " + one.what,
                    text ? "ALTER TABLE " + row.name + " ALTER COLUMN " + row.what + " TYPE text;"
                         : "have the application not compare it with what green says");
            }
        }
    }
    std::stable_sort(result.findings.begin(), result.findings.end(),
                     [](const auto& one, const auto& two) { return one.level > two.level; });
    return limited(std::move(result));
}

CheckResult check_type_oids(const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"type-oids", {}, "no types of users"};
    for (const auto& database : databases) {
        std::vector<std::string> types;
        for (const auto& row : database.copied) {
            if (row.kind == "type") {
                types.push_back(row.name + " (" + row.what + ")");
            }
        }
        if (!types.empty()) {
            add(result, Level::info, "green", database.name,
                count_of(types.size(), "type") + " of users and extensions in " + database.name +
                    " have other numbers (OIDs) on green: " + list_of(types, 8) +
                    ". Drivers that keep such numbers with a connection or process fail, or return plain "
                    "text, "
                    "on connections that are kept over the switch.",
                "have applications reconnect after the cutover, where their driver keeps types");
        }
    }
    return result;
}

CheckResult check_lane_timeouts(const ServerFacts& blue, const ServerFacts* green,
                                const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"lane-timeouts", {}, "no time-out ends a lane's work"};
    const auto judge = [&](const ServerFacts& side) {
        for (const auto& database : databases) {
            for (const auto* name : {"transaction_timeout", "lock_timeout"}) {
                const auto value = setting_of_lanes(side, blue, database.name, name);
                if (is_off(value)) {
                    continue;
                }
                const auto& stored = side.stored_settings;
                const bool here = std::any_of(stored.begin(), stored.end(), [&](const auto& one) {
                    return one.role == side.identity.role && one.database == database.name &&
                           lower(one.name) == name;
                });
                const auto role = postgres::quote_identifier(side.identity.role);
                const auto where = postgres::quote_identifier(database.name);
                add(result, Level::error, side.side, database.name + ": " + name,
                    std::string(name) + " is " + value + " for role " + side.identity.role + " in database " +
                        database.name + " on " + side.side +
                        ". It ends what a lane applies or sends when that takes longer, again and again, and "
                        "the lane never arrives.",
                    "on " + side.side + ":  ALTER ROLE " + role + " SET " + name + " = 0;" +
                        (here ? "  ALTER ROLE " + role + " IN DATABASE " + where + " RESET " + name + ";"
                              : ""));
            }
        }
    };
    judge(blue);
    if (green != nullptr) {
        judge(*green);
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
