// Applying files with statements that can't be in a transaction, and going on after an interruption.
#include "tests/migration/shared.hpp"

namespace pgteal::migration {
namespace {

using testing::HasSubstr;

class Stepwise : public OnGreen {
protected:
    Stepwise() {
        sql("CREATE TABLE a(id int)");
        apply_texts({v1_});
    }
    /// Makes the history say what a pgteal that died in the statement after the first `done` of V2 would
    /// leave.
    void interrupted(const std::string& text, int done) {
        const auto file = files({v1_, text}).at(1);
        sql("INSERT INTO pgteal_migrations.history (version, name, script, checksum, state, statements_done, "
            "done_checksum, ms) "
            "VALUES ('2', 'x', 'V2__x.sql', '" +
            file.checksum + "', 'running', " + std::to_string(done) + ", '', 0)");
    }
    std::string index_state() const {
        return value("SELECT CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_index WHERE "
                     "indexrelid = to_regclass('i')");
    }
    /// An index that is there and invalid, as a failed CREATE INDEX CONCURRENTLY leaves it.
    void leave_invalid_index() const {
        sql("INSERT INTO a VALUES (1), (1)");
        EXPECT_THROW(sql("CREATE UNIQUE INDEX CONCURRENTLY i ON a(id)"), pqxx::sql_error);
        EXPECT_EQ(index_state(), "invalid");
        sql("TRUNCATE a");
    }
    const std::string v1_ = "SELECT 1;";
};

TEST_F(Stepwise, IndexesBuiltConcurrently) {
    apply_texts({v1_, "ALTER TABLE a ADD n int;\nCREATE INDEX CONCURRENTLY i ON a(n);\nINSERT INTO a VALUES "
                      "(1, 2);\nVACUUM a;"});
    EXPECT_EQ(index_state(), "valid");
    EXPECT_EQ(value("SELECT n FROM a"), "2");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 4");
    EXPECT_TRUE(apply_texts({v1_, "ALTER TABLE a ADD n int;\nCREATE INDEX CONCURRENTLY i ON a(n);\nINSERT "
                                  "INTO a VALUES (1, 2);\nVACUUM a;"})
                    .empty());
}

TEST_F(Stepwise, GoesOnAfterAFailedStatement) {
    sql("INSERT INTO a VALUES (1), (1)");
    const std::string text =
        "CREATE TABLE b(id int);\nCREATE UNIQUE INDEX CONCURRENTLY i ON a(id);\nINSERT INTO b VALUES (1);";
    const auto error = error_of([&] { apply_texts({v1_, text}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::migration);
    EXPECT_THAT(
        error->what(),
        HasSubstr(
            "V2__x.sql:2: could not create unique index \"i\"; the server's own log has the row (23505)"));
    EXPECT_THAT(error->hint(), HasSubstr("Of its 3 statements the first 1 have run on green and stay"));
    EXPECT_EQ(rows(), "1 applied 1, 2 failed 1");
    EXPECT_EQ(index_state(), "no row") << "what it left behind costs and doesn't serve";
    sql("TRUNCATE a");
    apply_texts({v1_, text});
    EXPECT_EQ(index_state(), "valid");
    EXPECT_EQ(value("SELECT count(*) FROM b"), "1");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 3");
}

TEST_F(Stepwise, TheRestOfAFailedFileMayBeMended) {
    const std::string begin = "CREATE TABLE b(id int);\n";
    expect_error(ErrorCode::migration, "V2__x.sql:2", [&] {
        apply_texts({v1_, begin + "CREATE INDEX CONCURRENTLY i ON a(nothing);"});
    });
    expect_error(ErrorCode::migration, "stopped half-way after 1 statements", [&] {
        apply_texts({v1_, "CREATE TABLE c(id int);\nCREATE INDEX CONCURRENTLY i ON a(id);"});
    });
    const auto mended = begin + "-- mended\nCREATE INDEX CONCURRENTLY i ON a(id);";
    apply_texts({v1_, mended});
    EXPECT_EQ(index_state(), "valid");
    EXPECT_EQ(history(dsn()).at(1).checksum, checksum(mended));
    EXPECT_TRUE(apply_texts({v1_, mended}).empty());
}

TEST_F(Stepwise, SettingsAreThereAgainAfterAnInterruption) {
    sql("CREATE SCHEMA app; CREATE TABLE app.t(id int); INSERT INTO app.t VALUES (1), (1)");
    const std::string text =
        "SET search_path = elsewhere;\nSELECT pg_catalog.set_config('search_path', "
        "'app', false);\nCREATE UNIQUE INDEX CONCURRENTLY j ON t(id);\nCREATE TABLE u();";
    expect_error(ErrorCode::migration, "V2__x.sql:3", [&] { apply_texts({v1_, text}); });
    sql("TRUNCATE app.t");
    apply_texts({v1_, text});
    EXPECT_EQ(value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('app.j')"), "t");
    EXPECT_TRUE(exists("app.u"));
}

TEST_F(Stepwise, RolesOfTheFileAreKept) {
    sql("CREATE ROLE " + database_ + "; GRANT CREATE ON SCHEMA public TO " + database_);
    apply_texts(
        {v1_, "SET ROLE " + database_ +
                  ";\nCREATE TABLE b(id int);\nCREATE INDEX CONCURRENTLY ON b(id);\nCREATE TABLE c();"});
    EXPECT_EQ(value("SELECT string_agg(tableowner, ' ' ORDER BY tablename) FROM pg_tables WHERE tablename IN "
                    "('b', 'c')"),
              database_ + " " + database_);
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 4");
}

TEST_F(Stepwise, AnInvalidIndexIsNotTakenForDone) {
    leave_invalid_index();
    apply_texts({v1_, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a(id);"});
    EXPECT_EQ(index_state(), "valid");
}

TEST_F(Stepwise, AnInterruptedIndexBuildIsBegunAgain) {
    const std::string text = "SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY i ON a(id);\nCREATE TABLE b();";
    leave_invalid_index();
    interrupted(text, 1);
    apply_texts({v1_, text});
    EXPECT_EQ(index_state(), "valid");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 3");
}

TEST_F(Stepwise, AnIndexBuildThatWasDoneIsNotRepeated) {
    const std::string text = "SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY i ON a(id);\nCREATE TABLE b();";
    sql("CREATE UNIQUE INDEX i ON a(id)");
    const auto oid = value("SELECT to_regclass('i')::oid");
    interrupted(text, 1);
    apply_texts({v1_, text});
    EXPECT_EQ(value("SELECT to_regclass('i')::oid"), oid);
    EXPECT_TRUE(exists("b"));
}

TEST_F(Stepwise, AnUnnamedIndexThatFailedIsDropped) {
    sql("INSERT INTO a VALUES (1), (1)");
    const std::string text = "CREATE UNIQUE INDEX CONCURRENTLY ON a(id);\nCREATE TABLE b();";
    const auto indexes =
        "SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ', ') FROM pg_index WHERE "
        "indrelid = 'a'::regclass";
    expect_error(ErrorCode::migration, "V2__x.sql:1: could not create unique index", [&] {
        apply_texts({v1_, text});
    });
    EXPECT_EQ(value(indexes), "");
    sql("TRUNCATE a");
    apply_texts({v1_, text});
    EXPECT_EQ(value(indexes), "a_id_idx true");
}

TEST_F(Stepwise, AnUnnamedIndexBuildThatWasKilledIsToldApart) {
    const std::string text = "CREATE INDEX CONCURRENTLY ON a(id);\nCREATE TABLE b();";
    const auto indexes =
        "SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ', ') FROM pg_index WHERE "
        "indrelid = 'a'::regclass";
    sql("CREATE INDEX old ON a(id)");
    std::optional<Error> error;
    {
        pqxx::connection other(dsn().conninfo());
        pqxx::work old(other);
        old.exec("LOCK TABLE a IN ROW EXCLUSIVE MODE");
        options_.lock_timeout = 60s;
        std::thread work([&] { error = error_of([&] { apply_texts({v1_, text}); }); });
        end_worker_when("wait_event_type = 'Lock'");
        work.join();
    }
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::connection_lost);
    EXPECT_EQ(value(indexes), "old true, a_id_idx false");
    apply_texts({v1_, text});
    EXPECT_EQ(value(indexes), "old true, a_id_idx true");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 2");
}

TEST_F(Stepwise, AnUnnamedIndexThatWasBuiltIsNotBuiltTwice) {
    const std::string text = "CREATE INDEX CONCURRENTLY ON a(id);\nCREATE TABLE b();";
    interrupted(text, 0);
    sql("INSERT INTO pgteal_migrations.progress VALUES ('2', 0, '', 0, 0); CREATE INDEX i ON a(id)");
    apply_texts({v1_, text});
    EXPECT_EQ(value("SELECT count(*) FROM pg_index WHERE indrelid = 'a'::regclass"), "1");
    EXPECT_TRUE(exists("b"));
    EXPECT_EQ(value("SELECT count(*) FROM pgteal_migrations.progress"), "0");
}

TEST_F(Stepwise, WhatARebuildLeftIsDropped) {
    sql("CREATE INDEX i ON a(id)");
    const std::string text = "REINDEX TABLE CONCURRENTLY a;";
    const auto invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    {
        pqxx::connection other(dsn().conninfo());
        pqxx::work old(other);
        old.exec("LOCK TABLE a IN ROW EXCLUSIVE MODE");
        expect_error(ErrorCode::migration, "lock timeout (55P03)", [&] { apply_texts({v1_, text}); });
    }
    // The failure's own cleaning waited for the same lock in vain; so it goes with the next try.
    EXPECT_EQ(value(invalid), "1");
    apply_texts({v1_, text});
    EXPECT_EQ(value(invalid), "0");
    EXPECT_EQ(value("SELECT count(*) FROM pg_index WHERE indrelid = 'a'::regclass"), "1");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 1");
}

TEST_F(Stepwise, AnUnknownStatementIsRefusedAndBothWaysOnWork) {
    const std::string text =
        "-- pgteal: no-transaction\nCREATE TABLE b(id int);\nINSERT INTO b VALUES (1);\nCREATE TABLE c();";
    sql("CREATE TABLE b(id int)");
    interrupted(text, 1);
    const auto error = error_of([&] { apply_texts({v1_, text}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::migration);
    EXPECT_THAT(error->what(), HasSubstr("V2__x.sql:3: an earlier run was interrupted in statement 2 of 3"));
    EXPECT_FALSE(exists("c"));
    const std::string hint = error->hint();
    const auto update = hint.find("UPDATE pgteal_migrations");
    ASSERT_NE(update, std::string::npos);
    sql(hint.substr(update, hint.find(';', update) - update)); // "it did take effect"
    apply_texts({v1_, text});
    EXPECT_EQ(value("SELECT count(*) FROM b"), "0");
    EXPECT_TRUE(exists("c"));
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 3");
}

TEST_F(Stepwise, WhatComesBehindAnUnknownStatementMayBeMendedOnceItIsTold) {
    const std::string begin =
        "-- pgteal: no-transaction\nCREATE TABLE b(id int);\nINSERT INTO b VALUES (1);\n";
    const std::string text = begin + "CREATE TABLE nowhere.c();";
    const std::string mended = begin + "CREATE TABLE c();";
    sql("CREATE TABLE b(id int)");
    interrupted(text, 1);
    expect_error(ErrorCode::migration, "interrupted in statement 2, and the file has changed since", [&] {
        apply_texts({v1_, mended});
    });
    const std::string hint = error_of([&] { apply_texts({v1_, text}); }).value().hint();
    const auto update = hint.find("UPDATE pgteal_migrations");
    ASSERT_NE(update, std::string::npos);
    sql(hint.substr(update, hint.find(';', update) - update)); // "it did take effect"
    expect_error(ErrorCode::migration, "what had run by then has changed", [&] {
        apply_texts({v1_, "-- pgteal: no-transaction\nCREATE TABLE b(id int);\nSELECT 2;\nSELECT 3;"});
    });
    apply_texts({v1_, mended});
    EXPECT_EQ(value("SELECT count(*) FROM b"), "0");
    EXPECT_TRUE(exists("c"));
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 3");
}

TEST_F(Stepwise, StatementsCountedTogetherAreNeverUnknown) {
    const std::string text =
        "CREATE TABLE b(id int);\nINSERT INTO b VALUES (1);\nCREATE INDEX CONCURRENTLY i ON a(id);";
    std::optional<Error> error;
    sql("CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); END'; "
        "CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION slow()");
    std::thread work([&] { error = error_of([&] { apply_texts({v1_, text}); }); });
    end_worker_when("wait_event = 'PgSleep'");
    work.join();
    sql("DROP EVENT TRIGGER slow");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::connection_lost);
    EXPECT_EQ(rows(), "1 applied 1, 2 running 0");
    apply_texts({v1_, text});
    EXPECT_EQ(value("SELECT count(*) FROM b"), "1");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 3");
}

TEST_F(Stepwise, AKilledIndexBuild) {
    const std::string text = "CREATE INDEX CONCURRENTLY i ON a(id);\nCREATE TABLE b();";
    std::optional<Error> error;
    {
        // CREATE INDEX CONCURRENTLY waits for a transaction that holds a snapshot.
        pqxx::connection other(dsn().conninfo());
        pqxx::work old(other);
        old.exec("LOCK TABLE a IN ROW EXCLUSIVE MODE");
        options_.lock_timeout = 60s;
        std::thread work([&] { error = error_of([&] { apply_texts({v1_, text}); }); });
        end_worker_when("wait_event_type = 'Lock'");
        work.join();
    }
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::connection_lost);
    EXPECT_EQ(index_state(), "invalid");
    EXPECT_EQ(rows(), "1 applied 1, 2 running 0");
    apply_texts({v1_, text});
    EXPECT_EQ(index_state(), "valid");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 2");
}

TEST_F(Stepwise, LockTimeoutsOfAnIndexBuildAreBounded) {
    pqxx::connection other(dsn().conninfo());
    auto old = std::make_unique<pqxx::work>(other);
    old->exec("LOCK TABLE a IN ROW EXCLUSIVE MODE");
    const std::string text = "CREATE INDEX CONCURRENTLY i ON a(id);";
    expect_error(ErrorCode::migration, "V2__x.sql:1: canceling statement due to lock timeout (55P03)", [&] {
        apply_texts({v1_, text});
    });
    old.reset();
    apply_texts({v1_, text});
    EXPECT_EQ(index_state(), "valid");
}

TEST_F(Stepwise, AWorkerWhoseControllerDiedIsWaitedFor) {
    pqxx::connection other(dsn().conninfo());
    pqxx::nontransaction(other).exec("SELECT pg_advisory_lock(1885828197, 2)");
    expect_error(ErrorCode::busy,
                 "a statement of an earlier apply is still running on green (pid " +
                     std::to_string(other.backendpid()),
                 [&] {
                     apply_texts({v1_, "SELECT 1"});
                 });
    EXPECT_EQ(rows(), "1 applied 1");
}

TEST_F(Stepwise, ProceduresThatCommit) {
    sql("CREATE PROCEDURE p(fail bool) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (1); COMMIT; "
        "IF fail THEN RAISE 'half-way'; END IF; END $$");
    expect_error(ErrorCode::migration, "invalid transaction termination (2D000)", [&] {
        apply_texts({v1_, "CALL p(false)"});
    });
    const auto hint = error_of([&] { apply_texts({v1_, "CALL p(false)"}); })->hint();
    EXPECT_THAT(hint, HasSubstr("-- pgteal: no-transaction"));
    apply_texts({v1_, "-- pgteal: no-transaction\nCALL p(false)"});
    EXPECT_EQ(value("SELECT count(*) FROM a"), "1");
    const auto error = error_of([&] {
        apply_texts(
            {v1_, "-- pgteal: no-transaction\nCALL p(false)", "-- pgteal: no-transaction\nCALL p(true)"});
    });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->hint(), HasSubstr("may have committed a part"));
    EXPECT_EQ(value("SELECT count(*) FROM a"), "2");
}

} // namespace
} // namespace pgteal::migration
