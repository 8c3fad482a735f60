// schema, build: what the clone is made of, before its rows and after them.
#include <filesystem>

#include <fmt/format.h>

#include "base/error.hpp"
#include "cutover/estate/owners_code_check.hpp"
#include "cutover/fence/run_row.hpp"
#include "cutover/look/green_database.hpp"
#include "cutover/runbook/walks.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/clone.hpp"
#include "replication/clone/roles.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto clone_patience = std::chrono::seconds(60);

/// While the run holds blue, its schema can't be mended there, and rows that are mended come to green after
/// the build at the earliest: the same error would come again and again.
constexpr const char* unfreeze_first =
    "where green lacks something, give it that and run pgteal prepare again; where blue has to change: "
    "pgteal "
    "abort (blue goes on serving), change it there, then pgteal check and pgteal prepare";
constexpr const char* mend_on_blue =
    "where rows of blue break the rule: pgteal abort (blue goes on serving), mend them there, then pgteal "
    "prepare; otherwise mend what it says and run pgteal prepare again";

std::string dump_path(const Context& context, const std::string& database) {
    std::string file; // a name may hold a slash, or be ".."
    for (const char c : database) {
        file += c == '/' || c == '%' || c == '.' ? fmt::format("%{:02x}", c) : std::string(1, c);
    }
    return context.journal.work_dir() + "/" + file + ".dump";
}

/// It may hold passwords of foreign servers, and goes as soon as green is built from it.
RemoveFiles remove_dump(const Context& context, const std::string& database) {
    const auto file = dump_path(context, database);
    return {{file, file + ".list"}};
}

bool dump_is_there(const Context& context, const std::string& database) {
    std::error_code unknown;
    return std::filesystem::exists(dump_path(context, database), unknown);
}

/// Folder of the pg_dump and pg_restore that fit both servers.
Task<std::string> dump_tools(Context* context, Deadline deadline) {
    const auto blue = co_await context->estate.server(Side::blue).identity(deadline);
    const auto green = co_await context->estate.server(Side::green).identity(deadline);
    auto folder = co_await replication::find_dump(blue.version, deadline, green.version);
    co_return folder;
}

// ---- schema

struct SchemaSeen {
    std::vector<replication::DatabaseProperties> properties; ///< of databases that still have to be made
    std::map<std::string, GreenDatabase> green;
    replication::Roles roles;
    std::string bin_dir;
    bool newer = false; ///< pg_restore than green
    int green_version = 0;
};

Observation in_the_way(const Refusal& refusal) {
    Observation seen;
    seen.state = State::conflict;
    seen.side = refusal.side;
    seen.evidence = refusal.message;
    seen.hint = refusal.hint;
    return seen;
}

Task<Sight<SchemaSeen>> look_at_schema(Context* context) {
    const auto deadline = after(clone_patience);
    auto& blue = context->estate.server(Side::blue);
    SchemaSeen found;
    const auto progress = context->progress();
    const bool ours_to_make = progress.active && progress.epoch <= 1;
    std::size_t done = 0;
    std::size_t tables = 0;
    std::optional<Refusal> refusal;
    for (const auto& database : context->estate.config().databases) {
        tables += (co_await tables_on(&blue, database.name, deadline)).size();
        const auto there = co_await read_green_database(context, database.name, deadline);
        found.green[database.name] = there;
        if (ours_to_make && !refusal) {
            refusal = judge_use(there);
        }
        if (there.reached.contains(name_of(StepId::schema))) {
            ++done;
            continue;
        }
        if (!refusal) {
            auto session = co_await blue.session(database.name, deadline);
            refusal = co_await rowless_code_refusal(&context->estate, Side::blue, &*session, database.name,
                                                    deadline);
        }
        auto properties = co_await replication::read_database(blue, database.name, deadline);
        found.properties.push_back(std::move(properties));
    }
    if (refusal && !progress.removing) { // what abort drops has its own proof
        auto conflict = in_the_way(*refusal);
        co_return conflict;
    }
    found.roles = co_await replication::read_roles(blue, deadline);
    found.green_version = (co_await context->estate.server(Side::green).identity(deadline)).version;
    found.bin_dir = co_await dump_tools(context, deadline);
    found.newer = co_await replication::restores_newer(found.bin_dir, found.green_version, deadline);
    auto seen = counted(done, context->estate.config().databases.size(), std::to_string(tables) + " tables");
    co_return Sight<SchemaSeen>(std::move(seen), std::move(found));
}

Actions todo_of_schema(Context* context, const SchemaSeen& found) {
    std::vector<Action> actions;
    std::vector<std::string> names;
    int phase = 0;
    for (const auto& properties : found.properties) {
        names.push_back(properties.name);
        const auto& there = found.green.at(properties.name);
        drop_leftovers(*context, there, &actions, &phase);
        if (there.exists) { // half-made by an interrupted prepare of this run, or empty when it began
            drop_ours(*context, there, &actions, &phase);
        }
        make_database(*context, properties, found.green_version, &actions, &phase);
    }
    for (const auto& statement : replication::plan_database_settings(found.roles, names)) {
        actions.push_back(sql(Side::green, statement, phase));
    }
    ++phase;
    for (const auto& name : names) {
        const auto file = dump_path(*context, name);
        actions.push_back({remove_dump(*context, name), phase++}); // what is there would keep its mode
        actions.push_back({RunProgram{Side::blue,
                                      name,
                                      replication::dump_schema(context->estate.server(Side::blue).dsn(), name,
                                                               file, found.bin_dir),
                                      {0}},
                           phase++});
        for (auto& program : replication::list_schema(file, found.bin_dir)) {
            actions.push_back({RunProgram{Side::blue, name, std::move(program), {0}}, phase++});
        }
        actions.push_back({RunProgram{Side::green,
                                      name,
                                      replication::restore_schema(context->estate.server(Side::green).dsn(),
                                                                  name, file, replication::Section::pre_data,
                                                                  1, found.bin_dir, Bytes{}, found.newer),
                                      {0},
                                      true,
                                      unfreeze_first},
                           phase++});
        const auto lanes = context->estate.config().database(name).lanes;
        actions.push_back(sql(Side::green, replication::create_control_schema(name, lanes), phase));
        actions.push_back(sql(Side::green, insert_run_row(name), phase));
        actions.push_back(sql(Side::green, milestone(name, StepId::schema), phase++));
    }
    return actions;
}

Actions undo_schema(Context* context, const SchemaSeen& found) {
    const bool kept = context->journal.recall(facts::keep_green).value_or(false);
    std::vector<Action> actions;
    int phase = 0;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back({remove_dump(*context, database.name), phase});
        const auto looked = found.green.find(database.name);
        if (looked == found.green.end()) {
            continue;
        }
        const auto& there = looked->second;
        ++phase;
        drop_leftovers(*context, there, &actions, &phase);
        if (there.ours() && kept) { // whoever lives there is not to live with a freeze that no run can lift
            actions.push_back(sql(Side::green, replication::drop_control_schema(database.name), phase++));
        } else if (there.ours()) {
            drop_ours(*context, there, &actions, &phase);
        }
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
        "usename = session_user AND application_name = " +
            postgres::quote_literal(replication::restore_application) +
            "; EXIT WHEN NOT FOUND; IF i = 6000 THEN RAISE EXCEPTION 'an earlier "
            "pg_restore does not end' USING ERRCODE = '57014'; END IF; PERFORM pg_sleep(0.01); END LOOP; END "
            "$pgteal$",
        {}};
}

struct BuildSeen {
    std::vector<std::string> todo;
    std::vector<std::string> leftovers; ///< databases that are built, and whose dump is still there
    std::string bin_dir;
    bool newer = false; ///< pg_restore than green
    Bytes memory{};     ///< for each index build
};

/// What green gives to it, and more than a server's default.
Task<Bytes> memory_for_indexes(postgres::Server* green, Deadline deadline) {
    const auto result = co_await green->exec(
        "", "SELECT setting::bigint * 1024 FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'",
        {}, deadline);
    co_return std::max(Bytes{result.get<std::int64_t>(0, 0)}, Bytes{256LL * 1024 * 1024});
}

Task<Sight<BuildSeen>> look_at_build(Context* context) {
    BuildSeen found;
    const auto deadline = after(clone_patience);
    for (const auto& database : context->estate.config().databases) {
        const auto reached =
            co_await milestones(&context->estate.server(Side::green), database.name, deadline);
        if (!reached.contains(name_of(StepId::build))) {
            found.todo.push_back(database.name);
        } else if (dump_is_there(*context, database.name)) {
            found.leftovers.push_back(database.name);
        }
    }
    found.bin_dir = co_await dump_tools(context, deadline);
    const auto green = co_await context->estate.server(Side::green).identity(deadline);
    found.newer = co_await replication::restores_newer(found.bin_dir, green.version, deadline);
    found.memory = co_await memory_for_indexes(&context->estate.server(Side::green), deadline);
    auto seen = counted(context->estate.config().databases.size() - found.todo.size(),
                        context->estate.config().databases.size(), "indexes, constraints, triggers");
    if (seen.state == State::done && !found.leftovers.empty()) {
        seen.state = State::partial;
    }
    co_return Sight<BuildSeen>(std::move(seen), std::move(found));
}

Actions todo_of_build(Context* context, const BuildSeen& found) {
    const bool interrupted = context->begun(StepId::build);
    std::vector<Action> actions;
    int phase = 0;
    for (const auto& database : found.leftovers) {
        actions.push_back({remove_dump(*context, database), phase++});
    }
    for (const auto& database : found.todo) {
        if (context->begun(StepId::schema) &&
            !dump_is_there(*context, database)) { // blue's schema is frozen: the same again
            const auto file = dump_path(*context, database);
            const auto& blue = context->estate.server(Side::blue).dsn();
            auto dump = replication::dump_schema(blue, database, file, found.bin_dir);
            actions.push_back({RunProgram{Side::blue, database, std::move(dump), {0}}, phase++});
            for (auto& program : replication::list_schema(file, found.bin_dir)) {
                actions.push_back({RunProgram{Side::blue, database, std::move(program), {0}}, phase++});
            }
        }
        auto program = replication::restore_schema(
            context->estate.server(Side::green).dsn(), database, dump_path(*context, database),
            replication::Section::post_data, context->estate.config().jobs, found.bin_dir, found.memory,
            found.newer);
        if (interrupted) {
            actions.push_back(sql(Side::green, end_restores(database), phase++));
            actions.push_back(sql(Side::green, replication::drop_partition_indexes(database), phase++));
            // What an interrupted restore has made is dropped first; --clean with --if-exists takes both
            // cases.
            program.argv.insert(program.argv.begin() + 1, {"--clean", "--if-exists"});
        }
        actions.push_back(
            {RunProgram{Side::green, database, std::move(program), {0}, true, mend_on_blue}, phase++});
        actions.push_back(sql(Side::green, milestone(database, StepId::build), phase++));
        actions.push_back({remove_dump(*context, database), phase++});
    }
    return actions;
}

} // namespace

void walk_schema(Step& step, Context& context, Move) {
    step.walk<SchemaSeen>({.look = [c = &context] { return look_at_schema(c); },
                           .todo = [c = &context](const SchemaSeen& seen) { return todo_of_schema(c, seen); },
                           .back = [c = &context](const SchemaSeen& seen) { return undo_schema(c, seen); },
                           .expected = {}});
}

void walk_build(Step& step, Context& context, Move) {
    step.walk<BuildSeen>({.look = [c = &context] { return look_at_build(c); },
                          .todo = [c = &context](const BuildSeen& seen) { return todo_of_build(c, seen); },
                          .back = [](const BuildSeen&) { return nothing(); }, // goes with the database
                          .expected = {}});
}

} // namespace pgteal::cutover
