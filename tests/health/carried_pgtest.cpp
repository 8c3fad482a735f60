// What neither dump nor roles nor lanes bring to the other side is found; each fix is run as it stands.
#include "health/checks/read_facts.hpp"
#include "health/schema/catalogs.hpp"
#include "preflight_run.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Task<Results> check_accepting(std::string name, std::string accept) {
    auto input = input_for({std::move(name)});
    if (!accept.empty()) {
        input.accept.push_back(std::move(accept));
    }
    auto results = co_await run_preflight(std::move(input));
    co_return results;
}

Task<Results> check_database(std::string name) { return check_accepting(std::move(name), ""); }

Task<void> plant(std::string name, std::string sql) {
    std::string create = "CREATE DATABASE " + name + " OWNER app";
    co_await run_sql("blue", "postgres", std::move(create));
    co_await run_sql("blue", std::move(name), std::move(sql));
}

/// Runs the SQL that a fix begins with.
Task<void> apply_fixes(Results results, std::string check, std::string side, std::string database) {
    for (const auto& finding : results.at(check).findings) {
        std::string sql = finding.fix.substr(0, finding.fix.find("  "));
        co_await run_sql(side, database, std::move(sql));
    }
}

CO_TEST(Carried, members_that_the_extensions_script_did_not_make) {
    co_await plant("left_members", R"(
        CREATE EXTENSION citext SCHEMA public;
        CREATE EXTENSION hstore SCHEMA public;)");
    auto results = co_await check_database("left_members");
    EXPECT_THAT(lines(results, "extension-members"), IsEmpty());
    co_await run_sql("blue", "left_members", R"(
        CREATE TABLE public.q (id int PRIMARY KEY);
        CREATE TABLE public.parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE FUNCTION public.send(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE SEQUENCE public.numbers;)");
    const std::vector<std::string> members{"TABLE public.q", "TABLE public.parts",
                                           "FUNCTION public.send(int, text)", "SEQUENCE public.numbers"};
    for (const auto& member : members) {
        std::string add = "ALTER EXTENSION citext ADD " + member;
        co_await run_sql("blue", "left_members", std::move(add));
    }
    results = co_await check_database("left_members");
    EXPECT_THAT(lines(results, "extension-members"),
                ElementsAre("error blue left_members: public.send(integer,pg_catalog.text)",
                            "error blue left_members: public.numbers",
                            "error blue left_members: public.parts", "error blue left_members: public.q"));
    const auto accepted = co_await check_accepting("left_members", "extension-members");
    EXPECT_THAT(errors(accepted), IsEmpty());
    co_await apply_fixes(results, "extension-members", "blue", "left_members");
    results = co_await check_database("left_members");
    EXPECT_THAT(lines(results, "extension-members"), IsEmpty());
    EXPECT_THAT(errors(results), IsEmpty());
}

// In the script's own transaction, and to one that was updated since: no transaction tells them from the
// script's.
CO_TEST(Carried, members_added_by_hand_however_early) {
    co_await plant("left_early", R"(
        CREATE EXTENSION citext SCHEMA public VERSION '1.4';
        CREATE TABLE public.none (id int); ALTER EXTENSION citext ADD TABLE public.none;
        CREATE FUNCTION public.f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION citext ADD FUNCTION public.f(int);
        CREATE VIEW public.v AS SELECT 1 AS n; ALTER EXTENSION citext ADD VIEW public.v;
        CREATE SEQUENCE public.s; ALTER EXTENSION citext ADD SEQUENCE public.s;
        CREATE TYPE public.mood AS ENUM ('good'); ALTER EXTENSION citext ADD TYPE public.mood;)");
    co_await run_sql("blue", "left_early", "ALTER EXTENSION citext UPDATE");
    // Versions that green makes otherwise, or not at all, are no alarm.
    co_await run_sql("blue", "left_early", R"(
        CREATE SCHEMA "Their own"; CREATE EXTENSION pg_stat_statements SCHEMA "Their own"; CREATE EXTENSION hstore SCHEMA public;
        CREATE EXTENSION pg_trgm SCHEMA public; CREATE EXTENSION btree_gist SCHEMA public; CREATE EXTENSION unaccent SCHEMA public;
        CREATE EXTENSION ltree SCHEMA public; CREATE EXTENSION postgres_fdw SCHEMA public; CREATE EXTENSION dblink SCHEMA public;
        CREATE EXTENSION cube SCHEMA public; CREATE EXTENSION earthdistance SCHEMA public; CREATE EXTENSION intarray SCHEMA public;
        CREATE EXTENSION pageinspect SCHEMA public; CREATE EXTENSION tablefunc SCHEMA public; CREATE EXTENSION pg_buffercache SCHEMA public;)");
    auto results = co_await check_database("left_early");
    EXPECT_THAT(lines(results, "extension-members"),
                testing::UnorderedElementsAre(
                    "error blue left_early: public.\"none\"", "error blue left_early: public.f(integer)",
                    "error blue left_early: public.v", "error blue left_early: public.s",
                    "error blue left_early: public.mood"));
    co_await apply_fixes(results, "extension-members", "blue", "left_early");
    results = co_await check_database("left_early");
    EXPECT_THAT(lines(results, "extension-members"), IsEmpty());
    co_await run_sql("blue", "postgres", "DROP DATABASE left_early");
}

CO_TEST(Carried, a_members_rows_are_seen_without_a_query_over_it) {
    co_await run_sql("blue", "postgres", "CREATE ROLE eve");
    co_await plant("left_rows", R"(
        CREATE EXTENSION citext SCHEMA public; CREATE SCHEMA e AUTHORIZATION eve; SET ROLE eve; CREATE TABLE e.q (a int);
        CREATE FUNCTION e.act() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname =
          current_user) THEN ALTER ROLE eve SUPERUSER; END IF; RETURN 1; END $$;
        CREATE FUNCTION e.z() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM e.act(); RETURN 1; END $$;
        CREATE INDEX ON e.q ((a + e.z())); INSERT INTO e.q VALUES (1); RESET ROLE; ALTER EXTENSION citext ADD TABLE e.q;)");
    const auto results = co_await check_database("left_rows");
    EXPECT_THAT(lines(results, "extension-members"), ElementsAre("error blue left_rows: e.q"));
    co_await run_sql("blue", "postgres",
                     "DO $$ BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = 'eve') THEN RAISE 'eve "
                     "is a superuser'; END IF; END $$");
    co_await run_sql("blue", "postgres", "DROP DATABASE left_rows");
    co_await run_sql("blue", "postgres", "DROP ROLE eve");
}

CO_TEST(Carried, the_systems_own_text_search_when_it_was_altered) {
    co_await plant("left_words", "CREATE TABLE public.t (id int PRIMARY KEY)");
    co_await run_sql(
        "blue", "left_words",
        "ALTER TEXT SEARCH CONFIGURATION pg_catalog.english ALTER MAPPING FOR asciiword WITH simple");
    co_await run_sql("blue", "left_words",
                     "ALTER TEXT SEARCH CONFIGURATION pg_catalog.danish DROP MAPPING FOR url");
    co_await run_sql("blue", "left_words", "ALTER TEXT SEARCH DICTIONARY pg_catalog.french_stem (StopWords)");
    auto results = co_await check_database("left_words");
    EXPECT_THAT(lines(results, "system-schemas"), ElementsAre("error blue left_words: pg_catalog.danish",
                                                              "error blue left_words: pg_catalog.english",
                                                              "error blue left_words: pg_catalog.french"));
    results = co_await check_accepting("left_words", "system-schemas");
    EXPECT_THAT(errors(results), IsEmpty());
    co_await run_sql("blue", "postgres", "DROP DATABASE left_words");
}

CO_TEST(Carried, users_objects_in_the_systems_schemas) {
    co_await plant("left_system", R"(
        CREATE FUNCTION pg_catalog.helper(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE information_schema.notes (id int PRIMARY KEY);
        CREATE TYPE information_schema.mood AS ENUM ('good');)");
    auto results = co_await check_database("left_system");
    EXPECT_THAT(lines(results, "system-schemas"),
                ElementsAre("error blue left_system: information_schema.mood",
                            "error blue left_system: information_schema.notes",
                            "error blue left_system: pg_catalog.helper(integer)"));
    co_await apply_fixes(results, "system-schemas", "blue", "left_system");
    results = co_await check_database("left_system");
    EXPECT_THAT(lines(results, "system-schemas"), IsEmpty());
}

// No provider of labels is installed: the rows that one would have written.
CO_TEST(Carried, labels_of_roles_and_databases) {
    const std::string label =
        "SET allow_system_table_mods = on; INSERT INTO pg_catalog.pg_shseclabel SELECT r.oid, "
        "'pg_catalog.pg_authid'::regclass, 'anon', 'MASKED' FROM pg_catalog.pg_roles r WHERE r.rolname = "
        "'masked'";
    co_await plant("left_labels", "CREATE TABLE public.t (id int PRIMARY KEY)");
    co_await run_sql("blue", "postgres", "CREATE ROLE masked");
    co_await run_sql("blue", "postgres", label);
    co_await run_sql("blue", "left_labels",
                     "SET allow_system_table_mods = on; INSERT INTO pg_catalog.pg_shseclabel SELECT d.oid, "
                     "'pg_catalog.pg_database'::regclass, 'anon', 'x' FROM pg_catalog.pg_database d WHERE "
                     "d.datname IN ('left_labels', 'template0'); INSERT INTO pg_catalog.pg_seclabel VALUES "
                     "('public.t'::regclass, 'pg_catalog.pg_class'::regclass, 0, 'anon', 'x')");
    auto results = co_await check_database("left_labels");
    EXPECT_THAT(lines(results, "security-labels"), ElementsAre("error blue left_labels", "error blue masked",
                                                               "warning green left_labels: anon"));
    EXPECT_THAT(results.at("security-labels").findings.at(1).fix,
                HasSubstr("SECURITY LABEL FOR \"anon\" ON ROLE \"masked\" IS 'MASKED';"));
    results = co_await check_accepting("left_labels", "security-labels");
    EXPECT_THAT(errors(results), IsEmpty());
    // As the fix would leave it.
    co_await run_sql("green", "postgres", "CREATE ROLE masked");
    co_await run_sql("green", "postgres", label);
    results = co_await check_database("left_labels");
    EXPECT_THAT(lines(results, "security-labels"),
                ElementsAre("error blue left_labels", "warning green left_labels: anon"));
    for (const std::string side : {"blue", "green"}) {
        co_await run_sql(
            side, "postgres",
            "SET allow_system_table_mods = on; DELETE FROM pg_catalog.pg_shseclabel; DROP ROLE masked");
    }
}

Task<void> expect_known(postgres::Dsn dsn, std::string side) {
    postgres::Server server(side, std::move(dsn));
    const auto identity = co_await server.identity(soon());
    const postgres::Params none;
    const auto rows = co_await server.exec("",
                                           "SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace "
                                           "= 'pg_catalog'::regnamespace AND relkind = 'r'",
                                           none, soon());
    EXPECT_GT(rows.rows(), 60);
    for (int i = 0; i < rows.rows(); ++i) {
        EXPECT_NE(find_catalog(rows.get<std::string>(i, 0)), nullptr)
            << rows.get<std::string>(i, 0) << " of PostgreSQL " << identity.version
            << ": say in health/schema/catalogs.cpp what brings its rows to the other side";
    }
}

struct Content {
    std::string make, kind, take;
};

/// Of each kind that a database may have, where no object of another kind comes with it.
std::vector<Content> contents(const std::string& database) {
    return {{"CREATE TABLE public.x ()", "table", "DROP TABLE public.x"},
            {"CREATE VIEW public.x AS SELECT 1 AS n", "view", "DROP VIEW public.x"},
            {"CREATE SEQUENCE public.x", "sequence", "DROP SEQUENCE public.x"},
            {"CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function",
             "DROP FUNCTION public.x"},
            {"CREATE AGGREGATE public.x(int) (SFUNC = int4pl, STYPE = int)", "aggregate",
             "DROP AGGREGATE public.x(int)"},
            {"CREATE TYPE public.x AS ENUM ('a')", "type", "DROP TYPE public.x"},
            {"CREATE DOMAIN public.x AS int", "type", "DROP DOMAIN public.x"},
            {"CREATE SCHEMA x", "schema", "DROP SCHEMA x"},
            {"CREATE EXTENSION tcn SCHEMA public", "extension", "DROP EXTENSION tcn"},
            {"CREATE PUBLICATION x", "publication", "DROP PUBLICATION x"},
            {"CREATE FOREIGN DATA WRAPPER x", "foreign-data wrapper", "DROP FOREIGN DATA WRAPPER x"},
            {"CREATE COLLATION public.x (locale = 'C')", "collation", "DROP COLLATION public.x"},
            {"CREATE TEXT SEARCH CONFIGURATION public.x (COPY = simple)", "text search configuration",
             "DROP TEXT SEARCH CONFIGURATION public.x"},
            {"CREATE TEXT SEARCH DICTIONARY public.x (TEMPLATE = simple)", "text search dictionary",
             "DROP TEXT SEARCH DICTIONARY public.x"},
            {"CREATE CAST (money AS int) WITH INOUT", "cast", "DROP CAST (money AS int)"},
            {"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "default acl",
             "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC"},
            {"CREATE OPERATOR public.## (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)", "operator",
             "DROP OPERATOR public.## (int, int)"},
            {"CREATE OPERATOR FAMILY public.x USING btree", "operator family",
             "DROP OPERATOR FAMILY public.x USING btree"},
            {"CREATE CONVERSION public.x FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", "conversion",
             "DROP CONVERSION public.x"},
            {"CREATE ACCESS METHOD x TYPE TABLE HANDLER heap_tableam_handler", "access method",
             "DROP ACCESS METHOD x"},
            {"SELECT lo_create(5)", "large object", "SELECT lo_unlink(5)"},
            {"COMMENT ON DATABASE " + database + " IS 'mine'", "comment",
             "COMMENT ON DATABASE " + database + " IS NULL"},
            {"ALTER DATABASE " + database + " SET work_mem = '8MB'", "setting",
             "ALTER DATABASE " + database + " RESET work_mem"},
            {"CREATE ROLE x; ALTER ROLE x IN DATABASE " + database + " SET work_mem = '8MB'", "setting",
             "DROP ROLE x"},
            {"CREATE ROLE x; ALTER DATABASE " + database + " OWNER TO x", "owner",
             "ALTER DATABASE " + database + " OWNER TO CURRENT_USER; DROP ROLE x"}};
}

/// Nothing of users is taken for an empty database, which would be dropped.
Task<void> expect_every_kind(postgres::Dsn dsn, std::string side) {
    const std::string database = "contents";
    postgres::Server server(side, std::move(dsn));
    co_await server.script("", "CREATE DATABASE contents", soon());
    auto found = co_await read_green_database(server, database, soon());
    EXPECT_THAT(found.objects, IsEmpty());
    const auto list = contents(database);
    for (const auto& one : list) {
        std::string make = one.make;
        co_await server.script(database, std::move(make), soon());
        found = co_await read_green_database(server, database, soon());
        EXPECT_EQ(found.objects.empty() ? "" : found.objects.front().kind, one.kind) << one.make;
        std::string take = one.take;
        co_await server.script(database, std::move(take), soon());
    }
    found = co_await read_green_database(server, database, soon());
    EXPECT_THAT(found.objects, IsEmpty());
    // What has no oid belongs to what has one, or is of the whole server.
    const postgres::Params none;
    const auto rows = co_await server.exec("",
                                           "SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") "
                                           "FROM pg_catalog.pg_class c WHERE relnamespace = "
                                           "'pg_catalog'::regnamespace AND relkind = 'r' AND NOT relisshared "
                                           "AND relname NOT IN ('pg_aggregate', 'pg_attribute', "
                                           "'pg_depend', 'pg_description', 'pg_foreign_table', 'pg_index', "
                                           "'pg_inherits', 'pg_init_privs', 'pg_largeobject', "
                                           "'pg_partitioned_table', 'pg_range', 'pg_seclabel', "
                                           "'pg_sequence', 'pg_statistic', 'pg_statistic_ext_data', "
                                           "'pg_subscription_rel', 'pg_ts_config_map') AND NOT EXISTS "
                                           "(SELECT FROM pg_attribute a WHERE a.attrelid = c.oid "
                                           "AND a.attname = 'oid' AND a.attnum > 0)",
                                           none, soon());
    EXPECT_TRUE(rows.is_null(0, 0)) << "how does health/checks/sql/user_objects.sql see " << rows.text(0, 0);
    co_await server.script("", "DROP DATABASE contents WITH (FORCE)", soon());
}

CO_TEST(Carried, every_kind_of_object_fills_a_database) {
    co_await expect_every_kind(support::shared_lab().dsn("green"), "green");
}

CO_TEST(Carried, every_catalog_of_blue_and_green_is_known) {
    co_await expect_known(support::shared_lab().dsn("blue"), "blue");
    co_await expect_known(support::shared_lab().dsn("green"), "green");
}

class Majors : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Majors, have_no_other_catalogs) {
    const auto& [blue, green] = GetParam();
    const support::Lab lab({"--blue", blue, "--green", green, "--scale", "0", "--poolers", "0"});
    for (const auto* side : {"blue", "green"}) {
        run_here([&] { return expect_known(lab.dsn(side), side); });
        run_here([&] { return expect_every_kind(lab.dsn(side), side); });
    }
}

INSTANTIATE_TEST_SUITE_P(Pairs, Majors, testing::Values(std::pair{"13", "18"}, std::pair{"14", "16"}),
                         [](const auto& param) {
                             return std::string(param.param.first) + "_and_" + param.param.second;
                         });

} // namespace
} // namespace pgteal::health
