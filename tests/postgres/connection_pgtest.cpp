// Statements, errors, deadlines and broken sessions on real servers.
#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "tests/postgres/shared.hpp"

namespace pgteal::postgres {
namespace {

const auto* const lab_setup =
    testing::AddGlobalTestEnvironment(new support::SharedLab({"--databases", "app,second"}));

CO_TEST(Exec, ReadsTypes) {
    Connection blue = co_await open_on("blue");
    Params params{"6", std::nullopt, "it's", "5/3CD57258"};
    const Result result = co_await blue.exec("SELECT $1::int * 7 AS n, $2::text AS nothing, $3::text AS s, "
                                             "$4::pg_lsn AS at, true AS yes, 1.5::float8 AS f,"
                                             " ARRAY['a','b \"c\\','NULL',''] AS list, '{}'::text[] AS none",
                                             std::move(params), after(5s));
    EXPECT_EQ(result.rows(), 1);
    EXPECT_EQ(result.columns(), 8);
    EXPECT_EQ(result.get<int>(0, "n"), 42);
    EXPECT_EQ(result.get<std::optional<std::string>>(0, "nothing"), std::nullopt);
    EXPECT_EQ(result.get<std::string>(0, "s"), "it's");
    EXPECT_EQ(to_string(result.get<Lsn>(0, "at")), "5/3CD57258");
    EXPECT_TRUE(result.get<bool>(0, "yes"));
    EXPECT_EQ(result.get<double>(0, "f"), 1.5);
    const std::vector<std::string> list{"a", "b \"c\\", "NULL", ""};
    EXPECT_EQ(result.get<std::vector<std::string>>(0, "list"), list);
    EXPECT_TRUE(result.get<std::vector<std::string>>(0, "none").empty());
    EXPECT_THROW((void)result.get<std::string>(0, "nothing"), Error);
    EXPECT_THROW((void)result.get<int>(0, "s"), Error);
    EXPECT_THROW((void)result.column("N"), Error);
    EXPECT_THROW((void)result.text(1, 0), Error);
    EXPECT_EQ(result.affected(), 0);
}

CO_TEST(Exec, CountsAffectedRows) {
    Connection blue = co_await open_on("blue");
    co_await blue.exec("CREATE TEMP TABLE t AS SELECT generate_series(1, 10) AS i", after(5s));
    const Result result = co_await blue.exec("UPDATE t SET i = i WHERE i > 3", after(5s));
    EXPECT_EQ(result.affected(), 7);
}

CO_TEST(Exec, QuotedTextComesBackUnchanged) {
    Connection blue = co_await open_on("blue");
    for (const std::string text : {"it's", "\\", "\\'", "a\\\"b", "é😀", "'';--", "%s$1"}) {
        for (const std::string setting : {"on", "off"}) {
            const std::string sql = "SET standard_conforming_strings = " + setting + "; SELECT" +
                                    quote_literal(text) + " AS " + quote_identifier(text) +
                                    "; RESET standard_conforming_strings";
            const std::vector<Result> results = co_await blue.script(sql, after(5s));
            EXPECT_EQ(results.at(1).text(0, 0), text);
            EXPECT_EQ(results.at(1).column_name(0), text);
        }
    }
}

CO_TEST(Exec, ServerErrorLeavesTheConnectionUsable) {
    Connection blue = co_await open_on("blue");
    const auto error = co_await error_of<ServerError>(blue.exec("SELECT nosuch FROM pg_class", after(5s)));
    EXPECT_EQ(error->sqlstate(), "42703");
    EXPECT_EQ(error->position, 8);
    EXPECT_EQ(error->side(), "blue");
    EXPECT_EQ(error->code(), ErrorCode::server);
    EXPECT_EQ(std::string(error->what()).find("blue"), std::string::npos)
        << "the side is told once, by side()";
    EXPECT_TRUE(blue.usable());
    const Result result = co_await blue.exec("SELECT 1", after(5s));
    EXPECT_EQ(result.get<int>(0, 0), 1);
}

CO_TEST(Exec, ErrorsNameObjectsAndKeepRowsToThemselves) {
    Connection blue = co_await open_on("blue");
    const std::string setup = "CREATE TEMP TABLE people (id int PRIMARY KEY, email text CONSTRAINT mail "
                              "CHECK (email <> 'hunter2'));"
                              "CREATE FUNCTION pg_temp.f(text) RETURNS int LANGUAGE plpgsql AS "
                              "$$BEGIN RAISE EXCEPTION 'bad %', $1 USING DETAIL = $1, HINT = $1; END$$;"
                              "INSERT INTO people VALUES (7, 'x')";
    co_await blue.script(setup, after(5s));
    const std::vector<std::pair<std::string, std::string>> cases{
        {"INSERT INTO people VALUES (8, 'hunter2')", "constraint \"mail\""},
        {"SELECT 'hunter2'::int", "invalid input syntax for type integer"},
        {"SELECT format('%s', 'hunter2')::date", "invalid input syntax for type date"},
        {"SELECT pg_temp.f('hunter2')", "(P0001) in PL/pgSQL function"},
        {"SELECT ('[\"hunter2'::text)::json", "json"},
        {"SELECT '{hunter2'::int[]", "malformed array literal"},
        {"SELECT to_date('hunter2', 'YYYY')", "invalid value"},
        {"DO $$BEGIN PERFORM pg_temp.f('hunter2'); END$$", "(P0001) in PL/pgSQL function"},
    };
    for (const auto& [sql, expected] : cases) {
        const auto error = co_await error_of<ServerError>(blue.exec(sql, after(5s)));
        const std::string said = std::string(error->what()) + "|" + error->detail() + "|" + error->hint();
        EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
        EXPECT_NE(said.find(expected), std::string::npos) << said;
    }
    const auto own = co_await error_of<ServerError>(
        blue.exec("DO $$BEGIN RAISE EXCEPTION 'our own words' USING HINT = 'do that'; END$$", after(5s)));
    EXPECT_STREQ(own->what(), "our own words");
    EXPECT_EQ(own->hint(), "do that");

    co_await blue.copy_in_begin("COPY people FROM STDIN", after(5s));
    co_await blue.copy_in_write("9\thunter1\nhunter2\tx\n", after(5s));
    const auto copied = co_await error_of<ServerError>(blue.copy_in_end(after(5s)));
    EXPECT_EQ(std::string(copied->what() + copied->detail()).find("hunter2"), std::string::npos);
    EXPECT_NE(std::string(copied->what()).find("COPY people, line 2, column id"), std::string::npos)
        << copied->what();
}

CO_TEST(Exec, TellsConstraintAndPrivilege) {
    Connection blue = co_await open_on("blue");
    co_await blue.script("CREATE TEMP TABLE u (id int PRIMARY KEY); INSERT INTO u VALUES (1)", after(5s));
    const auto duplicate = co_await error_of<ServerError>(blue.exec("INSERT INTO u VALUES (1)", after(5s)));
    EXPECT_EQ(duplicate->sqlstate(), "23505");
    EXPECT_EQ(duplicate->detail(), "") << "it holds the key";
    EXPECT_NE(std::string(duplicate->what()).find("constraint \"u_pkey\""), std::string::npos);
    co_await blue.exec("SET ROLE app", after(5s));
    const auto denied = co_await error_of<ServerError>(blue.exec("SELECT * FROM pg_authid", after(5s)));
    EXPECT_EQ(denied->code(), ErrorCode::privilege);
}

CO_TEST(Script, ReturnsEachResult) {
    Connection blue = co_await open_on("blue");
    const std::vector<Result> results =
        co_await blue.script("SELECT 1; CREATE TEMP TABLE s (i int); INSERT INTO s VALUES (1), (2);"
                             " SELECT count(*) FROM s",
                             after(5s));
    EXPECT_EQ(results.size(), 4U);
    EXPECT_EQ(results[2].affected(), 2);
    EXPECT_EQ(results[3].get<int>(0, 0), 2);
}

Task<Result> last_of(Connection& connection, std::string sql) {
    const std::vector<Result> results = co_await connection.script(std::move(sql), after(5s));
    co_return results.back();
}

CO_TEST(Script, ThrowsTheErrorInTheMiddle) {
    Connection blue = co_await open_on("blue");
    const auto error = co_await error_of<ServerError>(last_of(blue, "SELECT 1; SELECT 1/0; SELECT 2"));
    EXPECT_EQ(error->sqlstate(), "22012");
    EXPECT_TRUE(blue.usable());
}

CO_TEST(Deadline, BreaksTheConnectionAndCancelsOnTheServer) {
    Connection blue = co_await open_on("blue");
    Connection other = co_await open_on("blue");
    const std::string pid = std::to_string(blue.backend_pid());
    const auto start = Clock::now();
    const auto error = co_await error_of<DeadlinePassed>(blue.exec("SELECT pg_sleep(30)", after(100ms)));
    EXPECT_EQ(error->side(), "blue");
    EXPECT_GE(Clock::now() - start, 100ms);
    EXPECT_LT(Clock::now() - start, 20s);
    EXPECT_FALSE(blue.usable());
    const auto again = co_await error_of<ConnectionLost>(blue.exec("SELECT 1", after(5s)));
    EXPECT_FALSE(again->in_doubt());
    std::string state = "active";
    for (int i = 0; i < 100 && state == "active"; ++i) {
        co_await sleep_for(20ms);
        const Result result = co_await other.exec(
            "SELECT coalesce(max(state), '') FROM pg_stat_activity WHERE pid = " + pid, after(5s));
        state = result.get<std::string>(0, 0);
    }
    EXPECT_NE(state, "active") << "the statement was not cancelled";
}

CO_TEST(Deadline, InThePastSendsNothing) {
    Connection blue = co_await open_on("blue");
    const auto error = co_await error_of<DeadlinePassed>(blue.exec("SELECT 1", Clock::now() - 1s));
    EXPECT_EQ(error->code(), ErrorCode::deadline);
    EXPECT_TRUE(blue.usable());
}

CO_TEST(Deadline, HoldsWhenTheServerIsFrozen) {
    Connection green = co_await open_on("green");
    support::shared_lab().freeze("green");
    const auto start = Clock::now();
    std::optional<DeadlinePassed> no_login;
    Dsn dsn = support::shared_lab().dsn("green").with_database("postgres");
    try {
        co_await Connection::open(std::move(dsn), "green", after(200ms));
    } catch (const DeadlinePassed& error) {
        no_login = error;
    }
    support::shared_lab().thaw("green");
    EXPECT_TRUE(no_login);
    EXPECT_GE(Clock::now() - start, 200ms);
    const Result result = co_await green.exec("SELECT 1", after(10s));
    EXPECT_EQ(result.rows(), 1);
}

Task<void> terminate_later(int pid, Clock::duration time) {
    Connection killer = co_await open_on("blue");
    co_await sleep_for(time);
    co_await killer.exec("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)", after(10s));
}

Task<void> run_until_lost(Connection& blue, std::optional<ConnectionLost>* lost) {
    *lost = co_await error_of<ConnectionLost>(blue.exec("SELECT pg_sleep(30)", after(20s)));
}

CO_TEST(ConnectionLost, DuringAStatementIsInDoubt) {
    Connection blue = co_await open_on("blue");
    std::optional<ConnectionLost> lost;
    std::vector<Task<void>> tasks;
    tasks.push_back(run_until_lost(blue, &lost));
    tasks.push_back(terminate_later(blue.backend_pid(), 50ms));
    co_await all(std::move(tasks));
    EXPECT_TRUE(lost->in_doubt());
    EXPECT_NE(std::string(lost->what()).find("administrator command"), std::string::npos) << lost->what();
    EXPECT_FALSE(blue.usable());
}

CO_TEST(ConnectionLost, WhileIdleIsNotInDoubt) {
    Connection blue = co_await open_on("blue");
    co_await terminate_later(blue.backend_pid(), 0ms);
    const auto lost = co_await error_of<ConnectionLost>(blue.exec("SELECT 1", after(5s)));
    EXPECT_FALSE(lost->in_doubt());
    EXPECT_NE(std::string(lost->what()).find("administrator command"), std::string::npos) << lost->what();
    EXPECT_FALSE(blue.usable());
}

CO_TEST(Notice, Arrives) {
    Connection blue = co_await open_on("blue");
    std::vector<Notice> notices;
    blue.on_notice([&](const Notice& notice) { notices.push_back(notice); });
    co_await blue.exec("DO $$ BEGIN RAISE WARNING 'look: %', 5; END $$", after(5s));
    EXPECT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices.at(0).severity, "WARNING");
    EXPECT_EQ(notices.at(0).message, "look: 5");
    EXPECT_EQ(notices.at(0).sqlstate, "01000");
}

Task<void> sleep_until_cancelled(Connection& blue, std::string* sqlstate) {
    const auto error = co_await error_of<ServerError>(blue.exec("SELECT pg_sleep(30)", after(20s)));
    *sqlstate = error->sqlstate();
}

Task<void> cancel_later(Connection& blue) {
    co_await sleep_for(50ms);
    co_await blue.cancel(after(5s));
}

CO_TEST(Cancel, EndsTheStatementOnly) {
    Connection blue = co_await open_on("blue");
    std::string sqlstate;
    std::vector<Task<void>> tasks;
    tasks.push_back(sleep_until_cancelled(blue, &sqlstate));
    tasks.push_back(cancel_later(blue));
    co_await all(std::move(tasks));
    EXPECT_EQ(sqlstate, "57014");
    EXPECT_TRUE(blue.usable());
    co_await blue.cancel(after(5s)); // too late for anything, and no error
}

CO_TEST(SendOnly, IsAnsweredLater) {
    Connection blue = co_await open_on("blue");
    co_await blue.send_only("SELECT pg_sleep(0.2)", after(5s));
    EXPECT_FALSE(blue.answered());
    EXPECT_FALSE(blue.usable());
    co_await sleep_for(500ms);
    EXPECT_TRUE(blue.answered());
}

CO_TEST(Console, TakesSimpleQueriesAndIsNeverCancelled) {
    Dsn dsn = support::shared_lab().admin_dsn();
    Connection console = co_await Connection::open(std::move(dsn), "pgb1", after(5s));
    EXPECT_EQ(console.server_version(), 0);
    const std::vector<Result> results = co_await console.script("SHOW DATABASES", after(5s));
    const Result& databases = results.at(0);
    std::set<std::string> names;
    for (int row = 0; row < databases.rows(); ++row) {
        names.insert(databases.get<std::string>(row, "name"));
    }
    EXPECT_TRUE(names.contains("app"));
    EXPECT_TRUE(names.contains("second"));
    co_await console.script("PAUSE", after(5s));
    co_await console.cancel(after(5s));
    const std::vector<Result> still = co_await console.script("SHOW DATABASES", after(5s));
    EXPECT_TRUE(console.usable());
    // libpq's cancel would have resumed everything.
    Connection client = co_await Connection::open(support::shared_lab().admin_dsn(), "pgb1", after(5s));
    const auto refused = co_await error_of<ServerError>(last_of(client, "PAUSE"));
    EXPECT_NE(std::string(refused ? refused->what() : "").find("pause"), std::string::npos);
    co_await console.script("RESUME", after(5s));
    EXPECT_TRUE(still.at(0).rows() > 0);
}

} // namespace
} // namespace pgteal::postgres
