#include "migration/rehearse/server_wide.hpp"

#include <gmock/gmock.h>

#include "migration/rehearse/beyond_undo.hpp"
#include "migration/rehearse/scratch.hpp"

namespace pgteal::migration::rehearse {
namespace {

using What = ServerWide::What;
using testing::ElementsAre;

TEST(ServerWide, NotWhatEndsWithTheDatabase) {
    for (const auto* text :
         {"CREATE TABLE role(id int)", "ALTER TABLE t OWNER TO app", "GRANT SELECT ON t TO app",
          "REVOKE ALL ON SCHEMA s FROM app", "CREATE USER MAPPING FOR app SERVER s",
          "ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO b", "COMMENT ON TABLE t IS 'ROLE'",
          "REINDEX TABLE t", "CREATE EXTENSION x", "SELECT 1", "DROP TABLE database"}) {
        EXPECT_FALSE(server_wide(text)) << text;
    }
}

TEST(ServerWide, NeverDatabasesAndTheServer) {
    for (const auto* text :
         {"CREATE DATABASE x", "ALTER DATABASE app SET search_path = a", "DROP DATABASE x",
          "CREATE TABLESPACE t LOCATION '/x'", "ALTER SYSTEM SET work_mem = 1",
          "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "GRANT CONNECT ON DATABASE app TO b",
          "COMMENT ON ROLE app IS 'x'", "COMMENT ON DATABASE app IS 'x'", "REINDEX DATABASE app",
          "ALTER ROLE app IN DATABASE app SET search_path = a"}) {
        const auto wide = server_wide(text);
        ASSERT_TRUE(wide) << text;
        EXPECT_EQ(wide->what, What::never) << text;
    }
}

TEST(ServerWide, RolesByName) {
    EXPECT_EQ(server_wide("create role a login")->what, What::creates_roles);
    EXPECT_EQ(server_wide("CREATE USER a")->what, What::creates_roles);
    const auto drop = server_wide("DROP ROLE IF EXISTS Ada, \"B\"\"b\" , c");
    ASSERT_TRUE(drop);
    EXPECT_EQ(drop->what, What::changes_roles);
    EXPECT_TRUE(drop->tolerant);
    EXPECT_THAT(drop->roles, ElementsAre("ada", "B\"b", "c"));
    EXPECT_THAT(server_wide("ALTER ROLE ada SET x = 1")->roles, ElementsAre("ada"));
    EXPECT_THAT(server_wide("GRANT readers, writers TO ada, bob WITH ADMIN OPTION")->roles,
                ElementsAre("ada", "bob"));
    EXPECT_THAT(server_wide("REVOKE readers FROM ada CASCADE")->roles, ElementsAre("ada"));
    EXPECT_THAT(server_wide("REASSIGN OWNED BY ada TO bob")->roles, ElementsAre("ada"));
}

TEST(ServerWide, WhoMayMakeRoles) {
    EXPECT_TRUE(may_make_roles("DO $$ BEGIN END $$"));
    EXPECT_TRUE(may_make_roles("CREATE ROLE a"));
    EXPECT_TRUE(may_make_roles("SELECT f()"));
    EXPECT_FALSE(may_make_roles("CREATE TABLE a()"));
    EXPECT_FALSE(may_make_roles("INSERT INTO a VALUES (1)"));
}

TEST(BeyondUndo, FilesProgramsSlotsAndOrigins) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"COPY (SELECT 1) TO '/tmp/x'", "file"},
        {"COPY (SELECT 'a TO b' FROM t) TO $$/tmp/x$$ WITH (FORMAT csv)", "file"},
        {"copy t to program 'cat'", "program"},
        {"COPY t (a, b) FROM PROGRAM 'curl x'", "program"},
        {"SELECT pg_create_physical_replication_slot('leak_q', true)", "slot"},
        {"(SELECT pg_catalog.pg_drop_replication_slot('x'))", "slot"},
        {"WITH a AS (SELECT \"pg_create_logical_replication_slot\"('x', 'p')) SELECT * FROM a", "slot"},
        {"CREATE TABLE t AS SELECT pg_replication_origin_create('x')", "origin"},
        {"INSERT INTO t SELECT lo_export(1, '/x')", "file"},
        {"EXPLAIN ANALYZE SELECT pg_reload_conf()", "server"},
        {"DO $a$ BEGIN PERFORM pg_terminate_backend(1); END $a$", "sessions"},
        {"DO $$ BEGIN IF true THEN COPY t TO '/tmp/x'; END IF; END $$", "file"},
        {"DO 'BEGIN EXECUTE ''COPY t TO PROGRAM ''''cat''''''; END'", "program"},
        {"CREATE FOREIGN TABLE t (program text) SERVER s OPTIONS (format 'csv', program 'date')", "program"},
        {"ALTER FOREIGN TABLE t OPTIONS (DROP filename, ADD \"program\" $$date$$)", "program"},
        {"DO $$ BEGIN CREATE FOREIGN TABLE t (a text) SERVER s OPTIONS (program 'date'); END $$", "program"},
    };
    for (const auto& [text, word] : cases) {
        EXPECT_THAT(beyond_undo(text), testing::HasSubstr(word)) << text;
    }
}

TEST(BeyondUndo, NotWhatRollsBackOrOnlyNamesIt) {
    for (const auto* text :
         {"COPY t FROM '/tmp/x'", "COPY t TO STDOUT", "COPY (SELECT a FROM t) TO STDOUT", "COPY t FROM STDIN",
          "INSERT INTO t VALUES ('pg_reload_conf()', 'COPY t TO ''x''')", "SELECT copy FROM t",
          "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT pg_reload_conf() $$",
          "COMMENT ON TABLE t IS 'pg_reload_conf()'", "SELECT slot_name FROM pg_replication_slots",
          "DO $$ BEGIN RAISE NOTICE 'copied to %', 'x'; END $$",
          "CREATE FOREIGN TABLE t (program text DEFAULT 'x') SERVER s OPTIONS (filename '/tmp/program')",
          "CREATE TABLE t (program text)", ""}) {
        EXPECT_EQ(beyond_undo(text), "") << text;
    }
}

TEST(ScratchName, IsRecognisedAndFits) {
    const auto name = scratch_name("app-15-to-17");
    EXPECT_TRUE(is_scratch_name(name)) << name;
    EXPECT_TRUE(name.starts_with("pgteal_rehearse_app-15-to-17_")) << name;
    EXPECT_NE(name, scratch_name("app-15-to-17"));
    const auto longest = scratch_name(std::string(200, 'x'));
    EXPECT_EQ(longest.size(), 63U);
    EXPECT_TRUE(is_scratch_name(longest));
    for (const auto* other : {"pgteal_rehearse_", "pgteal_rehearse_mine", "app", "pgteal_rehearse_a_1_xyz"}) {
        EXPECT_FALSE(is_scratch_name(other)) << other;
    }
}

} // namespace
} // namespace pgteal::migration::rehearse
