// Reading and moving sequences on live servers of several majors.
#include "replication/sequence/sequences.hpp"

#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

constexpr const char* sequences_of_all_kinds =
    "CREATE SCHEMA \"Odd 'n \"\"x\";"
    "CREATE SEQUENCE public.plain; CREATE SEQUENCE public.down INCREMENT -2 MAXVALUE 100 MINVALUE -1000 "
    "START 100;"
    "CREATE SEQUENCE public.cached CACHE 50; CREATE SEQUENCE public.never START 17; CREATE SEQUENCE "
    "public.placed;"
    "CREATE SEQUENCE public.small AS smallint CYCLE; CREATE SEQUENCE \"Odd 'n \"\"x\".\"S'q\"; CREATE "
    "UNLOGGED TABLE public.u (id serial);"
    "CREATE TABLE public.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial);";

Task<std::vector<Sequence>> read(postgres::Server& server, std::string db) {
    postgres::Server::Session session = co_await server.session(std::move(db), soon());
    std::vector<Sequence> sequences = co_await read_sequences(*session, soon());
    co_return sequences;
}

Task<void> carry_over(LaneWorld& world) {
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql_both(db, sequences_of_all_kinds);
    co_await world.sql("blue", db,
                       "CREATE TEMP SEQUENCE hidden; CREATE SCHEMA pgteal; CREATE SEQUENCE pgteal.ours; "
                       "CREATE SEQUENCE public.only_here");
    co_await world.sql("blue", db,
                       "SELECT nextval('public.plain') FROM generate_series(1, 5); SELECT "
                       "nextval('public.down') FROM generate_series(1, 3);"
                       "SELECT nextval('public.cached'); SELECT setval('public.placed', 100, false); SELECT "
                       "setval('public.small', 32767);"
                       "SELECT nextval('\"Odd ''n \"\"x\".\"S''q\"'); INSERT INTO public.t DEFAULT VALUES; "
                       "INSERT INTO public.u DEFAULT VALUES");
    const std::vector<Sequence> from = co_await read(*world.blue, db);
    std::map<std::string, Sequence> by_name;
    for (const Sequence& sequence : from) {
        by_name[sequence.name] = sequence;
    }
    EXPECT_EQ(from.size(), 11U);
    EXPECT_FALSE(by_name.contains("hidden") || by_name.contains("ours"));
    EXPECT_EQ(by_name["plain"], (Sequence{"public", "plain", 5, true, 1, 1, INT64_MAX, false}));
    EXPECT_EQ(by_name["down"], (Sequence{"public", "down", 96, true, -2, -1000, 100, false}));
    EXPECT_EQ(by_name["cached"].last, 50);
    EXPECT_EQ(by_name["never"], (Sequence{"public", "never", 17, false, 1, 1, INT64_MAX, false}));
    EXPECT_EQ(by_name["placed"], (Sequence{"public", "placed", 100, false, 1, 1, INT64_MAX, false}));
    EXPECT_EQ(by_name["small"], (Sequence{"public", "small", 32767, true, 1, 1, 32767, true}));

    // Green went further with one of them: that one stays.
    co_await world.sql("green", db, "SELECT setval('public.t_s_seq', 1000)");
    const std::vector<Sequence> before = co_await read(*world.green, db);
    const Carry moves = carry(from, before);
    EXPECT_EQ(moves.total, 10);
    EXPECT_TRUE(moves.problems.empty());
    EXPECT_EQ(moves.notes,
              std::vector<std::string>{"sequence public.only_here stays behind: it is not on green"});
    world.bindings["sequences_" + db] = {to_json(moves.set), false};
    co_await world.sql("green", "postgres",
                       "ALTER DATABASE " + db + " SET default_transaction_read_only = on");
    co_await world.run("green", set_sequences(db));

    const std::vector<Sequence> after = co_await read(*world.green, db);
    EXPECT_EQ(carry(from, after).set.size(), 0U);
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('public.plain')"), "6");
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('public.down')"), "94");
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('public.cached')"), "51");
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('public.never')"), "17");
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('public.placed')"), "100");
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('public.small')"), "1");
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('public.t_s_seq')"), "1001");
    EXPECT_EQ(co_await world.value("green", db, "SELECT nextval('\"Odd ''n \"\"x\".\"S''q\"')"), "2");
}

} // namespace

CO_TEST(Sequences, AreCarriedFrom15To17) { co_await carry_over(lane_world()); }

TEST(Sequences, AreCarriedFrom13To18) {
    LaneWorld world({"--blue", "13", "--green", "18"});
    run_here([&] { return carry_over(world); });
}

TEST(Sequences, AreCarriedFrom14To16) {
    LaneWorld world({"--blue", "14", "--green", "16"});
    run_here([&] { return carry_over(world); });
}

/// With these statistics 17 calls pg_sequence_last_value() for tables too, before it joins pg_sequence.
std::string many_tables_and_few_sequences() {
    std::string text;
    for (const std::string schema : {"s1", "s2", "s3", "s4"}) {
        text += "CREATE SCHEMA " + schema + "; CREATE SEQUENCE " + schema + ".q;";
        for (int i = 1; i <= 6; ++i) {
            const auto table = schema + ".t" + std::to_string(i);
            text +=
                "CREATE TABLE " + table + " (id uuid PRIMARY KEY, a int); CREATE INDEX ON " + table + " (a);";
        }
    }
    return text + "ANALYZE pg_class; ANALYZE pg_attribute; ANALYZE pg_depend;";
}

CO_TEST(Sequences, AreReadWhateverTheirQueryIsPlannedLike) {
    auto& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const std::string text = many_tables_and_few_sequences();
    co_await world.sql_both(db, text);
    for (auto* server : {world.blue.get(), world.green.get()}) {
        const std::vector<Sequence> found = co_await read(*server, db);
        EXPECT_EQ(found.size(), 4U);
    }
}

CO_TEST(Sequences, ThousandsAreOneQuery) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql_both(
        db,
        "DO 'BEGIN FOR i IN 1..2000 LOOP EXECUTE format(''CREATE SEQUENCE public.s%s'', i); END LOOP; END'");
    co_await world.sql("blue", db, "SELECT setval(c.oid::regclass, 7) FROM pg_class c WHERE c.relkind = 'S'");
    const std::vector<Sequence> from = co_await read(*world.blue, db);
    const std::vector<Sequence> to = co_await read(*world.green, db);
    const Carry moves = carry(from, to);
    EXPECT_EQ(moves.set.size(), 2000U);
    world.bindings["sequences_" + db] = {to_json(moves.set), false};
    co_await world.run("green", set_sequences(db));
    const std::vector<Sequence> moved = co_await read(*world.green, db);
    EXPECT_EQ(moved, from);
}

} // namespace pgteal::replication::test
