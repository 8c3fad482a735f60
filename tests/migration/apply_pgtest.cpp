// Applying files that fit into one transaction.
#include "tests/migration/shared.hpp"

namespace pgteal::migration {
namespace {

const auto* const lab_setup =
    testing::AddGlobalTestEnvironment(new support::SharedLab({"--no-poolers-start", "--scale", "0"}));

using testing::HasSubstr;

class Apply : public OnGreen {};

TEST_F(Apply, TwoFilesThenNothing) {
    const auto both = files({"CREATE TABLE a(id int PRIMARY KEY);",
                             "ALTER TABLE a ADD total int;\nINSERT INTO a VALUES (1, 2);"});
    std::vector<std::string> seen;
    const auto done =
        apply(dsn(), both, options_, [&](const File& file, bool finished, Clock::duration time) {
            seen.push_back(file.script + (finished ? " done" : " begins"));
            EXPECT_EQ(finished, time.count() > 0);
        });
    EXPECT_THAT(seen, testing::ElementsAre("V1__x.sql begins", "V1__x.sql done", "V2__x.sql begins",
                                           "V2__x.sql done"));
    ASSERT_EQ(done.size(), 2U);
    EXPECT_EQ(value("SELECT total FROM a"), "2");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 2");
    const auto row = history(dsn()).at(1);
    EXPECT_EQ(row.checksum, both[1].checksum);
    EXPECT_EQ(row.name, "x");
    EXPECT_THAT(row.applied_at, testing::MatchesRegex("20..-..-..T..:..:..Z"));
    EXPECT_EQ(value("SELECT applied_by FROM pgteal_migrations.history LIMIT 1"), "pgteal");
    EXPECT_TRUE(apply(dsn(), both, options_, nullptr).empty());
    EXPECT_EQ(value("SELECT count(*) FROM a"), "1");
}

TEST_F(Apply, LeavesNoTraceWithoutFiles) {
    EXPECT_TRUE(apply_texts({}).empty());
    EXPECT_TRUE(history(dsn()).empty());
    EXPECT_FALSE(exists("pgteal_migrations.history"));
}

TEST_F(Apply, AFailingFileIsRolledBackWholly) {
    const auto error = error_of([&] {
        apply_texts({"CREATE TABLE a(id int);",
                     "CREATE TABLE b(id int);\n\nALTER TABLE a\n  ADD c int,\n  DROP COLUMN foo;\n",
                     "SELECT 1"});
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::migration);
    EXPECT_EQ(error->side(), "green");
    EXPECT_STREQ(error->what(), "V2__x.sql:3: column \"foo\" of relation \"a\" does not exist (42703). "
                                "Statement: ALTER TABLE a ADD c int, DROP COLUMN foo");
    EXPECT_THAT(error->hint(), HasSubstr("Nothing of this file remains on green"));
    EXPECT_THAT(error->hint(), HasSubstr("pgteal prepare"));
    EXPECT_FALSE(exists("b"));
    EXPECT_EQ(rows(), "1 applied 1");
    EXPECT_EQ(apply_texts({"CREATE TABLE a(id int);", "CREATE TABLE b(id int);", "SELECT 1"}).size(), 2U);
}

TEST_F(Apply, ErrorsPointToTheLineTheServerMeant) {
    expect_error(ErrorCode::migration, "V1__x.sql:5: column \"bar\" does not exist (42703)",
                 [&] { apply_texts({"-- one\n\nSELECT 1,\n 2,\n bar\nFROM pg_class;"}); });
    expect_error(ErrorCode::migration, "V1__x.sql:2: syntax error at or near \"CRATE\" (42601)",
                 [&] { apply_texts({"SELECT 1;\nCRATE TABLE a();"}); });
    expect_error(
        ErrorCode::migration,
        "V1__x.sql:2: duplicate key value violates unique constraint \"u_pkey\"; the server's own log has "
        "the "
        "row (23505). Statement: ",
        [&] { apply_texts({"CREATE TABLE u(id int PRIMARY KEY);\r\nINSERT INTO u VALUES (1), (1);\r\n"}); });
}

TEST_F(Apply, PasswordsStayOutOfErrors) {
    const auto error = error_of([&] { apply_texts({"ALTER ROLE nobody_here LOGIN PASSWORD 'hunter2'"}); });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("ALTER ROLE nobody_here LOGIN"));
    EXPECT_THAT(error->what() + error->hint(), testing::Not(HasSubstr("hunter2")));
}

TEST_F(Apply, ErrorsAtCommitToo) {
    expect_error(ErrorCode::migration,
                 "V1__x.sql: at COMMIT: insert or update on table \"c\" violates foreign key", [&] {
                     apply_texts({"CREATE TABLE p(id int PRIMARY KEY); CREATE TABLE c(id int REFERENCES p "
                                  "DEFERRABLE INITIALLY DEFERRED); "
                                  "INSERT INTO c VALUES (1);"});
                 });
    EXPECT_FALSE(exists("p"));
    EXPECT_EQ(rows(), "");
}

TEST_F(Apply, RefusesAChangedFile) {
    apply_texts({"CREATE TABLE a(id int);"});
    expect_error(ErrorCode::migration, "V1__x.sql changed since it was applied", [&] {
        apply_texts({"CREATE TABLE a(id bigint);", "CREATE TABLE b();"});
    });
    EXPECT_FALSE(exists("b"));
}

TEST_F(Apply, SettingsDontLeakIntoTheNextFile) {
    sql("CREATE SCHEMA app; CREATE ROLE " + database_ + "; GRANT CREATE, USAGE ON SCHEMA app TO " +
        database_);
    apply_texts({"SET search_path = app, pg_catalog; SET ROLE " + database_ +
                     "; SET lock_timeout = 0; CREATE TABLE a(id int);",
                 "CREATE TABLE b AS SELECT current_user::text AS who, current_setting('lock_timeout') AS "
                 "lock_timeout, "
                 "current_setting('pgteal.ddl') AS ddl;"});
    EXPECT_TRUE(exists("app.a"));
    EXPECT_EQ(value("SELECT tableowner FROM pg_tables WHERE tablename = 'a'"), database_);
    EXPECT_TRUE(exists("public.b"));
    EXPECT_EQ(value("SELECT who || ' ' || lock_timeout || ' ' || ddl FROM public.b"), "pgteal 300ms on");
    EXPECT_EQ(rows(), "1 applied 4, 2 applied 1");
    EXPECT_EQ(value("SELECT string_agg(DISTINCT applied_by, ' ') FROM pgteal_migrations.history"), "pgteal");
}

/// The file's names are looked up there; those of what pgteal says around it are not, before, within or after
/// its transactions.
TEST_F(Apply, ARoleOfTheDatabasesSettingsIsNotTheFiles) {
    const auto eve = database_ + "_eve";
    maintenance("CREATE ROLE " + eve);
    maintenance("ALTER DATABASE " + database_ + " SET role = " + eve);
    apply_texts({"CREATE TABLE one();", "SET ROLE " + eve + "; RESET ROLE; CREATE TABLE two();",
                 "CREATE TABLE three(n int);\nCREATE INDEX CONCURRENTLY ON three (n);"});
    EXPECT_EQ(
        value("SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_catalog.pg_tables WHERE tablename IN "
              "('one', 'two', 'three')"),
        "pgteal");
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 3, 3 applied 2");
}

TEST_F(Apply, TheDatabasesPathIsForTheFilesOwnTextOnly) {
    sql(R"(CREATE SCHEMA trap; CREATE SEQUENCE trap.ran;
        CREATE FUNCTION trap.eq(pg_catalog.text, pg_catalog.text) RETURNS bool LANGUAGE sql AS
          $$ SELECT pg_catalog.nextval('trap.ran') OPERATOR(pg_catalog.>) 0 AND $1 OPERATOR(pg_catalog.=) $2 $$;
        CREATE OPERATOR trap.= (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = trap.eq);
        CREATE FUNCTION trap.eqn(name, pg_catalog.text) RETURNS bool LANGUAGE sql AS
          $$ SELECT pg_catalog.nextval('trap.ran') OPERATOR(pg_catalog.>) 0 AND $1 OPERATOR(pg_catalog.=) $2 $$;
        CREATE OPERATOR trap.= (LEFTARG = name, RIGHTARG = pg_catalog.text, FUNCTION = trap.eqn);
        CREATE FUNCTION trap.gt(pg_catalog.int8, pg_catalog.int8) RETURNS bool LANGUAGE sql AS
          $$ SELECT pg_catalog.nextval('trap.ran') OPERATOR(pg_catalog.>) 0 AND $1 OPERATOR(pg_catalog.>) $2 $$;
        CREATE OPERATOR trap.> (LEFTARG = pg_catalog.int8, RIGHTARG = pg_catalog.int8, FUNCTION = trap.gt);
        CREATE FUNCTION trap.cat(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS
          $$ SELECT CASE WHEN pg_catalog.nextval('trap.ran') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.textcat($1, $2) END $$;
        CREATE OPERATOR trap.|| (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = trap.cat);
        CREATE DOMAIN trap.text AS pg_catalog.text CHECK (pg_catalog.nextval('trap.ran') OPERATOR(pg_catalog.>) 0);
        CREATE DOMAIN trap.int8 AS pg_catalog.int8 CHECK (pg_catalog.nextval('trap.ran') OPERATOR(pg_catalog.>) 0);
        CREATE SCHEMA "Mine, too"; CREATE TABLE "Mine, too".t (id bigint PRIMARY KEY, n int);
        INSERT INTO "Mine, too".t SELECT pg_catalog.generate_series(1, 250);)");
    maintenance("ALTER DATABASE " + database_ + " SET search_path = trap, pg_catalog, \"Mine, too\"");
    apply_texts({"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ALTER TABLE t ADD m int;",
                 "CREATE INDEX CONCURRENTLY named ON t (m);\nCREATE INDEX CONCURRENTLY ON t (n);\n"
                 "REINDEX TABLE CONCURRENTLY t;",
                 "SET search_path = \"Mine, too\";\n-- pgteal: backfill table=t batch=100\n"
                 "UPDATE t SET n = id WHERE id BETWEEN :from AND :to;\nRESET search_path;\nALTER TABLE t ADD "
                 "o int;"});
    pqxx::connection looker(dsn().with("options", "-c search_path=").conninfo());
    pqxx::nontransaction work(looker);
    EXPECT_EQ(work.exec("SELECT is_called FROM trap.ran").at(0).at(0).as<std::string>(), "f");
    EXPECT_EQ(work.exec("SELECT count(*) FROM \"Mine, too\".t WHERE n = id").at(0).at(0).as<int>(), 250);
    EXPECT_EQ(rows(), "1 applied 2, 2 applied 3, 3 applied 4");
}

TEST_F(Apply, AnotherSessionAuthorizationToo) {
    sql("CREATE ROLE " + database_ + "_owner; GRANT CREATE ON SCHEMA public TO " + database_ + "_owner");
    apply_texts({"SET SESSION AUTHORIZATION " + database_ + "_owner; CREATE TABLE a(id int);"});
    EXPECT_EQ(rows(), "1 applied 2");
    EXPECT_EQ(value("SELECT tableowner FROM pg_tables WHERE tablename = 'a'"), database_ + "_owner");
}

TEST_F(Apply, WorksBehindTheFence) {
    maintenance("ALTER DATABASE " + database_ + " SET default_transaction_read_only = on");
    apply_texts({"CREATE TABLE a(id int);",
                 "RESET ALL;\nCREATE INDEX CONCURRENTLY i ON a(id);\nDISCARD ALL;\nCREATE TABLE b();"});
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 4");
}

TEST_F(Apply, GrammarOfTheServer) {
    apply_texts({"CREATE TABLE a(id int, n int);\nMERGE INTO a USING (VALUES (1)) b(id) ON a.id = b.id\n"
                 "WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1, 2);"});
    EXPECT_EQ(value("SELECT n FROM a"), "2");
}

TEST_F(Apply, ALockNeverGrantedIsBounded) {
    sql("CREATE TABLE a(id int)");
    pqxx::connection holder(dsn().conninfo());
    pqxx::work held(holder);
    held.exec("LOCK TABLE a");
    const auto before = Clock::now();
    expect_error(ErrorCode::migration, "V1__x.sql:2: canceling statement due to lock timeout (55P03)",
                 [&] { apply_texts({"CREATE TABLE b();\nALTER TABLE a ADD c int;"}); });
    const auto took = Clock::now() - before;
    EXPECT_GE(took, 600ms); // two attempts of 300 ms
    EXPECT_LE(took, 60s);
    EXPECT_FALSE(exists("b"));
}

TEST_F(Apply, ALockGrantedInTimeIsTakenByALaterAttempt) {
    sql("CREATE TABLE a(id int)");
    pqxx::connection holder(dsn().conninfo());
    auto held = std::make_unique<pqxx::work>(holder);
    held->exec("LOCK TABLE a");
    options_.attempts = 20;
    std::thread release([&] {
        std::this_thread::sleep_for(500ms);
        held.reset();
    });
    EXPECT_EQ(apply_texts({"ALTER TABLE a ADD c int;"}).size(), 1U);
    release.join();
}

TEST_F(Apply, OneAtATime) {
    pqxx::connection other(dsn().conninfo());
    pqxx::nontransaction(other).exec("SELECT pg_advisory_lock(1885828197, 1)");
    expect_error(ErrorCode::busy,
                 "another pgteal is applying migrations on green (pid " + std::to_string(other.backendpid()),
                 [&] { apply_texts({"SELECT 1"}); });
    pqxx::nontransaction(other).exec("SELECT pg_advisory_unlock_all()");
    EXPECT_EQ(apply_texts({"SELECT 1"}).size(), 1U);
}

TEST_F(Apply, AKilledBackendLeavesNothing) {
    std::optional<Error> error;
    std::thread work(
        [&] { error = error_of([&] { apply_texts({"CREATE TABLE a(id int);\nSELECT pg_sleep(60);"}); }); });
    end_worker_when("wait_event = 'PgSleep'");
    work.join();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::connection_lost);
    EXPECT_THAT(error->what(), HasSubstr("V1__x.sql:2: the connection broke"));
    EXPECT_THAT(error->hint(), HasSubstr("Nothing of this file remains"));
    EXPECT_FALSE(exists("a"));
    EXPECT_EQ(rows(), "");
}

TEST_F(Apply, StopsBetweenFilesWhenItsLockIsGone) {
    std::optional<Error> error;
    std::thread work([&] {
        error = error_of([&] {
            apply_texts({"CREATE TABLE a(id int); SELECT pg_sleep(0.5);", "CREATE TABLE b(id int);"});
        });
    });
    EXPECT_TRUE(comes_true("EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND "
                           "wait_event = 'PgSleep')"));
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'pgteal migrate'");
    work.join();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::connection_lost) << error->what();
    EXPECT_FALSE(exists("b"));
    EXPECT_EQ(rows(), "1 applied 2");
}

TEST_F(Apply, ACommitThatBrokeAndDidNotTakeEffect) {
    sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN "
        "NULL; END'");
    std::optional<Error> error;
    std::thread work([&] {
        error = error_of([&] {
            apply_texts({"CREATE TABLE a(id int); CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE "
                         "INITIALLY DEFERRED "
                         "FOR EACH ROW EXECUTE FUNCTION slow(); INSERT INTO a VALUES (1);"});
        });
    });
    end_worker_when("wait_event = 'PgSleep'");
    work.join();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::connection_lost);
    EXPECT_THAT(error->what(), HasSubstr("V1__x.sql: at COMMIT"));
    EXPECT_FALSE(exists("a"));
    EXPECT_EQ(rows(), "");
}

TEST_F(Apply, ACommitThatBrokeAndTookEffectIsFound) {
    apply_texts({"SELECT 1"});
    // COMMIT waits for a standby that doesn't exist: by then the transaction is committed on this server.
    maintenance("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    maintenance("SELECT pg_reload_conf()");
    std::vector<Applied> done;
    std::optional<Error> error;
    std::thread work([&] {
        error = error_of([&] { done = apply_texts({"SELECT 1", "CREATE TABLE a(id int);"}); });
    });
    end_worker_when("wait_event = 'SyncRep' AND query ILIKE 'commit%'");
    work.join();
    maintenance("ALTER SYSTEM RESET synchronous_standby_names");
    maintenance("SELECT pg_reload_conf()");
    EXPECT_FALSE(error) << error->what();
    EXPECT_EQ(done.size(), 1U);
    EXPECT_TRUE(exists("a"));
    EXPECT_EQ(rows(), "1 applied 1, 2 applied 1");
}

TEST_F(Apply, MissingPrivileges) {
    sql("CREATE ROLE " + database_ + "_nobody");
    expect_error(ErrorCode::migration, "V1__x.sql:2: permission denied for schema public (42501)",
                 [&] { apply_texts({"SET ROLE " + database_ + "_nobody;\nCREATE TABLE a();"}); });
}

TEST_F(Apply, AnUnreachableServer) {
    expect_error(ErrorCode::unreachable, "green (127.0.0.1:1) can't be reached",
                 [&] { history(dsn().with("host", "127.0.0.1").with("port", "1")); });
}

} // namespace
} // namespace pgteal::migration
