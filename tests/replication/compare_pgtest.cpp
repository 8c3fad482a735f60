// Comparison of live data: equal under load, and planted damage found exactly.
#include "replication/compare/compare.hpp"

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "base/program.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

Task<std::vector<PublishedTable>> tables_to_compare(LaneWorld& world, std::string db) {
    postgres::Server::Session blue = co_await world.blue->session(db, soon());
    postgres::Server::Session green = co_await world.green->session(db, soon());
    const std::vector<Table> serving = co_await read_tables(*blue, soon());
    const std::vector<Table> standing = co_await read_tables(*green, soon());
    co_return published(serving, standing);
}

Task<Comparison> compare(LaneWorld& world, Lane lane, Clock::duration limit = 60s) {
    std::vector<PublishedTable> tables = co_await tables_to_compare(world, lane.database);
    std::vector<Lane> lanes;
    lanes.push_back(lane);
    std::function<void(int, int)> silent;
    Comparison comparison =
        co_await compare_database(*world.blue, *world.green, lane.database, std::move(lanes),
                                  std::move(tables), 2, after(limit), std::move(silent));
    co_return comparison;
}

/// "changed (7)" for each difference of the tables that have some, in order.
std::vector<std::string> found(const Comparison& comparison) {
    std::vector<std::string> out;
    for (const TableComparison& table : comparison.tables) {
        for (const Difference& difference : table.differences) {
            out.push_back(table.name + " " + difference.kind + " " + difference.key);
        }
    }
    std::ranges::sort(out);
    return out;
}

Task<void> load_in_background(std::shared_ptr<postgres::ProgramOutput> output, postgres::Program program) {
    *output = co_await postgres::run_program(std::move(program), after(60s));
}

postgres::Program pgbench(LaneWorld& world, const std::string& db, std::vector<std::string> options) {
    const postgres::Dsn dsn = world.lab.dsn("blue");
    postgres::Program program{
        {world.lab.value("CLIENT_BIN") + "/pgbench", "-h", dsn.host(), "-p", dsn.port(), "-U", "pgteal"},
        {{"PGPASSFILE", world.lab.value("PASSFILE")}}};
    program.argv.insert(program.argv.end(), options.begin(), options.end());
    program.argv.push_back(db);
    return program;
}

constexpr const char* pgbench_tables =
    "CREATE TABLE public.pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));"
    "CREATE TABLE public.pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));"
    "CREATE TABLE public.pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));"
    "CREATE TABLE public.pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler "
    "char(22));"
    "ALTER TABLE public.pgbench_history REPLICA IDENTITY FULL;";

constexpr const char* tables_of_all_kinds =
    "CREATE TYPE public.mood AS ENUM ('sad', 'glad');"
    "CREATE TABLE public.a (id int PRIMARY KEY, n int, v text, f float8, b bytea, at timestamptz, j jsonb, m "
    "public.mood, x int[], p numeric(10,2));"
    "CREATE TABLE public.two (a int, b text, v text, PRIMARY KEY (a, b));"
    "CREATE TABLE public.log (n int, v text); ALTER TABLE public.log REPLICA IDENTITY FULL;"
    "CREATE TABLE public.parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);"
    "CREATE TABLE public.parts_low PARTITION OF public.parts FOR VALUES FROM (0) TO (100);"
    "CREATE TABLE public.parts_high PARTITION OF public.parts FOR VALUES FROM (100) TO (1000);"
    "CREATE TABLE public.empty (id int PRIMARY KEY);";

constexpr const char* rows_of_all_kinds =
    "INSERT INTO public.a SELECT i, i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE repeat('y', i) END, i "
    "/ 7.0, decode(lpad(to_hex(i), 4, '0'), 'hex'),"
    " '2024-01-01 00:00:00+02'::timestamptz + i * interval '1 hour', jsonb_build_object('k', i), "
    "(ARRAY['sad','glad'])[1 + i % 2]::public.mood,"
    " ARRAY[i, NULL], i FROM generate_series(1, 9000) i;"
    "INSERT INTO public.two SELECT i, 'it''s, \"' || i, 'v' FROM generate_series(1, 50) i;"
    "INSERT INTO public.log SELECT i % 5, 'l' FROM generate_series(1, 50) i;"
    "INSERT INTO public.parts SELECT i, 'p' FROM generate_series(90, 110) i;";

Task<Lane> lane_with_data(LaneWorld& world, std::string run, std::string changes_on_green) {
    const std::string db = co_await world.fresh_database();
    const Lane lane{std::move(run), db, 1, "blue"};
    co_await world.sql_both(db, tables_of_all_kinds);
    if (!changes_on_green.empty()) {
        co_await world.sql("green", db, std::move(changes_on_green));
    }
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await world.sql("blue", db, rows_of_all_kinds);
    co_await world.settle(lane);
    co_return lane;
}

} // namespace

CO_TEST(Compare, FindsPlantedDamageExactly) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await lane_with_data(world, "damage", "");
    Comparison comparison = co_await compare(world, lane);
    EXPECT_TRUE(comparison.equal);
    EXPECT_EQ(comparison.rows, 9000 + 50 + 50 + 21);
    EXPECT_EQ(comparison.tables.size(), 6U);
    EXPECT_EQ(found(comparison), std::vector<std::string>{});

    // Counts stay the same in `a`: one row gone, one more; two rows have swapped a value; NULL is not ''.
    co_await world.sql(
        "green", lane.database,
        "DELETE FROM public.a WHERE id = 4000; INSERT INTO public.a (id) VALUES (9001);"
        "UPDATE public.a SET n = 3002 - n WHERE n IN (1500, 1502); UPDATE public.a SET v = '' WHERE id = 9;"
        "UPDATE public.two SET v = 'w' WHERE a = 7; UPDATE public.two SET b = 'new' WHERE a = 8;"
        "DELETE FROM public.log WHERE ctid = (SELECT min(ctid) FROM public.log WHERE n = 3);"
        "UPDATE public.parts SET v = 'q' WHERE id = 100; INSERT INTO public.empty VALUES (1)");
    comparison = co_await compare(world, lane);
    EXPECT_FALSE(comparison.equal);
    const std::vector<std::string> expected{
        "public.a changed (1500)",  "public.a changed (1502)",         "public.a changed (9)",
        "public.a extra (9001)",    "public.a missing (4000)",         "public.empty extra (1)",
        "public.log missing (3,l)", "public.parts_high changed (100)", "public.two changed (7,it's, \"7)",
        "public.two extra (8,new)", "public.two missing (8,it's, \"8)"};
    EXPECT_EQ(found(comparison), expected);
    for (const TableComparison& table : comparison.tables) {
        EXPECT_TRUE(table.counted_all);
        EXPECT_EQ(table.difference_count, static_cast<std::int64_t>(table.differences.size())) << table.name;
    }
    co_await world.drop(lane);
}

CO_TEST(Compare, SeesThroughWiderTypesAndColumnsThatOnlyGreenHas) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await lane_with_data(
        world, "wider",
        "ALTER TABLE public.a ALTER COLUMN id TYPE bigint, ALTER COLUMN n TYPE bigint, ALTER COLUMN v TYPE "
        "varchar(20000), ALTER COLUMN p TYPE numeric(14,4),"
        " ADD COLUMN extra int DEFAULT 1; ALTER TABLE public.two ALTER COLUMN a TYPE bigint; ALTER TABLE "
        "public.log ALTER COLUMN n TYPE bigint");
    Comparison comparison = co_await compare(world, lane);
    EXPECT_TRUE(comparison.equal) << testing::PrintToString(found(comparison));
    co_await world.sql("green", lane.database,
                       "UPDATE public.a SET extra = 2; UPDATE public.a SET n = 5000000000 WHERE id = 3; "
                       "UPDATE public.two SET v = '' WHERE a = 3");
    comparison = co_await compare(world, lane);
    EXPECT_EQ(found(comparison),
              (std::vector<std::string>{"public.a changed (3)", "public.two changed (3,it's, \"3)"}));
    co_await world.drop(lane);
}

CO_TEST(Compare, FindsRowsByKeysWhoseEqualityAnExtensionBrings) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"extension", db, 1, "blue"};
    co_await world.sql_both(
        db, "CREATE SCHEMA \"Of types\"; CREATE EXTENSION ltree SCHEMA \"Of types\"; CREATE EXTENSION citext "
            "SCHEMA \"Of types\";"
            "CREATE TABLE public.tree (path \"Of types\".ltree, part int, v text, PRIMARY KEY (part, path));"
            "CREATE TABLE public.folded (name \"Of types\".citext PRIMARY KEY, v text);");
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await world.sql("blue", db,
                       "INSERT INTO public.tree VALUES ('Top.Science', 1, 'a'), ('Top.Art', 1, 'b'), "
                       "('Top.Art', 2, 'c'); INSERT INTO public.folded VALUES ('Anna', 'a'), ('Bob', 'b')");
    co_await world.settle(lane);
    Comparison comparison = co_await compare(world, lane);
    EXPECT_TRUE(comparison.equal) << testing::PrintToString(found(comparison));
    co_await world.sql("green", db,
                       "UPDATE public.tree SET v = 'x' WHERE part = 2; DELETE FROM public.tree WHERE v = 'a';"
                       "UPDATE public.folded SET v = 'x' WHERE v = 'a'");
    comparison = co_await compare(world, lane);
    EXPECT_EQ(found(comparison),
              (std::vector<std::string>{"public.folded changed (Anna)", "public.tree changed (Top.Art,2)",
                                        "public.tree missing (Top.Science,1)"}));
    co_await world.drop(lane);
}

CO_TEST(Compare, CountsGreatDamageAndListsAHundred) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await lane_with_data(world, "great", "");
    co_await world.sql("green", lane.database,
                       "UPDATE public.a SET n = -n WHERE id <= 3000; TRUNCATE public.log");
    const Comparison comparison = co_await compare(world, lane);
    for (const TableComparison& table : comparison.tables) {
        if (table.name == "public.a") {
            EXPECT_EQ(table.difference_count, 3000);
            EXPECT_EQ(table.differences.size(), 100U);
            EXPECT_EQ(table.rows, 9000);
        }
        if (table.name == "public.log") {
            EXPECT_EQ(table.difference_count, 50);
        }
    }
    co_await world.drop(lane);
}

CO_TEST(Compare, IsEqualUnderLoadAndStillFindsDamage) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"load", db, 1, "blue"};
    co_await world.sql_both(db, pgbench_tables);
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await world.sql(
        "blue", db,
        "INSERT INTO public.pgbench_branches VALUES (1, 0, ''); INSERT INTO public.pgbench_tellers SELECT i, "
        "1, 0, '' FROM generate_series(1, 10) i;"
        "INSERT INTO public.pgbench_accounts SELECT i, 1, 0, '' FROM generate_series(1, 100000) i");
    co_await world.settle(lane);
    const auto output = std::make_shared<postgres::ProgramOutput>();
    std::vector<std::string> options{"-n", "-c", "4", "-T", "2", "-R", "300"};
    postgres::Program program = pgbench(world, db, std::move(options));
    // Again and again for as long as the file is there: as long as the comparisons take.
    const std::string wanted = world.lab.dir() + "/load-wanted";
    std::ofstream(wanted) << "\n";
    program.argv.insert(
        program.argv.begin(),
        {"sh", "-c", "f=$1; shift; while [ -e \"$f\" ]; do \"$@\" || exit; done", "sh", wanted});
    auto load = load_in_background(output, program);
    const Executor executor = co_await asio::this_coro::executor;
    auto ended = std::make_shared<bool>(false);
    auto end = [ended](const std::exception_ptr&) { *ended = true; };
    asio::co_spawn(executor, std::move(load), end);
    co_await sleep_for(1s);
    int compared = 0;
    while (!*ended) {
        const Comparison comparison = co_await compare(world, lane);
        EXPECT_TRUE(comparison.equal) << testing::PrintToString(found(comparison));
        EXPECT_GE(comparison.rows, 100011);
        ++compared;
        if (compared == 2) {
            break;
        }
    }
    EXPECT_FALSE(*ended) << "the load failed: " << output->err;
    // The branch's row changes with every transaction; damage among the others is told from it all the same.
    co_await world.sql("green", db,
                       "UPDATE public.pgbench_accounts SET filler = 'damaged' WHERE aid = 100001 OR bid = 1 "
                       "AND aid = 77777");
    co_await world.sql("green", db, "UPDATE public.pgbench_branches SET filler = 'damaged'");
    const Comparison comparison = co_await compare(world, lane);
    const std::vector<std::string> seen = found(comparison);
    // An update of the branch carries the whole row, filler and all: it heals before anyone can look.
    EXPECT_TRUE(seen == std::vector<std::string>{"public.pgbench_accounts changed (77777)"} ||
                seen == (std::vector<std::string>{"public.pgbench_accounts changed (77777)",
                                                  "public.pgbench_branches changed (1)"}))
        << testing::PrintToString(seen);
    std::filesystem::remove(wanted);
    while (!*ended) {
        co_await sleep_for(50ms);
    }
    EXPECT_EQ(output->exit_code, 0) << output->err;
    EXPECT_NE(output->out.find("number of transactions actually processed: "), std::string::npos)
        << output->out;
    co_await world.settle(lane);
    const Comparison still = co_await compare(world, lane);
    EXPECT_EQ(found(still), std::vector<std::string>{"public.pgbench_accounts changed (77777)"});
    co_await world.drop(lane);
}

/// Updates one row again and again; the longest that one of them took.
Task<void> update_hot(postgres::Server* blue, std::string db, std::shared_ptr<bool> ended,
                      std::shared_ptr<Clock::duration> longest) {
    postgres::Server::Session session = co_await blue->session(db, soon());
    while (!*ended) {
        const auto began = Clock::now();
        co_await session->script("UPDATE public.hot SET n = n + 1 WHERE id = 1", soon());
        *longest = std::max<Clock::duration>(*longest, Clock::now() - began);
        co_await sleep_for(1ms);
    }
}

CO_TEST(Compare, SettlesARowThatNeverStandsStill) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"hot", db, 1, "blue"};
    co_await world.sql_both(db, "CREATE TABLE public.hot (id int PRIMARY KEY, n int)");
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await world.sql("blue", db, "INSERT INTO public.hot VALUES (1, 0), (2, 0)");
    co_await world.settle(lane);
    auto ended = std::make_shared<bool>(false);
    auto longest = std::make_shared<Clock::duration>();
    auto running = std::make_shared<int>(3);
    const Executor executor = co_await asio::this_coro::executor;
    auto over = [running](const std::exception_ptr& error) {
        --*running;
        EXPECT_EQ(error, nullptr);
    };
    for (int writer = *running; writer > 0; --writer) {
        auto updates = update_hot(&*world.blue, db, ended, longest);
        asio::co_spawn(executor, std::move(updates), over);
    }
    co_await sleep_for(500ms);
    const Comparison equal = co_await compare(world, lane);
    EXPECT_TRUE(equal.equal) << testing::PrintToString(found(equal));
    co_await world.sql("green", db, "UPDATE public.hot SET n = -1 WHERE id = 2");
    const Comparison damaged = co_await compare(world, lane);
    EXPECT_EQ(found(damaged), std::vector<std::string>{"public.hot changed (2)"});
    *ended = true;
    while (*running > 0) {
        co_await sleep_for(20ms);
    }
    co_await world.drop(lane);
}

/// Keeps the lane behind: apply works on these for longer than it takes to write them.
Task<void> write_batches(postgres::Server* blue, std::string db, std::shared_ptr<bool> ended) {
    postgres::Server::Session session = co_await blue->session(db, soon());
    for (int batch = 0; batch < 4 && !*ended; ++batch) {
        const std::string from = std::to_string(batch * 120000 + 1);
        co_await session->script("INSERT INTO public.bulk SELECT i, 'x', 'y' FROM generate_series(" + from +
                                     ", " + from + " + 119999) i",
                                 after(60s));
    }
}

// A row that never stands still on a lane that is far behind: the client that writes it doesn't notice.
CO_TEST(Compare, KeepsNobodyWaitingForAHotRow) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const Lane lane{"waits", db, 1, "blue"};
    co_await world.sql_both(db, "CREATE TABLE public.hot (id int PRIMARY KEY, n int);"
                                "CREATE TABLE public.bulk (id int PRIMARY KEY, a text, b text);"
                                "CREATE INDEX ON public.bulk (a, b); CREATE INDEX ON public.bulk (b, a)");
    co_await world.lay(lane);
    co_await world.run("green", enable_subscription(lane));
    co_await world.sql("blue", db, "INSERT INTO public.hot VALUES (1, 0), (2, 0)");
    co_await world.settle(lane);
    co_await world.sql("green", db, "UPDATE public.hot SET n = -1 WHERE id = 2");
    auto ended = std::make_shared<bool>(false);
    auto longest = std::make_shared<Clock::duration>();
    auto running = std::make_shared<int>(2);
    const Executor executor = co_await asio::this_coro::executor;
    auto over = [running](const std::exception_ptr& error) {
        --*running;
        EXPECT_EQ(error, nullptr);
    };
    auto updates = update_hot(&*world.blue, db, ended, longest);
    auto batches = write_batches(&*world.blue, db, ended);
    asio::co_spawn(executor, std::move(updates), over);
    asio::co_spawn(executor, std::move(batches), over);
    co_await sleep_for(300ms);
    const Comparison comparison = co_await compare(world, lane, 180s);
    EXPECT_EQ(found(comparison), std::vector<std::string>{"public.hot changed (2)"});
    *ended = true;
    while (*running > 0) {
        co_await sleep_for(20ms);
    }
    EXPECT_LT(*longest, 5s); // it stood 20 s, until the lane was there
    const std::string left =
        co_await world.value("blue", db, "SELECT count(*) FROM pgteal.marker_1 WHERE kind LIKE 'compare%'");
    EXPECT_EQ(left, "0");
    co_await world.drop(lane);
}

// It sees that the lane stands, long before its own deadline.
CO_TEST(Compare, GivesUpWhenALaneStands) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const Lane lane = co_await lane_with_data(world, "stands", "");
    co_await world.run("green", disable_subscription(lane));
    std::string message;
    try {
        co_await compare(world, lane, 120s);
    } catch (const Error& error) {
        message = error.what();
    }
    EXPECT_NE(message.find(lane.name()), std::string::npos) << message;
    co_await world.drop(lane);
}

} // namespace pgteal::replication::test
