// What may be in a transaction and what may be run again; and the server's words.
#include "migration/files/kind.hpp"

#include "migration/apply/server_message.hpp"
#include "tests/migration/refused.hpp"

namespace pgteal::migration {
namespace {

TEST(Kind, WhatPostgresRefusesInATransaction) {
    for (const auto* sql : {"CREATE INDEX CONCURRENTLY i ON t(a)",
                            "create unique index concurrently if not exists i on s.t(a)",
                            "CREATE INDEX CONCURRENTLY ON t(a)",
                            "CREATE /* x */ INDEX -- y\n CONCURRENTLY i ON t(a)",
                            "DROP INDEX CONCURRENTLY i",
                            "REINDEX INDEX CONCURRENTLY i",
                            "REINDEX (CONCURRENTLY) TABLE t",
                            "REINDEX (VERBOSE, CONCURRENTLY true) TABLE t",
                            "REINDEX DATABASE d",
                            "REINDEX (VERBOSE) SCHEMA s",
                            "VACUUM",
                            "VACUUM (FULL) t",
                            "CREATE DATABASE d",
                            "DROP DATABASE IF EXISTS d",
                            "CREATE TABLESPACE s LOCATION '/x'",
                            "DROP TABLESPACE s",
                            "ALTER SYSTEM SET work_mem = '1MB'",
                            "CLUSTER",
                            "CLUSTER VERBOSE",
                            "ALTER DATABASE d SET TABLESPACE s",
                            "ALTER TABLE p DETACH PARTITION q CONCURRENTLY",
                            "DISCARD ALL",
                            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
                            "DROP SUBSCRIPTION s",
                            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = true)",
                            "ALTER SUBSCRIPTION s REFRESH PUBLICATION"}) {
        EXPECT_FALSE(kind_of(sql).transactional) << sql;
    }
}

TEST(Kind, WhatLooksLikeItButMay) {
    for (const auto* sql :
         {"CREATE INDEX i ON t(a)",
          "CREATE INDEX \"CONCURRENTLY\" ON t(a)",
          "DROP INDEX i",
          "DROP INDEX \"concurrently\"",
          "REINDEX TABLE t",
          "REINDEX (CONCURRENTLY off) TABLE t",
          "REINDEX TABLE \"CONCURRENTLY\"",
          "ANALYZE t",
          "CLUSTER t",
          "CLUSTER t USING i",
          "ALTER TABLE p DETACH PARTITION q",
          "ALTER TABLE p DETACH PARTITION q FINALIZE",
          "ALTER DATABASE d SET work_mem = '1MB'",
          "DISCARD PLANS",
          "ALTER TYPE e ADD VALUE 'x'",
          "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
          "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false, slot_name = 'x')",
          "ALTER SUBSCRIPTION s DISABLE",
          "COMMENT ON TABLE t IS 'CREATE INDEX CONCURRENTLY'",
          "CREATE TABLE vacuum_log()"}) {
        EXPECT_TRUE(kind_of(sql).transactional) << sql;
    }
}

TEST(Kind, KnowsTheIndexThatIsBuilt) {
    const auto build =
        kind_of("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"My.Idx\" ON ONLY app.\"T\" (a)").index;
    ASSERT_TRUE(build);
    EXPECT_EQ(build->index, "\"My.Idx\"");
    EXPECT_EQ(build->table, "APP.\"T\""); // folded by the server, as anything unquoted
    EXPECT_FALSE(kind_of("CREATE INDEX CONCURRENTLY ON t(a)").index);
    EXPECT_FALSE(kind_of("CREATE INDEX i ON t(a)").index);
    EXPECT_EQ(kind_of("CREATE UNIQUE INDEX CONCURRENTLY ON s.t(a)").unnamed_on, "S.T");
    EXPECT_EQ(kind_of("CREATE INDEX CONCURRENTLY i ON t(a)").unnamed_on, "");
}

TEST(Kind, KnowsWhatIsRebuilt) {
    const auto rebuild = [](const std::string& sql) {
        const auto found = kind_of(sql).rebuild;
        return found ? found->object + " " + found->name : "none";
    };
    EXPECT_EQ(rebuild("REINDEX INDEX CONCURRENTLY s.\"I\""), "INDEX S.\"I\"");
    EXPECT_EQ(rebuild("REINDEX (CONCURRENTLY, VERBOSE) TABLE t"), "TABLE T");
    EXPECT_EQ(rebuild("REINDEX (VERBOSE) SCHEMA CONCURRENTLY s"), "SCHEMA S");
    EXPECT_EQ(rebuild("REINDEX DATABASE CONCURRENTLY"), "DATABASE ");
    EXPECT_EQ(rebuild("REINDEX TABLE t"), "none");
}

TEST(Kind, WhatMayRunTwice) {
    for (const auto* sql :
         {"VACUUM t", "ANALYZE", "REINDEX TABLE CONCURRENTLY t", "SET search_path = app", "RESET ROLE",
          "SELECT pg_catalog.set_config('search_path', '', false)", "SELECT set_config('a.b', 'c', true)",
          "DROP INDEX CONCURRENTLY IF EXISTS i", "ALTER SYSTEM SET work_mem = '1MB'"}) {
        EXPECT_TRUE(kind_of(sql).repeatable) << sql;
    }
    for (const auto* sql :
         {"INSERT INTO t VALUES (1)", "DROP INDEX CONCURRENTLY i", "CALL p()", "CREATE DATABASE d",
          "UPDATE t SET n = n + 1", "SELECT set_config('a.b', n, false) FROM t", "SELECT f()"}) {
        EXPECT_FALSE(kind_of(sql).repeatable) << sql;
    }
}

TEST(ServerMessage, IsReadFromLibpqsText) {
    const auto read =
        read_server_message("ERROR:  column \"foo\" does not exist\nLINE 3:   foo int,\n          ^\n"
                            "DETAIL:  first\nsecond\nHINT:  try bar\nCONTEXT:  SQL function \"f\"\n",
                            "42703");
    EXPECT_EQ(read.message, "column \"foo\" does not exist");
    EXPECT_EQ(read.detail, "first second try bar");
    EXPECT_EQ(read.line, 3);
}

TEST(ServerMessage, TakesAnythingElseAsOneLine) {
    const auto raised = read_server_message(
        "ERROR:  two\nlines: here\nCONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE\n");
    EXPECT_EQ(raised.message, "two lines: here");
    EXPECT_EQ(raised.line, 0);
    EXPECT_EQ(
        read_server_message("server closed the connection unexpectedly\n\tThis probably means\n").message,
        "server closed the connection unexpectedly This probably means");
    EXPECT_LE(read_server_message("ERROR:  " + std::string(100'000, 'x')).message.size(), 600U);
    EXPECT_EQ(read_server_message("").message, "");
}

} // namespace
} // namespace pgteal::migration
