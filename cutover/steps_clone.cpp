// schema, build: what the clone is made of, before its rows and after them.
#include "cutover/run_row.hpp"
#include "cutover/runbook.hpp"
#include "postgres/error.hpp"
#include "postgres/quote.hpp"
#include "replication/clone.hpp"
#include "replication/roles.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto patience = std::chrono::seconds(60);

std::string dump_path(const Context& context, const std::string& database) {
    return context.journal.work_dir() + "/" + database + ".dump";
}

/// Folder of the pg_dump and pg_restore that fit both servers.
Task<std::string> dump_tools(Context* context, Deadline deadline) {
    const auto blue = co_await context->estate.server(Side::blue).identity(deadline);
    const auto green = co_await context->estate.server(Side::green).identity(deadline);
    auto folder = co_await replication::find_dump(blue.version, deadline, green.version);
    co_return folder;
}

// ---- schema

Action drop_database(const std::string& database) {
    Sql drop;
    drop.side = Side::green;
    drop.statement = {
        "", "DROP DATABASE IF EXISTS " + postgres::quote_identifier(database) + " WITH (FORCE)", {}};
    drop.close_sessions = true;
    return {std::move(drop), 0};
}

struct SchemaSeen {
    std::vector<replication::DatabaseProperties> properties; ///< of databases that still have to be made
    std::set<std::string>
        existing; ///< of these, the ones that are there already: empty, or left half-made by us
    replication::Roles roles;
    std::string bin_dir;
    int green_version = 0;
};

Task<bool> has_relations(postgres::Server* server, std::string database, Deadline deadline) {
    const std::string text =
        "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT "
        "FROM "
        "pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))";
    const auto found = co_await server->exec(std::move(database), text, {}, deadline);
    co_return found.get<bool>(0, 0);
}

Observation in_the_way(const std::string& database) {
    Observation seen;
    seen.state = State::conflict;
    seen.side = "green";
    seen.evidence =
        "database " + database + " was made and filled on green since the checks; pgteal would drop it";
    seen.hint = "drop it once you are sure that nobody needs it, then pgteal prepare again";
    return seen;
}

Task<Observation> observe_schema(Context* context) {
    const auto deadline = after(patience);
    auto& blue = context->estate.server(Side::blue);
    auto& green = context->estate.server(Side::green);
    SchemaSeen found;
    const bool may_be_new = context->progress().active && !context->begun("schema");
    std::size_t done = 0;
    std::size_t tables = 0;
    for (const auto& database : context->estate.config().databases) {
        tables += (co_await tables_on(&blue, database.name, deadline)).size();
        const auto reached = co_await milestones(&green, database.name, deadline);
        if (reached.contains("schema")) {
            ++done;
            continue;
        }
        auto properties = co_await replication::read_database(blue, database.name, deadline);
        found.properties.push_back(std::move(properties));
        postgres::Params name{database.name};
        const auto there =
            co_await green.exec("", "SELECT 1 FROM pg_database WHERE datname = $1", name, deadline);
        if (!there.empty()) {
            found.existing.insert(database.name);
            // The check saw it empty, or not there; that may have been long ago.
            if (may_be_new) {
                const bool filled = co_await has_relations(&green, database.name, deadline);
                if (filled) {
                    auto conflict = in_the_way(database.name);
                    co_return conflict;
                }
            }
        }
    }
    found.roles = co_await replication::read_roles(blue, deadline);
    found.green_version = (co_await green.identity(deadline)).version;
    found.bin_dir = co_await dump_tools(context, deadline);
    auto seen = counted(done, context->estate.config().databases.size(), std::to_string(tables) + " tables");
    seen.seen = std::move(found);
    co_return seen;
}

std::vector<Action> plan_schema(Context* context, const Observation& seen) {
    const auto& found = std::any_cast<const SchemaSeen&>(seen.seen);
    std::vector<Action> actions;
    std::vector<std::string> names;
    for (const auto& properties : found.properties) {
        names.push_back(properties.name);
        if (found.existing.contains(properties.name)) {
            // Empty by the check, or half-made by an interrupted prepare of this run.
            actions.push_back(drop_database(properties.name));
        }
        for (const auto& statement : replication::create_database(properties, found.green_version)) {
            actions.push_back(sql(Side::green, statement, 0));
        }
        actions.push_back(sql(Side::green, {"", raise_fence_text(properties.name), {}}, 0));
    }
    for (const auto& statement : replication::plan_database_settings(found.roles, names)) {
        actions.push_back(sql(Side::green, statement, 0));
    }
    int phase = 1;
    for (const auto& name : names) {
        const auto file = dump_path(*context, name);
        actions.push_back({RunProgram{Side::blue,
                                      name,
                                      replication::dump_schema(context->estate.server(Side::blue).dsn(), name,
                                                               file, found.bin_dir),
                                      {0}},
                           phase++});
        for (auto& program : replication::list_schema(file, found.bin_dir)) {
            actions.push_back({RunProgram{Side::blue, name, std::move(program), {0}}, phase++});
        }
        actions.push_back(
            {RunProgram{Side::green,
                        name,
                        replication::restore_schema(context->estate.server(Side::green).dsn(), name, file,
                                                    replication::Section::pre_data, 1, found.bin_dir),
                        {0}},
             phase++});
        const auto lanes = context->estate.config().database(name).lanes;
        actions.push_back(sql(Side::green, replication::create_control_schema(name, lanes), phase));
        actions.push_back(sql(Side::green, insert_run_row(name), phase));
        actions.push_back(sql(Side::green, milestone(name, "schema"), phase++));
    }
    return actions;
}

std::vector<Action> undo_schema(Context* context) {
    std::vector<Action> actions;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back(drop_database(database.name));
    }
    return actions;
}

// ---- build

/// A pg_restore whose controller was killed may be at work still, and its backend builds an index to its end.
postgres::Statement end_restores(const std::string& database) {
    return {
        database,
        "DO $pgteal$ BEGIN FOR i IN 1..6000 LOOP PERFORM pg_stat_clear_snapshot(); PERFORM "
        "pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name = " +
            postgres::quote_literal(replication::restore_application) +
            "; EXIT WHEN NOT FOUND; IF i = 6000 THEN RAISE EXCEPTION 'an earlier "
            "pg_restore does not end' USING ERRCODE = '57014'; END IF; PERFORM pg_sleep(0.01); END LOOP; END "
            "$pgteal$",
        {}};
}

struct BuildSeen {
    std::vector<std::string> todo;
    std::string bin_dir;
};

Task<Observation> observe_build(Context* context) {
    BuildSeen found;
    const auto deadline = after(patience);
    for (const auto& database : context->estate.config().databases) {
        const auto reached =
            co_await milestones(&context->estate.server(Side::green), database.name, deadline);
        if (!reached.contains("build")) {
            found.todo.push_back(database.name);
        }
    }
    found.bin_dir = co_await dump_tools(context, deadline);
    auto seen = counted(context->estate.config().databases.size() - found.todo.size(),
                        context->estate.config().databases.size(), "indexes, constraints, triggers");
    seen.seen = std::move(found);
    co_return seen;
}

std::vector<Action> plan_build(Context* context, const Observation& seen) {
    const auto& found = std::any_cast<const BuildSeen&>(seen.seen);
    const bool interrupted = context->begun("build");
    std::vector<Action> actions;
    int phase = 0;
    for (const auto& database : found.todo) {
        auto program = replication::restore_schema(
            context->estate.server(Side::green).dsn(), database, dump_path(*context, database),
            replication::Section::post_data, context->estate.config().jobs, found.bin_dir);
        if (interrupted) {
            actions.push_back(sql(Side::green, end_restores(database), phase++));
            actions.push_back(sql(Side::green, replication::drop_partition_indexes(database), phase++));
            // What an interrupted restore has made is dropped first; --clean with --if-exists takes both
            // cases.
            program.argv.insert(program.argv.begin() + 1, {"--clean", "--if-exists"});
        }
        actions.push_back({RunProgram{Side::green, database, std::move(program), {0}}, phase++});
        actions.push_back(sql(Side::green, milestone(database, "build"), phase++));
    }
    return actions;
}

} // namespace

Step schema_step(Context& context) {
    Step step;
    step.id = "schema";
    step.title = "Create the databases and their schema";
    step.makes_true = "Green has blue's databases with their settings, and all tables without indexes; it is "
                      "fenced for clients.";
    step.deadline = std::chrono::hours(1);
    step.observe = [c = &context] { return observe_schema(c); };
    step.plan = [c = &context](const Observation& seen) { return plan_schema(c, seen); };
    step.undo = [c = &context](const Observation&) { return undo_schema(c); };
    return step;
}

Step build_step(Context& context) {
    Step step;
    step.id = "build";
    step.title = "Build indexes and constraints";
    step.makes_true = "Green has all indexes, constraints, triggers and replica identities.";
    step.deadline = std::chrono::hours(24 * 7);
    step.observe = [c = &context] { return observe_build(c); };
    step.plan = [c = &context](const Observation& seen) { return plan_build(c, seen); };
    step.undo = [](const Observation&) { return std::vector<Action>{}; }; // goes with the database
    return step;
}

} // namespace pgteal::cutover
