// arm-reverse: the way back is ready before anybody goes forth.
#include "base/error.hpp"
#include "cutover/runbook/walks.hpp"
#include "replication/lane/control.hpp"
#include "replication/lane/partitions.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto arm_patience = std::chrono::seconds(60);

struct ArmSeen {
    struct Todo {
        replication::Lane lane;
        std::vector<replication::PublishedTable> tables;
        replication::LaneState state;
    };
    std::vector<Todo> todo;
    std::vector<std::string> unfrozen; ///< databases whose schema on green is not frozen yet
    std::vector<std::string> carried;  ///< databases whose partitions are carried
    int green_version = 0;
};

/// Tables of a forward lane, by display name; the plan of a run that hasn't begun takes the distribution
/// instead.
Task<std::vector<replication::Table>> tables_of_lane(Context* context, replication::Lane forward,
                                                     std::vector<replication::Table> blue_tables,
                                                     bool cloned) {
    replication::LaneState state;
    if (cloned) {
        state = co_await replication::read_lane(context->estate.server(Side::blue),
                                                context->estate.server(Side::green), forward,
                                                after(arm_patience));
    }
    std::vector<replication::Table> mine;
    if (!state.publication) {
        const auto groups =
            replication::distribute(blue_tables, context->estate.config().database(forward.database).lanes);
        mine = groups.at(static_cast<std::size_t>(forward.number - 1));
        std::sort(mine.begin(), mine.end(),
                  [](const auto& a, const auto& b) { return a.display() < b.display(); });
        co_return mine;
    }
    for (auto& table : blue_tables) {
        if (std::find(state.published.begin(), state.published.end(), table.display()) !=
            state.published.end()) {
            mine.push_back(std::move(table));
        }
    }
    std::sort(mine.begin(), mine.end(),
              [](const auto& a, const auto& b) { return a.display() < b.display(); });
    co_return mine;
}

Task<bool> exists_on_green(Context* context, std::string database) {
    const auto reached =
        co_await milestones(&context->estate.server(Side::green), database, after(arm_patience));
    co_return reached.contains(name_of(StepId::schema));
}

Task<Sight<ArmSeen>> look_at_arm(Context* context) {
    ArmSeen found;
    found.green_version =
        (co_await context->estate.server(Side::green).identity(after(arm_patience))).version;
    std::size_t armed = 0;
    std::size_t lanes = 0;
    bool begun = false;
    for (const auto& database : context->estate.config().databases) {
        const bool cloned = co_await exists_on_green(context, database.name);
        const auto blue_tables =
            co_await tables_on(&context->estate.server(Side::blue), database.name, after(arm_patience));
        std::vector<replication::Table> green_tables;
        if (cloned) {
            green_tables =
                co_await tables_on(&context->estate.server(Side::green), database.name, after(arm_patience));
            if (!co_await replication::frozen(context->estate.server(Side::green), database.name,
                                              after(arm_patience))) {
                found.unfrozen.push_back(database.name);
            }
        } else {
            green_tables = blue_tables;
            found.unfrozen.push_back(database.name);
        }
        if (co_await carries_partitions(context, database.name, after(arm_patience))) {
            found.carried.push_back(database.name);
        }
        for (const auto& lane : context->estate.lanes(Side::green, database.name)) {
            ++lanes;
            auto forward = lane;
            forward.publisher = "blue";
            const auto mine = co_await tables_of_lane(context, forward, blue_tables, cloned);
            ArmSeen::Todo todo{lane,
                               replication::with_column_lists(replication::published(green_tables, mine),
                                                              found.green_version),
                               {}};
            for (const auto& table : todo.tables) {
                if (!table.missing_key.empty()) {
                    Observation refused;
                    refused.state = State::conflict;
                    refused.side = "green";
                    refused.evidence =
                        database.name + ": " + table.table.display() + " has key column " +
                        table.missing_key.front() +
                        " on green, which blue lacks: after a cutover its rows could not be carried back";
                    refused.hint = "keep the key as blue has it until finish; pgteal abort, then prepare "
                                   "with a changed migration";
                    co_return refused;
                }
            }
            if (cloned) {
                todo.state = co_await replication::read_lane(context->estate.server(Side::green),
                                                             context->estate.server(Side::blue), lane,
                                                             after(arm_patience));
            }
            begun = begun || todo.state.publication || todo.state.slot || todo.state.subscription;
            if (todo.state.publication && todo.state.slot && todo.state.slot_status != "lost" &&
                todo.state.subscription) {
                ++armed;
            } else {
                found.todo.push_back(std::move(todo));
            }
        }
    }
    Observation seen;
    // absent matters to abort: where green's databases are not made yet, or are gone again, there is nothing
    // to connect to.
    seen.state = armed == lanes && found.unfrozen.empty() ? State::done
                 : begun                                  ? State::partial
                                                          : State::absent;
    seen.summary = std::to_string(armed) + (armed == 1 ? " reverse lane" : " reverse lanes") +
                   " ready, disabled until cutover";
    co_return Sight<ArmSeen>(std::move(seen), std::move(found));
}

Actions todo_of_arm(const ArmSeen& found) {
    std::vector<Action> actions;
    for (const auto& todo : found.todo) {
        if (!todo.state.publication) {
            actions.push_back(
                sql(Side::green, replication::create_publication(todo.lane, todo.tables, found.green_version),
                    0));
        }
        if (todo.state.slot && todo.state.slot_status == "lost") {
            actions.push_back(sql(Side::green, replication::drop_slot(todo.lane), 0));
        }
        if (!todo.state.slot || todo.state.slot_status == "lost") {
            auto slot = sql(Side::green, replication::create_slot(todo.lane), 1);
            std::get<Sql>(slot.what).limit =
                std::chrono::minutes(10); // waits for the write transactions that run
            actions.push_back(std::move(slot));
        }
        if (!todo.state.subscription) {
            actions.push_back(sql(Side::blue, replication::create_subscription(todo.lane), 2));
        }
    }
    for (const auto& database : found.unfrozen) {
        const bool carried = std::ranges::find(found.carried, database) != found.carried.end();
        actions.push_back(sql(Side::green, replication::freeze_ddl(database, carried), 3));
    }
    if (!found.todo.empty()) {
        for (const auto& database : found.carried) {
            actions.push_back(sql(Side::green, replication::enlist_partitions(database), 4));
            actions.push_back(sql(Side::blue, replication::enlist_partitions(database), 4));
        }
    }
    return actions;
}

std::vector<Action> undo_arm(Context* context) {
    std::vector<Action> actions;
    for (const auto& lane : context->estate.lanes(Side::green)) {
        actions.push_back(sql(Side::blue, replication::drop_subscription(lane), 0));
    }
    for (const auto& lane : context->estate.lanes(Side::green)) {
        actions.push_back(sql(Side::green, replication::drop_slot(lane), 1));
        actions.push_back(sql(Side::green, replication::drop_publication(lane), 1));
    }
    return actions;
}

} // namespace

void walk_arm(Step& step, Context& context, Move) {
    step.walk<ArmSeen>({.look = [c = &context] { return look_at_arm(c); },
                        .todo = todo_of_arm,
                        .back = [c = &context](const ArmSeen&) { return undo_arm(c); },
                        .expected = {}});
}

} // namespace pgteal::cutover
