// compare reads in slices: who wants a lock on the table gets in between two of them.
#include "replication/compare/compare.hpp"
#include "replication/compare/compare_slices.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// Locks the table whenever somebody reads it, and counts how often it came to that.
Task<void> lock_while_read(postgres::Server* server, std::string db, std::shared_ptr<bool> ended,
                           std::shared_ptr<int> times) {
    postgres::Server::Session session = co_await server->session(db, soon());
    const std::string is_read =
        "SELECT count(*) FROM pg_catalog.pg_locks WHERE relation = 'public.big'::regclass "
        "AND mode = 'AccessShareLock' AND granted AND pid <> pg_catalog.pg_backend_pid()";
    const std::string lock = "BEGIN; LOCK TABLE public.big IN ACCESS EXCLUSIVE MODE; COMMIT";
    while (!*ended) {
        const auto reads = co_await session->script(is_read, soon());
        if (reads.at(0).get<int>(0, 0) > 0) {
            co_await session->script(lock, after(60s));
            *times += *ended ? 0 : 1;
        }
        co_await sleep_for(10ms);
    }
}

Task<Comparison> compared(LaneWorld* world, std::string db) {
    std::vector<Table> serving;
    {
        postgres::Server::Session session = co_await world->blue->session(db, soon());
        serving = co_await read_tables(*session, soon());
    }
    std::vector<PublishedTable> pairs = published(serving, serving);
    std::function<void(int, int)> silent;
    Comparison result = co_await compare_database(*world->blue, *world->green, db, {}, std::move(pairs), 1,
                                                  after(120s), std::move(silent));
    co_return result;
}

} // namespace

CO_TEST(CompareSlices, LetLocksInBetween) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql_both(
        db, "CREATE TABLE public.big (id int PRIMARY KEY, v text);"
            "INSERT INTO public.big SELECT i, repeat('x', 200) FROM generate_series(1, 800000) i");
    auto ended = std::make_shared<bool>(false);
    auto times = std::make_shared<int>(0);
    auto running = std::make_shared<bool>(true);
    const Executor executor = co_await asio::this_coro::executor;
    auto over = [running](const std::exception_ptr& error) {
        *running = false;
        EXPECT_EQ(error, nullptr);
    };
    auto locks = lock_while_read(&*world.blue, db, ended, times);
    asio::co_spawn(executor, std::move(locks), over);
    const Comparison equal = co_await compared(&world, db);
    *ended = true;
    while (*running) {
        co_await sleep_for(10ms);
    }
    EXPECT_TRUE(equal.equal);
    EXPECT_EQ(equal.rows, 800000);
    // One statement over the whole table would let it in once, at its end.
    EXPECT_GE(*times, 3);
}

CO_TEST(CompareSlices, FindEachDifferenceOnce) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql_both(
        db, "CREATE TABLE public.keyed (id int PRIMARY KEY, v text);"
            "CREATE TABLE public.keyless (v text);"
            "CREATE TABLE public.none (id int PRIMARY KEY);"
            "INSERT INTO public.keyed SELECT i, repeat('x', 200) FROM generate_series(1, 50000) i;"
            "INSERT INTO public.keyless SELECT repeat('y', i % 100) FROM generate_series(1, 50000) i");
    // In other places on the other side.
    co_await world.sql("green", db,
                       "UPDATE public.keyed SET v = v WHERE id % 3 = 0; UPDATE public.keyless SET v = v");
    const Comparison equal = co_await compared(&world, db);
    EXPECT_TRUE(equal.equal);
    co_await world.sql(
        "green", db,
        "UPDATE public.keyed SET v = 'z' WHERE id IN (1, 50000); DELETE FROM public.keyed WHERE id = 7;"
        "INSERT INTO public.keyless VALUES (repeat('y', 3)), ('new'); INSERT INTO public.none VALUES (1)");
    const Comparison damaged = co_await compared(&world, db);
    std::map<std::string, std::int64_t> found;
    for (const TableComparison& table : damaged.tables) {
        found[table.name] = table.difference_count;
    }
    const std::map<std::string, std::int64_t> expected{
        {"public.keyed", 3}, {"public.keyless", 2}, {"public.none", 1}};
    EXPECT_EQ(found, expected);
}

} // namespace pgteal::replication::test
