// schema, lanes, copy, build: the clone itself.
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

Observation counted(std::size_t have, std::size_t want, std::string summary) {
    Observation seen;
    seen.state = have == want ? State::done : have == 0 ? State::absent : State::partial;
    seen.summary = std::move(summary);
    return seen;
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

Task<Observation> observe_schema(Context* context) {
    const auto deadline = after(patience);
    auto& blue = context->estate.server(Side::blue);
    auto& green = context->estate.server(Side::green);
    SchemaSeen found;
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

// ---- lanes

struct LanesSeen {
    int blue_version = 0;
    std::vector<replication::Lane> missing;
    std::map<std::string, std::vector<std::vector<replication::Table>>>
        groups; ///< database -> tables by lane
};

Task<Observation> observe_lanes(Context* context) {
    const auto deadline = after(patience);
    LanesSeen found;
    found.blue_version = (co_await context->estate.server(Side::blue).identity(deadline)).version;
    std::size_t tables = 0;
    for (const auto& database : context->estate.config().databases) {
        auto all_tables = co_await tables_on(&context->estate.server(Side::blue), database.name, deadline);
        tables += all_tables.size();
        found.groups[database.name] = replication::distribute(std::move(all_tables), database.lanes);
    }
    const auto lanes = context->estate.lanes(Side::blue);
    for (const auto& lane : lanes) {
        postgres::Params name{lane.object()};
        const auto there =
            co_await context->estate.server(Side::blue)
                .exec(lane.database, "SELECT 1 FROM pg_publication WHERE pubname = $1", name, deadline);
        if (there.empty()) {
            found.missing.push_back(lane);
        }
    }
    auto seen = counted(lanes.size() - found.missing.size(), lanes.size(),
                        std::to_string(lanes.size()) + (lanes.size() == 1 ? " lane, " : " lanes, ") +
                            std::to_string(tables) + " tables");
    seen.seen = std::move(found);
    co_return seen;
}

std::vector<Action> plan_lanes(const Observation& seen) {
    const auto& found = std::any_cast<const LanesSeen&>(seen.seen);
    std::vector<Action> actions;
    for (const auto& lane : found.missing) {
        const auto& tables = found.groups.at(lane.database).at(static_cast<std::size_t>(lane.number - 1));
        actions.push_back(
            sql(Side::blue, replication::create_publication(lane, replication::published(tables, tables),
                                                            found.blue_version)));
    }
    return actions;
}

std::vector<Action> undo_lanes(Context* context) {
    std::vector<Action> actions;
    for (const auto& lane : context->estate.lanes(Side::blue)) {
        actions.push_back(sql(Side::blue, replication::drop_publication(lane)));
    }
    return actions;
}

// ---- copy

struct CopySeen {
    struct Todo {
        replication::Lane lane;
        std::vector<replication::Table> tables;
        bool slot = false; ///< of an interrupted copy: its snapshot is gone with the session that exported it
        bool keeps = false; ///< the slot still holds all that came after tables which are copied already
    };
    std::vector<Todo> todo;
};

std::string copied_milestone(const replication::Lane& lane) { return "copy " + std::to_string(lane.number); }

/// Finished tables of an interrupted copy are not copied again, as long as the lane's slot stands where it
/// was made: what came later for them is in it. The others get a later snapshot, and begin there.
Task<void> leave_out_copied(Context* context, CopySeen::Todo* todo, Lsn slot_at) {
    const auto copied =
        co_await replication::copied_tables(context->estate.server(Side::green), todo->lane, after(patience));
    const auto done = [&](const replication::Table& table) {
        return std::any_of(copied.begin(), copied.end(), [&](const auto& one) {
            return one.table == table.qualified() && one.at >= slot_at;
        });
    };
    const auto before = todo->tables.size();
    todo->tables.erase(std::remove_if(todo->tables.begin(), todo->tables.end(), done), todo->tables.end());
    todo->keeps = todo->tables.size() < before;
}

Task<Observation> observe_copy(Context* context) {
    const auto deadline = after(patience);
    CopySeen found;
    Bytes size{};
    const auto lanes = context->estate.lanes(Side::blue);
    for (const auto& lane : lanes) {
        const auto all_tables =
            co_await tables_on(&context->estate.server(Side::blue), lane.database, deadline);
        const auto groups =
            replication::distribute(all_tables, context->estate.config().database(lane.database).lanes);
        const auto reached =
            co_await milestones(&context->estate.server(Side::green), lane.database, deadline);
        replication::LaneState state; // before green's database exists there is no lane to look at
        if (reached.contains("schema")) {
            state = co_await replication::read_lane(context->estate.server(Side::blue),
                                                    context->estate.server(Side::green), lane, deadline);
        }
        CopySeen::Todo todo{lane, {}, state.slot};
        for (const auto& table : all_tables) {
            const bool published = std::find(state.published.begin(), state.published.end(),
                                             table.display()) != state.published.end();
            size.count += published ? table.size().count : 0;
            if (published) {
                todo.tables.push_back(table);
            }
        }
        if (!state.publication) {
            todo.tables =
                groups.at(static_cast<std::size_t>(lane.number - 1)); // plan, before the lanes exist
        }
        if (reached.contains(copied_milestone(lane)) && state.slot && state.slot_status != "lost") {
            continue;
        }
        if (reached.contains("schema") && state.slot && state.slot_status != "lost" &&
            state.confirmed_flush) {
            co_await leave_out_copied(context, &todo, *state.confirmed_flush);
        }
        found.todo.push_back(std::move(todo));
    }
    auto seen = counted(lanes.size() - found.todo.size(), lanes.size(), to_string(size));
    seen.seen = std::move(found);
    co_return seen;
}

std::vector<Action> plan_copy(Context* context, const Observation& seen) {
    const auto& found = std::any_cast<const CopySeen&>(seen.seen);
    const bool interrupted = context->begun("copy");
    std::vector<Action> actions;
    int phase = 0;
    for (const auto& todo : found.todo) {
        if (todo.slot && !todo.keeps) {
            actions.push_back(sql(Side::blue, replication::drop_slot(todo.lane), phase++));
        }
        if (interrupted && !todo.keeps) {
            actions.push_back(sql(Side::green, replication::forget_copied(todo.lane), phase++));
        }
        if (todo.tables.empty() && todo.keeps) { // ended between the last table and the milestone
            actions.push_back(
                sql(Side::green, milestone(todo.lane.database, copied_milestone(todo.lane)), phase++));
            continue;
        }
        Sql slot;
        slot.side = Side::blue;
        slot.statement = todo.keeps ? replication::create_later_snapshot(todo.lane)
                                    : replication::create_slot_with_snapshot(todo.lane);
        slot.walsender = true;
        slot.limit = std::chrono::minutes(10); // waits for the write transactions that run
        actions.push_back({std::move(slot), phase++});
        actions.push_back({CopyLane{todo.lane, Side::blue, todo.tables, interrupted}, phase++});
        actions.push_back(
            sql(Side::green, milestone(todo.lane.database, copied_milestone(todo.lane)), phase++));
    }
    return actions;
}

std::vector<Action> undo_copy(Context* context) {
    std::vector<Action> actions;
    for (const auto& lane : context->estate.lanes(Side::blue)) {
        actions.push_back(sql(Side::blue, replication::drop_slot(lane)));
    }
    return actions;
}

// ---- build

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

Step lanes_step(Context& context) {
    Step step;
    step.id = "lanes";
    step.title = "Publish the tables";
    step.makes_true = "Every table of blue is published by exactly one lane.";
    step.observe = [c = &context] { return observe_lanes(c); };
    step.plan = [](const Observation& seen) { return plan_lanes(seen); };
    step.undo = [c = &context](const Observation&) { return undo_lanes(c); };
    return step;
}

Step copy_step(Context& context) {
    Step step;
    step.id = "copy";
    step.title = "Copy the data";
    step.makes_true = "Green holds every table as of a snapshot of blue; the lane's slot keeps all that came "
                      "later.";
    step.deadline = std::chrono::hours(24 * 7);
    step.observe = [c = &context] { return observe_copy(c); };
    step.plan = [c = &context](const Observation& seen) { return plan_copy(c, seen); };
    step.undo = [c = &context](const Observation&) { return undo_copy(c); };
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
