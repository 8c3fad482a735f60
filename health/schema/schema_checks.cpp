#include "health/schema/schema_checks.hpp"

#include "health/facts/verdict.hpp"

namespace pgteal::health {

namespace {

/// Of a column of its own: which of the others are unique, nobody here knows. It rewrites the table. A
/// partition and a typed table have the columns of another.
std::string key_of_its_own(const IdentityRow& table) {
    const std::string alter = "ALTER TABLE " + table.name + " ";
    if (!table.root.empty()) {
        return "ALTER TABLE " + table.root +
               " ADD COLUMN IF NOT EXISTS row_id uuid DEFAULT pg_catalog.gen_random_uuid() NOT NULL;  CREATE "
               "UNIQUE "
               "INDEX " +
               table.index_name + " ON " + table.name + " (row_id);  " + alter +
               "REPLICA IDENTITY USING INDEX " + table.index_name + ";";
    }
    if (table.typed) {
        return alter + "NOT OF;  " + alter +
               "ADD COLUMN row_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;  " + alter +
               "REPLICA IDENTITY DEFAULT;";
    }
    return alter + "ADD COLUMN row_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;" +
           (table.identity == "d" ? "" : "  " + alter + "REPLICA IDENTITY DEFAULT;");
}

/// What makes this table's identity usable, as SQL.
std::string identity_fix(const IdentityRow& table) {
    const std::string alter = "ALTER TABLE " + table.name + " ";
    if (!table.candidate.empty()) {
        return alter + "REPLICA IDENTITY USING INDEX " + table.candidate + ";";
    }
    if (table.has_key && table.key_usable) {
        return alter + "REPLICA IDENTITY DEFAULT;";
    }
    if (table.has_key && !table.key_columns.empty()) {
        return "CREATE UNIQUE INDEX CONCURRENTLY " + table.index_name + " ON " + table.name + " (" +
               table.key_columns + ");  " + alter + "REPLICA IDENTITY USING INDEX " + table.index_name + ";";
    }
    if (!table.incomparable.empty()) {
        return key_of_its_own(table);
    }
    return alter + "REPLICA IDENTITY FULL;  -- or, where it is large: " + key_of_its_own(table);
}

std::string identity_problem(const IdentityRow& table) {
    if (table.identity == "n") {
        return "table " + table.name + " has REPLICA IDENTITY NOTHING";
    }
    if (table.identity == "i") {
        return "table " + table.name + " names an index as its replica identity that is gone or not usable";
    }
    if (table.has_key) {
        return "table " + table.name + " has a deferrable primary key, which can't be its replica identity";
    }
    return "table " + table.name + " has no replica identity";
}

void judge_full(CheckResult& result, const std::string& database, const IdentityRow& table, int blue_major,
                int green_major) {
    if (!table.incomparable.empty()) {
        add(result, Level::error, "blue", database + ": " + table.name,
            "table " + table.name + " has REPLICA IDENTITY FULL, but the type of " +
                list_of(table.incomparable) +
                " has no equality operator. The first UPDATE or DELETE would stop its lane for good.",
            identity_fix(table));
        return;
    }
    std::string slow;
    if (green_major <= 15) {
        slow = "green (PostgreSQL " + std::to_string(green_major) + ")";
    }
    if (blue_major <= 15) {
        slow += (slow.empty() ? "" : " and ") +
                ("blue (PostgreSQL " + std::to_string(blue_major) + ", on the way back)");
    }
    if (!slow.empty()) {
        add(result, Level::warning, "blue", database + ": " + table.name,
            "table " + table.name + " has REPLICA IDENTITY FULL. " + slow +
                " reads the whole table for each changed row; on a big table lanes fall behind and a cutover "
                "is refused.",
            table.candidate.empty() && !table.has_key ? key_of_its_own(table) : identity_fix(table));
    }
}

} // namespace

CheckResult check_replica_identity(const std::vector<DatabaseFacts>& databases, int blue_major,
                                   int green_major) {
    CheckResult result{"replica-identity", {}, ""};
    std::size_t tables = 0;
    for (const auto& database : databases) {
        tables += database.identities.size();
        for (const auto& table : database.identities) {
            if (table.identity == "f") {
                judge_full(result, database.name, table, blue_major, green_major);
                continue;
            }
            const bool usable = table.identity == "i"
                                    ? table.index_usable
                                    : table.identity == "d" && table.has_key && table.key_usable;
            if (table.identity != "n" && !table.generated.empty()) {
                add(result, Level::error, "blue", database.name + ": " + table.name,
                    "the replica identity of table " + table.name + " has " + list_of(table.generated) +
                        ", which is generated: lanes don't send it, so that no row would be found on the "
                        "other side, and prepare would stop before the lanes start.",
                    table.candidate.empty()
                        ? "ALTER TABLE " + table.name + " ALTER COLUMN " + table.generated.front() +
                              " DROP EXPRESSION;  -- and fill it by a trigger BEFORE INSERT OR UPDATE"
                        : identity_fix(table));
                continue;
            }
            if (!usable) {
                add(result, Level::error, "blue", database.name + ": " + table.name,
                    identity_problem(table) +
                        ". UPDATE and DELETE on it would fail on blue as soon as it is published.",
                    identity_fix(table));
            }
        }
    }
    result.summary = count_of(tables, "table");
    return limited(std::move(result));
}

CheckResult check_unlogged_tables(const std::vector<DatabaseFacts>& databases,
                                  const std::vector<std::string>& accept) {
    CheckResult result{"unlogged-tables", {}, "none"};
    const Level level = accepted(accept, result.check) ? Level::warning : Level::error;
    for (const auto& database : databases) {
        for (const auto& table : database.unlogged) {
            add(result, level, "blue", database.name + ": " + table,
                "table " + table +
                    " is unlogged, and unlogged tables are not replicated. After the cutover clients would "
                    "find it empty.",
                "ALTER TABLE " + table +
                    " SET LOGGED;  or accept an empty one: \"unlogged-tables\" in accept");
        }
    }
    return limited(std::move(result));
}

CheckResult check_large_objects(const std::vector<DatabaseFacts>& databases,
                                const std::vector<std::string>& accept) {
    CheckResult result{"large-objects", {}, "none"};
    const Level level = accepted(accept, result.check) ? Level::warning : Level::error;
    for (const auto& database : databases) {
        if (database.large_objects == 0) {
            continue;
        }
        const std::string users = database.large_object_columns.empty()
                                      ? ""
                                      : ", perhaps used by " + list_of(database.large_object_columns);
        add(result, level, "blue", database.name,
            count_of(static_cast<std::size_t>(database.large_objects), "large object") + " in database " +
                database.name + users +
                ": they are not replicated. After the cutover clients would not find them.",
            "Move them into bytea columns, or accept the loss: \"large-objects\" in accept");
    }
    return result;
}

CheckResult check_triggers(const std::vector<DatabaseFacts>& databases,
                           const std::vector<std::string>& accept) {
    CheckResult result{"triggers", {}, "none fire in apply"};
    const Level level = accepted(accept, result.check) ? Level::warning : Level::error;
    for (const auto& database : databases) {
        for (const auto& trigger : database.triggers) {
            add(result, trigger.before_row ? level : Level::warning, "blue",
                database.name + ": " + trigger.table,
                "trigger " + trigger.name + " on " + trigger.table + " is ENABLE " + trigger.enabled +
                    ": it fires in apply too. " +
                    (trigger.before_row
                         ? "One that returns NULL or changes its row would leave rows out on the other side, "
                           "or make others of them, and nothing would say so."
                         : "If it writes, it fails on the fenced side and stops the lane, and the cutover "
                           "would be refused."),
                "ALTER TABLE " + trigger.table + " ENABLE TRIGGER " + trigger.name + ";");
        }
    }
    return limited(std::move(result));
}

CheckResult check_sequences(const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"sequences", {}, "none near its end"};
    for (const auto& database : databases) {
        for (const auto& sequence : database.sequences) {
            add(result, Level::warning, "blue", database.name + ": " + sequence.name,
                "sequence " + sequence.name + " (" + sequence.type + ") has " + sequence.remaining +
                    " numbers left, less than a tenth. Each switchover moves sequences on a little; when it "
                    "runs out, inserts fail.",
                sequence.type == "bigint"
                    ? ""
                    : "ALTER SEQUENCE " + sequence.name + " AS bigint;  -- and the column that it feeds");
        }
    }
    return limited(std::move(result));
}

CheckResult check_extension_tables(const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"extension-tables", {}, "no extension with configuration"};
    for (const auto& database : databases) {
        for (const auto& extension : database.extensions) {
            if (extension.has_configuration) {
                add(result, Level::info, "blue", database.name + ": " + extension.name,
                    "extension " + extension.name +
                        " keeps configuration in tables of its own. They are copied and kept in step like "
                        "users' tables.");
            }
        }
    }
    return result;
}

namespace {

CheckResult notable(const std::vector<DatabaseFacts>& databases, CheckId check, const std::string& kind,
                    const std::string& meaning, const std::string& fix) {
    CheckResult result{check, {}, "none"};
    for (const auto& database : databases) {
        std::vector<std::string> names;
        for (const auto& row : database.notable) {
            if (row.kind == kind) {
                names.push_back(row.name);
            }
        }
        if (!names.empty()) {
            add(result, Level::info, "blue", database.name,
                count_of(names.size(), kind) + " (" + list_of(names) + "). " + meaning,
                fix.empty() ? "" : fix + names.front() + ";");
            result.summary.clear(); // "none" would not be so
        }
    }
    return result;
}

} // namespace

std::vector<CheckResult> check_notable(const std::vector<DatabaseFacts>& databases) {
    std::vector<CheckResult> results;
    results.push_back(notable(
        databases, "materialized-views", "materialized view",
        "prepare fills them once on green; their contents are not replicated. Refresh them there before a "
        "cutover if they have to be newer.",
        "on green:  SET default_transaction_read_only = off; REFRESH MATERIALIZED VIEW "));
    results.push_back(notable(
        databases, "foreign-tables", "foreign table",
        "Their rows are elsewhere and stay there; green must be able to reach that server as blue does.",
        ""));
    results.push_back(notable(databases, "event-triggers", "event trigger",
                              "They come to green with the schema and may fire for pgteal's own DDL there.",
                              ""));
    return results;
}

} // namespace pgteal::health
