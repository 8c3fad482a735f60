#include "tests/replication/lane_world.hpp"

#include "replication/marker/markers.hpp"

namespace pgteal::replication::test {

namespace {

std::unique_ptr<LaneWorld>& shared() {
    static std::unique_ptr<LaneWorld> world;
    return world;
}

struct LaneWorldEnd : testing::Environment {
    void TearDown() override { shared().reset(); }
};
const auto* const world_end = testing::AddGlobalTestEnvironment(new LaneWorldEnd);

} // namespace

LaneWorld& lane_world() {
    if (!shared()) {
        shared() = std::make_unique<LaneWorld>();
    }
    return *shared();
}

namespace {

std::vector<std::string> with_defaults(std::vector<std::string> options) {
    std::vector<std::string> all{"--poolers", "0", "--scale", "0"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
}

} // namespace

LaneWorld::LaneWorld(std::vector<std::string> options) : lab(with_defaults(std::move(options))) {}

LaneScope::LaneScope(LaneWorld& world) : world_(world) {
    world.blue = std::make_unique<postgres::Server>("blue", world.lab.dsn("blue"));
    world.green = std::make_unique<postgres::Server>("green", world.lab.dsn("green"));
}

LaneScope::~LaneScope() {
    world_.blue.reset();
    world_.green.reset();
}

Task<std::string> LaneWorld::fresh_database() {
    static int made = 0;
    std::string name = "t" + std::to_string(++made);
    for (const std::string side : {"blue", "green"}) {
        co_await sql(side, "postgres", "CREATE DATABASE " + name);
        bindings["conninfo_" + side] = {lab.dsn(side).with_database(name).conninfo(), true};
    }
    co_return name;
}

Task<postgres::Result> LaneWorld::run(std::string name, postgres::Statement statement) {
    std::string text = postgres::bind(statement.text, bindings);
    std::vector<postgres::Result> results =
        co_await side(name).script(statement.database, std::move(text), soon());
    postgres::Result last = results.empty() ? postgres::Result{} : results.back();
    for (std::size_t i = 0; i < statement.gives.size(); ++i) {
        bindings[statement.gives[i]] = {std::string(last.text(0, static_cast<int>(i))), false};
    }
    co_return last;
}

Task<postgres::Result> LaneWorld::sql(std::string name, std::string database, std::string text) {
    postgres::Statement statement{std::move(database), std::move(text), {}};
    postgres::Result result = co_await run(std::move(name), std::move(statement));
    co_return result;
}

Task<void> LaneWorld::sql_both(std::string database, std::string text) {
    co_await sql("blue", database, text);
    co_await sql("green", database, text);
}

Task<std::string> LaneWorld::value(std::string name, std::string database, std::string text) {
    const postgres::Result result = co_await sql(std::move(name), std::move(database), std::move(text));
    co_return result.rows() == 0 ? std::string{} : std::string(result.text(0, 0));
}

namespace {

Task<std::vector<Table>> tables_of(postgres::Server& server, std::string database) {
    postgres::Server::Session session = co_await server.session(std::move(database), soon());
    std::vector<Table> tables = co_await read_tables(*session, soon());
    co_return tables;
}

} // namespace

Task<void> LaneWorld::lay(Lane lane) {
    for (const std::string name : {"blue", "green"}) {
        co_await run(name, create_control_schema(lane.database, 1));
    }
    const std::string to = other(lane.publisher);
    const std::vector<Table> serving = co_await tables_of(side(lane.publisher), lane.database);
    const std::vector<Table> standing = co_await tables_of(side(to), lane.database);
    co_await run(lane.publisher, create_publication(lane, published(serving, standing)));
    co_await run(lane.publisher, create_slot(lane));
    co_await run(to, create_subscription(lane));
}

Task<void> LaneWorld::settle(Lane lane, std::string kind) {
    bindings["token"] = {std::to_string(next_token()), false};
    co_await run(lane.publisher, write_markers(lane.database, 1, kind));
    co_await run(other(lane.publisher), await_markers(lane.database, 1, kind, 15s));
}

Task<void> LaneWorld::drop(Lane lane) {
    co_await run(other(lane.publisher), drop_subscription(lane));
    co_await run(lane.publisher, drop_slot(lane));
    co_await run(lane.publisher, drop_publication(lane));
}

Task<Lane> LaneWorld::running_lane(std::string run_id) {
    const std::string db = co_await fresh_database();
    const Lane lane{std::move(run_id), db, 1, "blue"};
    co_await sql_both(db, "CREATE TABLE public.t (id int PRIMARY KEY, v text)");
    co_await lay(lane);
    co_await run("green", enable_subscription(lane));
    co_await settle(lane);
    co_return lane;
}

} // namespace pgteal::replication::test
