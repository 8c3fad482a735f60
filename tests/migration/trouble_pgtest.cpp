// What goes wrong on the server, in each way of running a file; and what the history says afterwards.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <mutex>

#include "tests/migration/shared.hpp"

namespace pgteal::migration {
namespace {

using testing::HasSubstr;

struct Mode {
    std::string name, head;
    bool keeps_first; ///< the statement before the one that fails stays
};

class Trouble : public OnGreen {
protected:
    Trouble() {
        sql("CREATE TABLE t(id int PRIMARY KEY, n int); INSERT INTO t SELECT i, 0 FROM generate_series(1, "
            "30) i");
    }

    static std::vector<Mode> modes() {
        return {{"one transaction", "", false},
                {"statement by statement", "CREATE INDEX CONCURRENTLY i ON t(n);\n", true},
                {"no transaction", "-- pgteal: no-transaction\nSELECT 0;\n", true}};
    }

    /// A statement that fails with this SQLSTATE, as the server's own would.
    static std::string raise(const std::string& sqlstate) {
        return "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '" + sqlstate +
               "', MESSAGE = 'could not extend file \"base/1/2\": No space left on device'; END $$;";
    }
    void kill_me_while_it_sleeps() const {
        std::thread([this] {
            comes_true("EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND "
                       "wait_event = 'PgSleep')");
            ::kill(::getpid(), SIGKILL);
        }).detach();
    }
    void clean() const {
        sql("DROP TABLE IF EXISTS b; DROP INDEX IF EXISTS i; DROP SCHEMA IF EXISTS pgteal_migrations "
            "CASCADE");
    }
};

TEST_F(Trouble, AFullDiskInEveryMode) {
    for (const auto& mode : modes()) {
        SCOPED_TRACE(mode.name);
        clean();
        const auto text = mode.head + "CREATE TABLE b(id int);\n";
        const auto error = error_of([&] { apply_texts({text + raise("53100")}); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), ErrorCode::migration);
        EXPECT_THAT(error->what(), HasSubstr("No space left on device (53100)"));
        EXPECT_THAT(error->what(),
                    testing::StartsWith("V1__x.sql:" +
                                        std::to_string(1 + std::count(text.begin(), text.end(), '\n'))));
        EXPECT_THAT(error->hint(), HasSubstr("disk of the server is full"));
        EXPECT_EQ(exists("b"), mode.keeps_first);
        const bool half = mode.keeps_first;
        EXPECT_EQ(rows(), !half ? "" : mode.name[0] == 's' ? "1 failed 2" : "1 running 2");
    }
}

TEST_F(Trouble, AFullDiskInABackfill) {
    sql("CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 15 THEN RAISE "
        "EXCEPTION "
        "USING ERRCODE = '53100', MESSAGE = 'No space left on device'; END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER no_room BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION no_room()");
    const std::string text =
        "-- pgteal: backfill table=t batch=10\nUPDATE t SET n = n + 1 WHERE id BETWEEN :from AND "
        ":to;";
    const auto error = error_of([&] { apply_texts({text}); });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("V1__x.sql:2: an error was raised (53100) in PL/pgSQL function"));
    EXPECT_EQ(value("SELECT sum(n) FROM t"), "10");
    sql("DROP TRIGGER no_room ON t");
    apply_texts({text});
    EXPECT_EQ(value("SELECT sum(n) || ' ' || max(n) FROM t"), "30 1");
}

TEST_F(Trouble, AStatementThatTakesTooLong) {
    options_.statement_timeout = 200ms;
    const auto error = error_of([&] { apply_texts({"CREATE TABLE b();\nSELECT pg_sleep(30);"}); });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(),
                HasSubstr("V1__x.sql:2: canceling statement due to statement timeout (57014)"));
    EXPECT_THAT(error->hint(), HasSubstr("statement_timeout in [migrate]"));
    EXPECT_FALSE(exists("b"));
    EXPECT_EQ(rows(), "");
}

TEST_F(Trouble, AFailureInEveryModeIsGoneOnWith) {
    for (const auto& mode : modes()) {
        SCOPED_TRACE(mode.name);
        clean();
        const auto begin = mode.head + "CREATE TABLE b(id int PRIMARY KEY);\n";
        const auto broken = begin + "INSERT INTO b VALUES (1), (1);\n";
        expect_error(ErrorCode::migration, "duplicate key value", [&] { apply_texts({broken}); });
        EXPECT_EQ(exists("b"), mode.keeps_first);
        apply_texts({begin + "INSERT INTO b VALUES (1), (2);\n"});
        EXPECT_EQ(value("SELECT count(*) FROM b"), "2");
        EXPECT_THAT(rows(), testing::StartsWith("1 applied"));
    }
}

TEST_F(Trouble, AFileThatChangesAfterItsHalfIsRefused) {
    const std::string head = "CREATE INDEX CONCURRENTLY i ON t(n);\n";
    expect_error(ErrorCode::migration, "V1__x.sql:2", [&] { apply_texts({head + "SELECT nothing;"}); });
    expect_error(ErrorCode::migration, "stopped half-way after 1 statements",
                 [&] { apply_texts({"CREATE INDEX CONCURRENTLY j ON t(n);\nSELECT 1;"}); });
    EXPECT_EQ(rows(), "1 failed 1");
}

/// Runs `work` in a process of its own, which has to end by SIGKILL.
void killed(const std::function<void()>& work) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
        try {
            work();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "before it was killed: %s\n", error.what());
        }
        ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it was not killed in time";
}

TEST_F(Trouble, PgtealKilledWithinAFileInOneTransaction) {
    const std::string text = "CREATE TABLE b(id int);\nSELECT pg_sleep(2);\nCREATE TABLE c(id int);";
    killed([&] {
        kill_me_while_it_sleeps();
        apply_texts({text});
    });
    // The server goes on with the statement and then finds nobody there: the next apply waits for that.
    EXPECT_EQ(apply_texts({text}).size(), 1U);
    EXPECT_EQ(rows(), "1 applied 3");
}

TEST_F(Trouble, PgtealKilledWithinAFileThatRunsByStatements) {
    const std::string text =
        "CREATE TABLE b(id int);\nCREATE INDEX CONCURRENTLY i ON t(n);\nINSERT INTO b VALUES "
        "(1);\nSELECT pg_sleep(2);\nINSERT INTO b VALUES (2);";
    killed([&] {
        kill_me_while_it_sleeps();
        apply_texts({text});
    });
    EXPECT_EQ(rows(), "1 running 3");
    EXPECT_EQ(apply_texts({text}).size(), 1U);
    EXPECT_EQ(value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM b"), "1 2") << "a statement ran twice";
    EXPECT_EQ(rows(), "1 applied 5");
}

TEST_F(Trouble, PgtealKilledWithinABackfill) {
    const std::string text =
        "-- pgteal: backfill table=t batch=5\nUPDATE t SET n = n + 1 WHERE id BETWEEN :from AND "
        ":to;";
    killed([&] {
        int batches = 0;
        options_.on_progress = [&batches](const std::string&, double) {
            if (++batches == 3) {
                ::kill(::getpid(), SIGKILL);
            }
        };
        apply_texts({text});
    });
    EXPECT_EQ(value("SELECT sum(n) FROM t"), "15");
    EXPECT_EQ(rows(), "1 running 0");
    apply_texts({text});
    EXPECT_EQ(value("SELECT sum(n) || ' ' || max(n) FROM t"), "30 1")
        << "a row was filled twice, or not at all";
}

TEST_F(Trouble, MessagesNameTheCommandThatGoesOn) {
    options_.again = "pgteal migrate apply --phase contract";
    options_.meanwhile = "Clients go on.";
    const auto whole = error_of([&] { apply_texts({"SELECT nothing;"}); });
    const auto half = error_of([&] { apply_texts({"VACUUM t;\nSELECT nothing;"}); });
    for (const auto& error : {whole, half}) {
        ASSERT_TRUE(error);
        EXPECT_THAT(error->hint(), HasSubstr("Clients go on."));
        EXPECT_THAT(error->hint(), HasSubstr("un pgteal migrate apply --phase contract again"));
        EXPECT_THAT(error->hint(), testing::Not(HasSubstr("pgteal prepare")));
    }
}

TEST_F(Trouble, RepeatableFilesInPgtealsTable) {
    const auto with_view = [](const std::string& n) {
        return std::vector<File>{
            parse_file("V1__x.sql", "SELECT 1;"),
            parse_file("R__v.sql", "CREATE OR REPLACE VIEW v AS SELECT " + n + " AS n;"),
            parse_file("R__w.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS w ON t(n);")};
    };
    EXPECT_EQ(apply(dsn(), with_view("1"), options_, nullptr).size(), 3U);
    EXPECT_EQ(apply(dsn(), with_view("1"), options_, nullptr).size(), 0U);
    EXPECT_EQ(apply(dsn(), with_view("2"), options_, nullptr).size(), 1U);
    EXPECT_EQ(value("SELECT n FROM v"), "2");
    EXPECT_EQ(value("SELECT string_agg(version, ' ' ORDER BY version) FROM pgteal_migrations.history"),
              "1 R__v R__w");
    const auto read = history(dsn());
    ASSERT_EQ(read.size(), 3U);
    EXPECT_FALSE(read[0].repeatable);
    EXPECT_TRUE(read[1].repeatable);
    EXPECT_EQ(read[1].version, "");
}

TEST_F(Trouble, ContractFilesOnlyWhenAsked) {
    std::vector<File> both{parse_file("V1__x.sql", "CREATE TABLE b();"),
                           parse_file("V2__y.sql", "-- pgteal: phase contract\nDROP TABLE b;"),
                           parse_file("V3__z.sql", "CREATE TABLE c();")};
    EXPECT_EQ(apply(dsn(), both, options_, nullptr).size(), 2U);
    EXPECT_TRUE(exists("b"));
    options_.policy.phase = Phase::contract;
    EXPECT_EQ(apply(dsn(), both, options_, nullptr).size(), 1U);
    EXPECT_FALSE(exists("b"));
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 1, 3 applied 1");
}

TEST_F(Trouble, ALaneThatWaitsForALockIsReported) {
    // A lane as it is while prepare catches up: blue publishes, this database subscribes.
    const auto blue_dsn = support::shared_lab().dsn("blue");
    {
        pqxx::connection blue(blue_dsn.with_database("postgres").conninfo());
        pqxx::nontransaction(blue).exec("CREATE DATABASE " + database_);
    }
    pqxx::connection blue(blue_dsn.with_database(database_).conninfo());
    pqxx::nontransaction(blue).exec("CREATE TABLE public.t(id int PRIMARY KEY, n int)");
    pqxx::nontransaction(blue).exec("CREATE PUBLICATION p FOR TABLE public.t");
    pqxx::connection green(dsn().conninfo());
    const auto connection = pqxx::nontransaction(green).quote(blue_dsn.with_database(database_).conninfo());
    pqxx::nontransaction(green).exec("CREATE SUBSCRIPTION lane_" + database_ + " CONNECTION " + connection +
                                     " PUBLICATION p WITH (copy_data = false)");
    EXPECT_TRUE(
        comes_true("EXISTS (SELECT FROM pg_stat_subscription WHERE pid IS NOT NULL AND received_lsn IS NOT "
                   "NULL)"));
    std::mutex mutex;
    std::vector<std::string> said;
    options_.on_warning = [&](const std::string& text) {
        const std::lock_guard lock(mutex);
        said.push_back(text);
    };
    std::thread write([&] {
        EXPECT_TRUE(comes_true("EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND "
                               "wait_event = 'PgSleep')"));
        pqxx::nontransaction(blue).exec("INSERT INTO public.t VALUES (1000, 1)");
    });
    apply_texts({"ALTER TABLE t ADD more int;\nSELECT pg_sleep(5);\n", "SELECT pg_sleep(2.5);"});
    write.join();
    EXPECT_THAT(said, testing::ElementsAre(
                          "lane lane_" + database_ +
                              " waits for a lock of this migration and lags on green until it is released",
                          testing::MatchesRegex("lane lane_" + database_ + " goes on: it waited [0-9]+ s")));
    EXPECT_TRUE(comes_true("EXISTS (SELECT FROM t WHERE id = 1000)"));
    pqxx::nontransaction(green).exec("DROP SUBSCRIPTION lane_" + database_);
}

} // namespace
} // namespace pgteal::migration
