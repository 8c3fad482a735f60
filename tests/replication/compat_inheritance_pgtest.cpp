// Tables that inherit, and a table without columns: laid as arm-reverse lays them, with rows both ways.
#include <gmock/gmock.h>

#include "replication/compat/compat.hpp"
#include "replication/lane/control.hpp"
#include "replication/marker/markers.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

using testing::HasSubstr;

constexpr const char* tree = "CREATE TABLE public.par (id int PRIMARY KEY, v text);"
                             "CREATE TABLE public.child (c int, PRIMARY KEY (id)) INHERITS (public.par);"
                             "CREATE TABLE public.grand (g int, PRIMARY KEY (id)) INHERITS (public.child);"
                             "CREATE TABLE public.zc (); ALTER TABLE public.zc REPLICA IDENTITY FULL";

constexpr const char* rows =
    "SELECT string_agg(r, ', ' ORDER BY r) FROM (SELECT tableoid::regclass || ' ' || id || v AS r FROM "
    "public.par) x";

Task<std::vector<Table>> tables_of(LaneWorld* world, std::string side, std::string database) {
    auto session = co_await world->side(side).session(std::move(database), soon());
    auto tables = co_await read_tables(*session, soon());
    co_return tables;
}

Task<void> lay_with_lists(LaneWorld* world, Lane lane) {
    for (const std::string side : {"blue", "green"}) {
        co_await world->run(side, create_control_schema(lane.database, 1));
    }
    const std::string standing = other(lane.publisher);
    const auto from = co_await tables_of(world, lane.publisher, lane.database);
    const auto to = co_await tables_of(world, standing, lane.database);
    const auto tables = with_column_lists(published(from, to), 150000);
    co_await world->run(lane.publisher, create_publication(lane, tables));
    co_await world->run(lane.publisher, create_slot(lane));
    co_await world->run(standing, create_subscription(lane));
}

Task<compat::Schema> schema_of(LaneWorld* world, std::string side, std::string database) {
    auto session = co_await world->side(side).session(std::move(database), soon());
    auto schema = co_await compat::read_schema(*session, soon());
    co_return schema;
}

} // namespace

CO_TEST(Inheritance, EveryTableIsCarriedForItselfBothWays) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql_both(db, tree);
    co_await world.sql("green", db, "CREATE TABLE public.young (y int) INHERITS (public.child)");
    for (const std::string publisher : {"blue", "green"}) {
        const Lane lane{"tree", db, 1, publisher};
        const std::string standing = other(publisher);
        co_await lay_with_lists(&world, lane);
        co_await world.run(standing, enable_subscription(lane));
        co_await world.sql(publisher, db,
                           "TRUNCATE public.par;"
                           "INSERT INTO public.par VALUES (1, 'p'); INSERT INTO public.child VALUES (2, 'c', "
                           "2); INSERT INTO public.grand VALUES (3, 'g', 3, 3), (4, 'g', 4, 4);"
                           "UPDATE public.par SET v = upper(v) WHERE id IN (1, 2, 3);"
                           "DELETE FROM public.par WHERE id = 4;"
                           "INSERT INTO public.zc DEFAULT VALUES; INSERT INTO public.zc DEFAULT VALUES;"
                           "DELETE FROM public.zc WHERE ctid = '(0,1)'");
        co_await world.settle(lane);
        EXPECT_EQ(co_await world.value(standing, db, std::string("SET search_path = public; ") + rows),
                  "child 2C, grand 3G, par 1P")
            << publisher << " publishes";
        EXPECT_EQ(co_await world.value(standing, db, "SELECT sum(g + c) FROM public.grand"), "6");
        EXPECT_EQ(co_await world.value(standing, db, "SELECT count(*) FROM public.zc"), "1");

        const auto from = co_await schema_of(&world, publisher, db);
        const auto to = co_await schema_of(&world, standing, db);
        const std::vector<Lane> lanes(1, lane);
        const auto verdicts = compat::judge(from, to, compat::direction_of(from, to, lanes));
        EXPECT_EQ(verdicts.size(), publisher == "blue" ? 0U : 1U);
        for (const auto& one : verdicts) {
            EXPECT_EQ(one.table, "public.young") << compat::sentence(one, one.reasons.front());
            EXPECT_EQ(one.outcome, compat::Outcome::stays_behind);
            EXPECT_EQ(one.level, compat::Level::warning);
        }
        co_await world.drop(lane);
        co_await world.sql_both(db, "TRUNCATE public.par, public.zc");
    }
}

} // namespace pgteal::replication::test
