#include "cutover/look/green_database.hpp"

#include "base/error.hpp"
#include "cutover/fence/own_tables.hpp"
#include "health/checks/read_facts.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto green_database_patience = std::chrono::seconds(60);

/// Who, but pgteal itself, uses the database with oid $1; $2: our own pids. A session of our own role that
/// says that it is pgteal's is another pgteal's (serve, status --watch, a pg_restore that outlived its
/// controller) and is ended; lanes go before the database does.
constexpr const char* uses_text = R"(
SELECT CASE WHEN a.backend_type <> 'client backend' THEN a.backend_type ELSE pg_catalog.format('%s %s of role %s (%s)', pg_catalog.count(*),
         CASE WHEN pg_catalog.count(*) = 1 THEN 'session' ELSE 'sessions' END, a.usename, coalesce(pg_catalog.host(a.client_addr), 'local')) END
  FROM pg_catalog.pg_stat_activity a
 WHERE a.datid = $1::oid AND a.pid <> ALL ($2::int[]) AND a.pid <> pg_catalog.pg_backend_pid()
   AND a.backend_type NOT IN ('autovacuum worker', 'parallel worker')
   AND (a.usename = session_user AND pg_catalog.starts_with(a.application_name, 'pgteal')) IS NOT TRUE
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = a.pid AND pg_catalog.starts_with(s.slot_name, 'pgteal_'))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_subscription w WHERE w.pid = a.pid AND pg_catalog.starts_with(w.subname::text, 'pgteal_'))
 GROUP BY a.backend_type, a.usename, a.client_addr
UNION ALL
SELECT pg_catalog.format('replication slot %s', s.slot_name) FROM pg_catalog.pg_replication_slots s
 WHERE s.datoid = $1::oid AND NOT pg_catalog.starts_with(s.slot_name, 'pgteal_')
UNION ALL
SELECT pg_catalog.format('subscription %s', s.subname) FROM pg_catalog.pg_subscription s
 WHERE s.subdbid = $1::oid AND NOT pg_catalog.starts_with(s.subname::text, 'pgteal_')
UNION ALL
SELECT pg_catalog.format('prepared transaction %s', x.gid) FROM pg_catalog.pg_prepared_xacts x JOIN pg_catalog.pg_database d ON d.datname = x.database
 WHERE d.oid = $1::oid)";

std::int64_t recorded(const Journal& journal, const Fact<facts::ByName<std::int64_t>>& fact,
                      const std::string& database) {
    const auto known = journal.recall(fact);
    return known && known->contains(database) ? known->at(database) : 0;
}

std::string number_of(const Config& config, const std::string& database) {
    std::size_t number = 1;
    while (number <= config.databases.size() && config.databases[number - 1].name != database) {
        ++number;
    }
    return std::to_string(number);
}

std::string run_name(const Context& context, const char* prefix, const std::string& database) {
    const auto run = context.progress().run_id;
    return prefix + (run.empty() ? std::string("RUN") : run) + "_" +
           number_of(context.estate.config(), database);
}

std::string array_of(const std::vector<int>& pids) {
    std::string text;
    for (const int pid : pids) {
        text += (text.empty() ? "" : ",") + std::to_string(pid);
    }
    return "{" + text + "}";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text += (text.empty() ? "" : ", ") + word;
    }
    return text;
}

std::string then_again(bool removing) {
    return removing
               ? "then pgteal abort again. To take the run away and leave green's databases as they are: "
                 "pgteal abort --keep-green"
               : "then pgteal prepare again";
}

} // namespace

std::string new_name(const Context& context, const std::string& database) {
    return run_name(context, "pgteal_new_", database);
}

std::string new_name_binding(const Config& config, const std::string& database) {
    return "new_database_" + number_of(config, database);
}

void bind_new_names(const Config& config, const std::string& run_id, Executor* executor) {
    for (const auto& database : config.databases) {
        executor->set(new_name_binding(config, database.name),
                      "pgteal_new_" + run_id + "_" + number_of(config, database.name));
    }
}

std::string old_name(const Context& context, const std::string& database) {
    return run_name(context, "pgteal_old_", database);
}

Task<GreenDatabase> read_green_database(Context* context, std::string database, Deadline deadline) {
    auto& green = context->estate.server(Side::green);
    GreenDatabase found;
    found.name = database;
    found.run_id = context->progress().run_id;
    found.made = recorded(context->journal, facts::databases_made, database);
    found.found = recorded(context->journal, facts::databases_found, database);
    const postgres::Params names{database, new_name(*context, database), old_name(*context, database)};
    const auto rows = co_await green.exec("",
                                          "SELECT oid::int8, datname = $1, datname = $2 FROM "
                                          "pg_catalog.pg_database WHERE datname IN ($1, $2, $3)",
                                          names, deadline);
    for (int i = 0; i < rows.rows(); ++i) {
        if (rows.get<bool>(i, 1)) {
            found.exists = true;
            found.oid = rows.get<std::int64_t>(i, 0);
        } else {
            (rows.get<bool>(i, 2) ? found.left_new : found.left_old) = true;
            found.old_oid = rows.get<bool>(i, 2) ? found.old_oid : rows.get<std::int64_t>(i, 0);
        }
    }
    if (!found.exists) {
        co_return found;
    }
    found.fence = co_await read_fence(&green, database, deadline);
    found.row = co_await read_run_row(&green, database, deadline);
    found.reached = co_await milestones(&green, database, deadline);
    const auto inside = co_await health::read_green_database(green, database, deadline);
    found.empty = inside.objects.empty();
    const auto blue = co_await read_run_row(&context->estate.server(Side::blue), database, deadline);
    found.blue_serving = blue.present ? blue.serving : "";
    const postgres::Params who{std::to_string(found.oid), array_of(green.pids())};
    const auto uses = co_await green.exec("", uses_text, who, deadline);
    for (int i = 0; i < uses.rows(); ++i) {
        found.in_use.push_back(uses.get<std::string>(i, 0));
    }
    co_return found;
}

Task<void> record_found_databases(Context* context, Deadline deadline) {
    auto& green = context->estate.server(Side::green);
    facts::ByName<std::int64_t> found;
    for (const auto& database : context->estate.config().databases) {
        const postgres::Params name{database.name};
        const auto row = co_await green.exec(
            "", "SELECT oid::int8 FROM pg_catalog.pg_database WHERE datname = $1", name, deadline);
        if (!row.empty()) {
            found[database.name] = row.get<std::int64_t>(0, 0);
        }
    }
    context->journal.remember(facts::databases_found, found);
    context->journal.forget(facts::databases_made);
    context->journal.forget(facts::keep_green);
}

namespace {

std::optional<Refusal> judge_owner(const GreenDatabase& database, bool removing) {
    const auto where = "database " + database.name + " on green ";
    const auto name = postgres::quote_identifier(database.name);
    if (!database.ours()) {
        return Refusal{"green",
                       where + "is not the one that this run made (its oid is " +
                           std::to_string(database.oid) +
                           (database.made == 0 ? ", and the run has made none yet)"
                                               : ", the run's was " + std::to_string(database.made) + ")") +
                           ": pgteal drops nothing that isn't its own",
                       "once you are sure that nobody needs it, on green: DROP DATABASE " + name + "; " +
                           then_again(removing)};
    }
    if (database.row.present && database.row.run_id != database.run_id) {
        return Refusal{"green",
                       where + "says in pgteal.run that it belongs to another run (" + database.row.run_id +
                           ")",
                       "once you are sure that nobody needs it, on green: DROP DATABASE " + name + "; " +
                           then_again(removing)};
    }
    if (database.reached.contains(name_of(StepId::schema)) && !database.row.present) {
        return Refusal{"green", where + "has lost its row in pgteal.run: somebody took it over",
                       "once you are sure that nobody needs it, on green: DROP DATABASE " + name + "; " +
                           then_again(removing)};
    }
    if ((database.row.present && database.row.serving == "green") ||
        (!database.blue_serving.empty() && database.blue_serving != "blue")) {
        return Refusal{"green", "pgteal.run says that green serves " + database.name,
                       "pgteal status; run pgteal from where the newest journal is"};
    }
    if (!database.fence.up()) {
        return Refusal{
            "green", "the fence of " + where + "was lifted: clients may have written there",
            "once you are sure that nobody needs what is in it, raise the fence again, on green: ALTER "
            "DATABASE " +
                name + " SET default_transaction_read_only = on; ALTER DATABASE " + name +
                " CONNECTION LIMIT 0; " + then_again(removing)};
    }
    return std::nullopt;
}

std::optional<Refusal> judge_uses(const GreenDatabase& database, bool removing) {
    if (database.in_use.empty()) {
        return std::nullopt;
    }
    const auto name = postgres::quote_literal_in_body(database.name);
    return Refusal{
        "green",
        "database " + database.name + " on green is in use: " + joined(database.in_use) +
            "; pgteal drops nothing that somebody uses",
        "look at them, on green: SELECT pid, usename, client_addr, application_name, query FROM "
        "pg_stat_activity WHERE datname = " +
            name +
            "; once nobody needs the database, SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = " +
            name + " (slots and subscriptions: drop them); " + then_again(removing)};
}

} // namespace

std::optional<Refusal> judge_use(const GreenDatabase& database) {
    if (!database.exists) {
        return std::nullopt;
    }
    const bool found_empty = database.found != 0 && database.oid == database.found && database.empty;
    auto refusal = found_empty ? std::nullopt : judge_owner(database, false);
    if (!refusal && !database.reached.contains(name_of(StepId::schema))) {
        refusal = judge_uses(database, false); // it is made anew
    }
    return refusal;
}

std::optional<Refusal> judge_drop(const GreenDatabase& database, bool removing) {
    if (!database.exists || (database.found != 0 && database.oid == database.found)) {
        return std::nullopt; // as it was when the run began: abort has nothing to do with it
    }
    auto refusal = judge_owner(database, removing);
    if (!refusal) {
        refusal = judge_uses(database, removing);
    }
    return refusal;
}

namespace {

/// What is looked for under its name would never be found, and never be gone. `replaced`: also where another
/// one has the name by now.
Task<void> require_own_name(Context* context, std::string database, bool replaced) {
    const auto made = recorded(context->journal, facts::databases_made, database);
    const postgres::Params which{std::to_string(made), database};
    const auto there = co_await context->estate.server(Side::green)
                           .exec("",
                                 "SELECT datname::text, EXISTS (SELECT FROM pg_catalog.pg_database WHERE "
                                 "datname = $2) FROM pg_catalog.pg_database WHERE oid = $1::oid",
                                 which, after(green_database_patience));
    if (made == 0 || there.empty() || (there.get<bool>(0, 1) && !replaced)) {
        co_return;
    }
    const auto name = there.get<std::string>(0, 0);
    if (name != database && name != new_name(*context, database) && name != old_name(*context, database)) {
        throw Error(ErrorCode::refused, "green",
                    "database " + database + " of this run is called " + name + " on green by now",
                    "on green:  ALTER DATABASE " + postgres::quote_identifier(name) + " RENAME TO " +
                        postgres::quote_identifier(database) +
                        ";  then pgteal abort again. Where somebody "
                        "uses it: pgteal abort --keep-green, and rename it after that");
    }
}

} // namespace

Task<void> require_droppable(Context* context) {
    for (const auto& database : context->estate.config().database_names()) {
        if (context->begun(StepId::claim)) {
            co_await require_droppable_schema(&context->estate, Side::blue, database);
        }
    }
    if (context->begun(StepId::schema)) {
        const bool keeps = context->journal.recall(facts::keep_green).value_or(false);
        for (const auto& database : context->estate.config().databases) {
            const auto there =
                co_await read_green_database(context, database.name, after(green_database_patience));
            if (keeps && there.exists && there.ours()) {
                co_await require_droppable_schema(&context->estate, Side::green, database.name);
            }
            co_await require_own_name(context, database.name, keeps);
        }
    }
    if (!context->begun(StepId::schema) || context->journal.recall(facts::keep_green).value_or(false)) {
        co_return;
    }
    for (const auto& database : context->estate.config().databases) {
        const auto found =
            co_await read_green_database(context, database.name, after(green_database_patience));
        const auto refusal = judge_drop(found, true);
        if (refusal) {
            throw Error(ErrorCode::refused, refusal->side, refusal->message, refusal->hint);
        }
    }
}

} // namespace pgteal::cutover
