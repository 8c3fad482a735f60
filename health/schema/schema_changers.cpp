#include "health/schema/schema_changers.hpp"

#include <algorithm>
#include <cctype>

#include "health/facts/verdict.hpp"

namespace pgteal::health {

namespace {

constexpr const char* made_ahead =
    "where it makes partitions: partitions = \"carry\" in [freeze] of pgteal.toml. Or make all that rows "
    "will "
    "need until finish before prepare (a function that finds its partition made goes on), then say accept = "
    "[\"schema-changes\"] in [check]";
constexpr const char* refused =
    " From prepare to finish schema changes are refused: where it makes one, the client's statement fails.";
constexpr const char* carried =
    " Partitions that it makes during the run are made on the other side too ([freeze] partitions = "
    "\"carry\"); where it changes anything else, the client's statement fails.";

std::string does(const SchemaChanger& changer) {
    return "function " + changer.name + " has \"" + changer.how + "\" in its text" +
           (changer.through.empty() ? "" : " or that of a function that it calls (" + changer.through + ")");
}

/// A job's command: what it does is known only where it says so or calls a function that does.
bool changes_schema(const RecordedChange& change, const std::vector<SchemaChanger>& changers) {
    const std::string text = lower(change.statement);
    for (const char* words : {"create ", "alter ", "drop ", "partition", "partman"}) {
        if (text.find(words) != std::string::npos) {
            return true;
        }
    }
    return std::any_of(changers.begin(), changers.end(), [&text](const auto& one) {
        return text.find(lower(one.name.substr(one.name.rfind('.') + 1)) + '(') != std::string::npos;
    });
}

void judge_extensions(CheckResult& result, const DatabaseFacts& database, bool carry_partitions) {
    if (!database.partman.empty() && carry_partitions) {
        add(result, Level::warning, "blue", database.name + ": pg_partman",
            "extension pg_partman makes and drops partitions. What it makes is carried; from prepare to "
            "finish its "
            "retention and templates with indexes or privileges of their own are refused, and so is the "
            "maintenance that comes to them.",
            "UPDATE " + database.partman + ".part_config SET retention = NULL;  before prepare");
    } else if (!database.partman.empty()) {
        add(result, Level::warning, "blue", database.name + ": pg_partman",
            "extension pg_partman makes and drops partitions. From prepare to finish its maintenance is "
            "refused: "
            "rows that need a new partition fail, or land in the default one.",
            "UPDATE " + database.partman +
                ".part_config SET premake = 30, infinite_time_partitions = true;  SELECT " +
                database.partman +
                ".run_maintenance();  before prepare: 30 partitions ahead, or as many as the run will need");
    }
    for (const auto& extension : database.extensions) {
        if (extension.name == "timescaledb") {
            // Chunks are made in C, where no event trigger sees it: no freeze, no lane.
            add(result, Level::error, "blue", database.name + ": timescaledb",
                "extension timescaledb makes tables (chunks) as rows arrive, past event triggers. Rows of "
                "chunks that are born during the run would go through no lane and be missing after the "
                "cutover.",
                "leave " + database.name +
                    " out of [[database]], and move it with the extension's own tools");
        }
    }
}

} // namespace

CheckResult check_schema_changers(const std::vector<DatabaseFacts>& databases,
                                  const std::vector<std::string>& accept, bool carry_partitions) {
    CheckResult result{"schema-changes", {}, "no function or job changes the schema"};
    const Level level = carry_partitions || accepted(accept, result.check) ? Level::warning : Level::error;
    const std::string what_becomes = carry_partitions ? carried : refused;
    const std::string fix = carry_partitions ? "" : made_ahead;
    for (const auto& database : databases) {
        judge_extensions(result, database, carry_partitions);
        if (carry_partitions && database.shares_login) {
            add(result, Level::error, "blue", database.name + ": clients of pgteal's own role",
                "somebody else is logged in with the role that pgteal has. While partitions are carried this "
                "role may write past the fence of the standing side, so that its partitions can be made.",
                "give pgteal a login of its own: dsn in [blue] and [green] of pgteal.toml");
        }
        for (const auto& changer : database.changers) {
            const std::string object = database.name + ": " + changer.name;
            if (!changer.tables.empty()) {
                add(result, level, "blue", object,
                    does(changer) + ", and triggers, defaults, rules, checks or policies of " +
                        list_of(changer.tables) + " run it." + what_becomes,
                    fix);
            } else if (changer.makes) {
                add(result, Level::warning, "blue", object, does(changer) + "." + what_becomes, fix);
            }
        }
        for (const auto& change : database.changes) {
            const bool job = change.where != "pg_stat_statements";
            if (job && !changes_schema(change, database.changers)) {
                continue;
            }
            add(result, Level::warning, "blue", database.name + ": " + change.where,
                "role " + change.role + (job ? " has a job that seems to change the schema: " : " ran: ") +
                    change.statement + "." + what_becomes,
                fix);
        }
    }
    std::stable_sort(result.findings.begin(), result.findings.end(),
                     [](const auto& one, const auto& two) { return one.level > two.level; });
    return limited(std::move(result));
}

CheckResult check_own_schema(const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"own-schema", {}, "schema pgteal is free or pgteal's"};
    for (const auto& database : databases) {
        if (!database.stranger.empty()) {
            add(result, Level::error, "blue", database.name + ": pgteal",
                database.stranger +
                    ". pgteal writes to its schema as a superuser: what others own there could run with a "
                    "superuser's rights.",
                "ALTER SCHEMA pgteal RENAME TO pgteal_of_others;");
        }
    }
    return result;
}

} // namespace pgteal::health
