// lanes, copy: what is published, and the rows as of a snapshot of it.
#include "base/error.hpp"
#include "cutover/runbook/walks.hpp"
#include "replication/clone/clone.hpp"
#include "replication/lane/partitions.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto copy_patience = std::chrono::seconds(60);

// ---- lanes

struct LanesSeen {
    int blue_version = 0;
    std::vector<replication::Lane> missing;
    std::map<std::string, std::vector<replication::Table>> groups; ///< lane's object -> its tables
    std::vector<std::string> unpublished;                          ///< though every lane is there
    std::vector<std::string> carried; ///< databases with lanes to be made whose partitions are carried
};

/// The tables of a database spread over its lanes. When some lanes are published already, by an attempt that
/// was interrupted, the others get what these leave: sizes have changed since, and so would the distribution.
Task<std::vector<replication::Lane>> spread_tables(Context* context, std::string database, LanesSeen* found,
                                                   std::size_t* tables) {
    const auto deadline = after(copy_patience);
    auto& blue = context->estate.server(Side::blue);
    auto left = co_await tables_on(&blue, database, deadline);
    *tables += left.size();
    std::vector<replication::Lane> missing;
    for (const auto& lane : context->estate.lanes(Side::blue, database)) {
        postgres::Params name{lane.object()};
        const auto there =
            co_await blue.exec(database, "SELECT 1 FROM pg_publication WHERE pubname = $1", name, deadline);
        if (there.empty()) {
            missing.push_back(lane);
            continue;
        }
        const auto rows = co_await blue.exec(
            database,
            "SELECT schemaname::text, tablename::text FROM pg_publication_tables WHERE pubname = $1", name,
            deadline);
        std::set<std::pair<std::string, std::string>> published;
        for (int i = 0; i < rows.rows(); ++i) {
            published.emplace(rows.get<std::string>(i, 0), rows.get<std::string>(i, 1));
        }
        std::erase_if(left, [&published](const auto& one) {
            return published.contains({one.schema, one.name});
        });
    }
    if (missing.empty()) {
        for (const auto& table : left) {
            found->unpublished.push_back(database + ": " + table.display());
        }
        co_return missing;
    }
    auto groups = replication::distribute(std::move(left), static_cast<int>(missing.size()));
    for (std::size_t i = 0; i < missing.size(); ++i) {
        found->groups[missing[i].object()] = std::move(groups[i]);
    }
    co_return missing;
}

Task<Sight<LanesSeen>> look_at_lanes(Context* context) {
    LanesSeen found;
    found.blue_version = (co_await context->estate.server(Side::blue).identity(after(copy_patience))).version;
    std::size_t tables = 0;
    const auto lanes = context->estate.lanes(Side::blue).size();
    for (const auto& database : context->estate.config().databases) {
        const auto missing = co_await spread_tables(context, database.name, &found, &tables);
        found.missing.insert(found.missing.end(), missing.begin(), missing.end());
        if (!missing.empty() && co_await carries_partitions(context, database.name, after(copy_patience))) {
            found.carried.push_back(database.name);
        }
    }
    auto seen = counted(lanes - found.missing.size(), lanes,
                        std::to_string(lanes) + (lanes == 1 ? " lane, " : " lanes, ") +
                            std::to_string(tables) + " tables");
    if (!found.unpublished.empty()) {
        seen.state = State::conflict;
        seen.side = "blue";
        seen.evidence = found.unpublished.front() + " is in no lane" +
                        (found.unpublished.size() == 1
                             ? ""
                             : " (and " + std::to_string(found.unpublished.size() - 1) + " more)") +
                        ": its rows would stay behind";
        seen.hint = "pgteal abort, then pgteal prepare; look who changed the publications, or made the table";
    }
    co_return Sight<LanesSeen>(std::move(seen), std::move(found));
}

Actions todo_of_lanes(const LanesSeen& found) {
    std::vector<Action> actions;
    for (const auto& lane : found.missing) {
        const auto& tables = found.groups.at(lane.object());
        actions.push_back(
            sql(Side::blue, replication::create_publication(lane, replication::published(tables, tables),
                                                            found.blue_version)));
    }
    for (const auto& database : found.carried) {
        actions.push_back(sql(Side::blue, replication::enlist_partitions(database), 1));
    }
    return actions;
}

Actions undo_lanes(Context* context) {
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
/// was made: what came later for them is in it. The others get a later snapshot, and begin there. Tables that
/// are joined by foreign keys stay together: the rows of two snapshots would break the keys, and a TRUNCATE
/// of both, committed between the two, could be applied to one of them only.
Task<void> leave_out_copied(Context* context, CopySeen::Todo* todo, Lsn slot_at) {
    const auto copied = co_await replication::copied_tables(context->estate.server(Side::green), todo->lane,
                                                            after(copy_patience));
    std::map<std::string, Lsn> at;
    for (const auto& one : copied) {
        if (one.at >= slot_at) {
            at[one.table] = one.at;
        }
    }
    auto kept = replication::copied_as_one(todo->tables, at);
    todo->keeps = !kept.empty();
    std::erase_if(todo->tables, [&kept](const auto& table) { return kept.contains(table.qualified()); });
}

Task<Sight<CopySeen>> look_at_copy(Context* context) {
    const auto deadline = after(copy_patience);
    CopySeen found;
    Bytes size{};
    const auto lanes = context->estate.lanes(Side::blue);
    for (const auto& lane : lanes) {
        auto all_tables = co_await tables_on(&context->estate.server(Side::blue), lane.database, deadline);
        const auto born = co_await replication::born_partitions(context->estate.server(Side::blue),
                                                                lane.database, deadline);
        std::erase_if(all_tables, [&born](const auto& table) { return born.contains(table.display()); });
        const auto groups =
            replication::distribute(all_tables, context->estate.config().database(lane.database).lanes);
        const auto reached =
            co_await milestones(&context->estate.server(Side::green), lane.database, deadline);
        replication::LaneState state; // before green's database exists there is no lane to look at
        if (reached.contains(name_of(StepId::schema))) {
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
        if (reached.contains(copied_milestone(lane))) {
            if (state.slot && state.slot_status != "lost") {
                continue;
            }
            // Green has applied changes since, and has its indexes and keys: no table could be copied again.
            Observation lost;
            lost.state = State::conflict;
            lost.side = "blue";
            lost.evidence = "slot " + lane.object() + " on blue " +
                            (state.slot ? "lost WAL that green still needs" : "is gone") + ": lane " +
                            lane.name() + " can't be gone on with";
            lost.hint = "pgteal abort, then pgteal prepare: the data has to be copied again";
            co_return lost;
        }
        if (reached.contains(name_of(StepId::schema)) && state.slot && state.slot_status != "lost" &&
            state.confirmed_flush) {
            co_await leave_out_copied(context, &todo, *state.confirmed_flush);
        }
        found.todo.push_back(std::move(todo));
    }
    auto seen = counted(lanes.size() - found.todo.size(), lanes.size(), to_string(size));
    co_return Sight<CopySeen>(std::move(seen), std::move(found));
}

Actions todo_of_copy(Context* context, const CopySeen& found) {
    const bool interrupted = context->begun(StepId::copy);
    std::vector<Action> actions;
    int phase = 0;
    for (const auto& todo : found.todo) {
        if (todo.slot && !todo.keeps) {
            actions.push_back(sql(Side::blue, replication::drop_slot(todo.lane), phase++));
        }
        if (interrupted && !todo.keeps) {
            actions.push_back(sql(Side::green, replication::forget_copied(todo.lane, {}), phase++));
        }
        if (todo.tables.empty() && todo.keeps) { // ended between the last table and the milestone
            actions.push_back(
                sql(Side::green, milestone(todo.lane.database, copied_milestone(todo.lane)), phase++));
            continue;
        }
        if (todo.keeps) { // they are emptied before they are copied; from here on nothing says otherwise
            actions.push_back(sql(Side::green, replication::forget_copied(todo.lane, todo.tables), phase++));
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

Actions undo_copy(Context* context) {
    std::vector<Action> actions;
    for (const auto& lane : context->estate.lanes(Side::blue)) {
        actions.push_back(sql(Side::blue, replication::drop_slot(lane)));
    }
    return actions;
}

} // namespace

void walk_lanes(Step& step, Context& context, Move) {
    step.walk<LanesSeen>({.look = [c = &context] { return look_at_lanes(c); },
                          .todo = todo_of_lanes,
                          .back = [c = &context](const LanesSeen&) { return undo_lanes(c); },
                          .expected = {}});
}

void walk_copy(Step& step, Context& context, Move) {
    step.walk<CopySeen>({.look = [c = &context] { return look_at_copy(c); },
                         .todo = [c = &context](const CopySeen& seen) { return todo_of_copy(c, seen); },
                         .back = [c = &context](const CopySeen&) { return undo_copy(c); },
                         .expected = {}});
}

} // namespace pgteal::cutover
