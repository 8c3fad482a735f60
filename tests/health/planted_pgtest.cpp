// Each trouble planted on a real server is found by its check. Every test has a database of its own on blue.
#include "preflight_run.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Task<void> plant_database(std::string name, std::string sql) {
    std::string create = "CREATE DATABASE " + name + " OWNER app";
    co_await run_sql("blue", "postgres", std::move(create));
    co_await run_sql("blue", std::move(name), std::move(sql));
}

Task<Results> check_database(std::string name) {
    auto input = input_for({name});
    auto results = co_await run_preflight(std::move(input));
    co_return results;
}

std::string fix_of(const Results& results, const std::string& check, const std::string& object) {
    for (const auto& finding : results.at(check).findings) {
        if (finding.object == object) {
            return finding.fix;
        }
    }
    return "";
}

CO_TEST(Planted, tables_whose_rows_can_not_be_found_again) {
    co_await plant_database("plant_keys", R"(
        CREATE TABLE public.good (id int PRIMARY KEY);
        CREATE TABLE public.bare (payload json);
        CREATE TABLE public."Odd name" (a int, b text);
        CREATE TABLE public.uid (uid int NOT NULL, maybe int, CONSTRAINT uid_key UNIQUE (uid), CONSTRAINT maybe_key UNIQUE (maybe));
        CREATE TABLE public.late (id int, part int, PRIMARY KEY (id, part) DEFERRABLE);
        CREATE TABLE public.hidden (id int PRIMARY KEY);
        ALTER TABLE public.hidden REPLICA IDENTITY NOTHING;
        CREATE TABLE public.whole (id int);
        ALTER TABLE public.whole REPLICA IDENTITY FULL;
        CREATE TYPE public.pair AS (a int, b json);
        CREATE DOMAIN public.pairs AS public.pair[];
        CREATE TABLE public.nested (id int, p public.pairs, h "char", v varchar(3), n name, o numeric[]);
        ALTER TABLE public.nested REPLICA IDENTITY FULL;
        CREATE TABLE public.broken (j json);
        ALTER TABLE public.broken REPLICA IDENTITY FULL;
        CREATE TABLE public.parts (id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE public.part_1 PARTITION OF public.parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE TEMP TABLE gone (id int);)");
    const auto results = co_await check_database("plant_keys");
    EXPECT_THAT(lines(results, "replica-identity"),
                ElementsAre("error blue plant_keys: public.\"Odd name\"",
                            "error blue plant_keys: public.bare", "error blue plant_keys: public.broken",
                            "error blue plant_keys: public.hidden", "error blue plant_keys: public.late",
                            "error blue plant_keys: public.nested", "error blue plant_keys: public.part_1",
                            "error blue plant_keys: public.uid", "warning blue plant_keys: public.whole"));
    const std::vector<std::string> tables{"public.hidden", "public.uid", "public.late", "public.\"Odd name\"",
                                          "public.part_1"};
    for (const auto& table : tables) {
        // Fixes are SQL: those without a choice in them are run as they stand.
        auto fix = fix_of(results, "replica-identity", "plant_keys: " + table);
        fix = fix.substr(0, fix.find("  -- or, "));
        for (auto end = fix.find(";"); end != std::string::npos; end = fix.find(";")) {
            std::string statement = fix.substr(0, end + 1);
            fix.erase(0, end + 1);
            co_await run_sql("blue", "plant_keys", std::move(statement));
        }
    }
    const auto mended = co_await check_database("plant_keys");
    EXPECT_THAT(
        lines(mended, "replica-identity"),
        ElementsAre("error blue plant_keys: public.bare", "error blue plant_keys: public.broken",
                    "error blue plant_keys: public.nested", "warning blue plant_keys: public.\"Odd name\"",
                    "warning blue plant_keys: public.part_1", "warning blue plant_keys: public.whole"));
}

CO_TEST(Planted, what_replication_leaves_out) {
    co_await plant_database("plant_left_out", R"(
        CREATE UNLOGGED TABLE public.cache (id int PRIMARY KEY);
        CREATE TABLE public.scans (id int PRIMARY KEY, image oid);
        INSERT INTO public.scans VALUES (1, lo_create(0)), (2, lo_create(0));
        CREATE MATERIALIZED VIEW public.totals AS SELECT count(*) FROM public.scans;
        CREATE PUBLICATION everything FOR ALL TABLES;)");
    auto results = co_await check_database("plant_left_out");
    EXPECT_THAT(lines(results, "unlogged-tables"), ElementsAre("error blue plant_left_out: public.cache"));
    EXPECT_THAT(lines(results, "large-objects"), ElementsAre("error blue plant_left_out"));
    EXPECT_THAT(results.at("large-objects").findings.at(0).message,
                HasSubstr("2 large objects in database plant_left_out, perhaps used by public.scans(image)"));
    EXPECT_THAT(lines(results, "materialized-views"), ElementsAre("info blue plant_left_out"));
    EXPECT_THAT(lines(results, "all-tables-publications"), ElementsAre("warning blue plant_left_out"));
    auto input = input_for({"plant_left_out"});
    input.accept = {"unlogged-tables", "large-objects"};
    results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "unlogged-tables"), ElementsAre("warning blue plant_left_out: public.cache"));
    EXPECT_THAT(lines(results, "large-objects"), ElementsAre("warning blue plant_left_out"));
    EXPECT_THAT(errors(results), IsEmpty());
}

CO_TEST(Planted, somebody_subscribes_to_all_tables) {
    co_await plant_database("plant_all_tables", "CREATE PUBLICATION everything FOR ALL TABLES;");
    std::string slot = "SELECT pg_create_logical_replication_slot('theirs', 'pgoutput')";
    co_await run_sql("blue", "plant_all_tables", std::move(slot));
    auto input = input_for({"plant_all_tables"});
    input.subscriber_tables["plant_all_tables"] = "CREATE TABLE what_it_needs ();";
    const auto refused = co_await run_preflight(input);
    input.accept = {"all-tables-publications"};
    const auto accepted = co_await run_preflight(input);
    std::string drop = "SELECT pg_drop_replication_slot('theirs')";
    co_await run_sql("blue", "plant_all_tables", std::move(drop));
    EXPECT_THAT(lines(refused, "all-tables-publications"), ElementsAre("error blue plant_all_tables"));
    EXPECT_THAT(refused.at("all-tables-publications").findings.at(0).fix,
                HasSubstr("CREATE TABLE what_it_needs ();"));
    EXPECT_THAT(lines(accepted, "all-tables-publications"), ElementsAre("warning blue plant_all_tables"));
}

CO_TEST(Planted, clients_writes_that_change_the_schema) {
    co_await plant_database("plant_changers", R"(
        CREATE EXTENSION pg_stat_statements SCHEMA public;
        CREATE TABLE public.events (id bigint, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE public.inbox (id bigint PRIMARY KEY, at date);
        CREATE FUNCTION public.mk(d date) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION
            OF public.events FOR VALUES FROM (%L) TO (%L)', 'events_' || d, d, d + 1); END $f$;
        CREATE FUNCTION public.on_inbox() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM public.mk (new.at); INSERT INTO public.events VALUES (new.id, new.at); RETURN NULL; END';
        CREATE TRIGGER route BEFORE INSERT ON public.inbox FOR EACH ROW EXECUTE FUNCTION public.on_inbox();
        CREATE FUNCTION public."Odd (Name"() RETURNS int LANGUAGE plpgsql AS
          $f$ BEGIN EXECUTE 'alter  table public.inbox add column if not exists c int'; RETURN 1; END $f$;
        CREATE TABLE public.stamped (id int PRIMARY KEY DEFAULT public."Odd (Name"());
        CREATE FUNCTION public.check_it(int) RETURNS boolean LANGUAGE plpgsql AS
          'BEGIN DROP INDEX IF EXISTS public.nonesuch; RETURN true; END';
        ALTER TABLE public.stamped ADD CHECK (public.check_it(id));
        CREATE PROCEDURE public.rotate() LANGUAGE plpgsql AS
          'BEGIN ALTER TABLE public.events DETACH PARTITION public.old CONCURRENTLY; END';
        CREATE FUNCTION public.idle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN CREATE TABLE x (); RETURN new; END';
        CREATE TRIGGER off BEFORE INSERT ON public.inbox FOR EACH ROW EXECUTE FUNCTION public.idle();
        ALTER TABLE public.inbox DISABLE TRIGGER off;
        CREATE FUNCTION public.scratch() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN CREATE TEMP TABLE w (id int); CREATE INDEX ON w (id); DROP TABLE w; RETURN new; END';
        CREATE TRIGGER scratch BEFORE UPDATE ON public.inbox FOR EACH ROW EXECUTE FUNCTION public.scratch();
        CREATE FUNCTION public.only_says() RETURNS trigger LANGUAGE plpgsql AS
          $f$ BEGIN -- create table x
          /* alter table
             y */ RETURN new; END $f$;
        CREATE TRIGGER says BEFORE UPDATE ON public.inbox FOR EACH ROW EXECUTE FUNCTION public.only_says();)");
    auto input = input_for({"plant_changers"});
    auto results = co_await run_preflight(input);
    EXPECT_THAT(
        lines(results, "schema-changes"),
        ElementsAre(
            "error blue plant_changers: public.on_inbox", "error blue plant_changers: public.\"Odd (Name\"",
            "error blue plant_changers: public.check_it", "warning blue plant_changers: public.mk",
            "warning blue plant_changers: public.rotate", "warning blue plant_changers: public.idle"));
    EXPECT_THAT(
        results.at("schema-changes").findings.at(0).message,
        HasSubstr("public.mk), and triggers, defaults, rules, checks or policies of public.inbox run it"));
    input.accept = {"schema-changes"};
    results = co_await run_preflight(input);
    EXPECT_THAT(errors(results), IsEmpty());
}

CO_TEST(Planted, somebody_elses_schema_pgteal) {
    co_await plant_database("plant_own", "CREATE SCHEMA pgteal AUTHORIZATION app;");
    auto results = co_await check_database("plant_own");
    EXPECT_THAT(lines(results, "own-schema"), ElementsAre("error blue plant_own: pgteal"));
    auto fix = results.at("own-schema").findings.at(0).fix;
    co_await run_sql("blue", "plant_own", std::move(fix));
    results = co_await check_database("plant_own");
    EXPECT_THAT(lines(results, "own-schema"), IsEmpty());
}

CO_TEST(Planted, triggers_sequences_and_event_triggers) {
    co_await plant_database("plant_triggers", R"(
        CREATE TABLE public.orders (id int PRIMARY KEY);
        CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER plain BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.noop();
        CREATE TRIGGER audit AFTER INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.noop();
        ALTER TABLE public.orders ENABLE ALWAYS TRIGGER audit;
        CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER guard ON ddl_command_end EXECUTE FUNCTION public.on_ddl();
        CREATE SEQUENCE public.fresh AS smallint;
        CREATE SEQUENCE public.tired AS smallint START 32000;
        CREATE SEQUENCE public.down AS smallint INCREMENT -1 MINVALUE -1000 MAXVALUE 0 START -990;
        CREATE SEQUENCE public.round AS smallint START 32000 CYCLE;
        SELECT nextval('public.tired'), nextval('public.round'), nextval('public.fresh'), nextval('public.down');)");
    const auto results = co_await check_database("plant_triggers");
    EXPECT_THAT(lines(results, "triggers"), ElementsAre("warning blue plant_triggers: public.orders"));
    EXPECT_THAT(lines(results, "sequences"), ElementsAre("warning blue plant_triggers: public.down",
                                                         "warning blue plant_triggers: public.tired"));
    EXPECT_THAT(results.at("sequences").findings.at(1).message, HasSubstr("has 767 numbers left"));
    EXPECT_THAT(lines(results, "event-triggers"), ElementsAre("info blue plant_triggers"));
    EXPECT_THAT(errors(results), IsEmpty());
}

CO_TEST(Planted, extensions_and_tablespaces_that_green_lacks) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    auto session = co_await blue.session("", soon());
    co_await session->exec("SET allow_in_place_tablespaces = on", soon());
    co_await session->exec("CREATE TABLESPACE fast LOCATION ''", soon());
    // adminpack went away with PostgreSQL 17.
    co_await plant_database("plant_extensions", R"(
        CREATE EXTENSION adminpack SCHEMA pg_catalog;
        CREATE EXTENSION pgcrypto SCHEMA public;
        CREATE TABLE public.quick (id int PRIMARY KEY) TABLESPACE fast;)");
    const auto results = co_await check_database("plant_extensions");
    EXPECT_THAT(lines(results, "extensions"), ElementsAre("error green plant_extensions: adminpack"));
    EXPECT_THAT(lines(results, "tablespaces"), ElementsAre("error green plant_extensions: fast"));
    EXPECT_EQ(results.at("tablespaces").findings.at(0).fix,
              "on green:  SET allow_in_place_tablespaces = on;  CREATE TABLESPACE \"fast\" LOCATION '';");
    co_await run_sql("blue", "postgres", "DROP DATABASE plant_extensions");
    co_await run_sql("blue", "postgres", "DROP TABLESPACE fast");
}

CO_TEST(Planted, a_database_whose_settings_name_a_role) {
    co_await run_sql("blue", "postgres", "CREATE ROLE plant_eve");
    co_await plant_database("plant_role", "CREATE TABLE public.t (id int PRIMARY KEY)");
    co_await run_sql("blue", "postgres", "ALTER DATABASE plant_role SET role = 'plant_eve'");
    auto results = co_await check_database("plant_role");
    EXPECT_THAT(lines(results, "lane-settings"), ElementsAre("error blue database plant_role"));
    EXPECT_THAT(results.at("lane-settings").findings.at(0).fix,
                HasSubstr("ALTER DATABASE plant_role RESET role;"));
    co_await run_sql("blue", "postgres", "ALTER DATABASE plant_role RESET role");
    results = co_await check_database("plant_role");
    EXPECT_THAT(errors(results), IsEmpty());
    co_await run_sql("blue", "postgres", "DROP DATABASE plant_role");
    co_await run_sql("blue", "postgres", "DROP ROLE plant_eve");
}

CO_TEST(Planted, a_green_that_is_not_empty) {
    co_await plant_database("plant_green", "CREATE TABLE public.orders (id int PRIMARY KEY)");
    co_await run_sql("green", "postgres", "CREATE DATABASE plant_green");
    auto results = co_await check_database("plant_green");
    EXPECT_THAT(errors(results), IsEmpty()) << "an empty one is no hindrance";
    co_await run_sql("green", "plant_green", "CREATE TYPE public.mood AS ENUM ('good')");
    results = co_await check_database("plant_green");
    EXPECT_THAT(lines(results, "green-empty"), ElementsAre("error green plant_green"));
    EXPECT_THAT(results.at("green-empty").findings.at(0).message, HasSubstr("type public.mood"));
    auto input = input_for({"plant_green"});
    input.run_started = true;
    results = co_await run_preflight(input);
    EXPECT_THAT(errors(results), IsEmpty());
    co_await run_sql("green", "postgres", "DROP DATABASE plant_green");
}

CO_TEST(Planted, who_writes_past_a_fence) {
    co_await plant_database("plant_writers", "CREATE TABLE public.orders (id int PRIMARY KEY)");
    co_await run_sql("blue", "postgres", R"(
        CREATE ROLE stubborn; ALTER ROLE stubborn SET default_transaction_read_only = off;
        CREATE ROLE stubborn_here; ALTER ROLE stubborn_here IN DATABASE plant_writers SET default_transaction_read_only = no;
        CREATE ROLE strict; ALTER ROLE strict SET default_transaction_read_only = on;
        CREATE ROLE elsewhere; ALTER ROLE elsewhere IN DATABASE postgres SET default_transaction_read_only = off;)");
    co_await run_sql("blue", "plant_writers",
                     "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port=1 dbname=x' PUBLICATION p "
                     "WITH (connect = false, slot_name = 'feed')");
    auto results = co_await check_database("plant_writers");
    EXPECT_THAT(lines(results, "role-settings"),
                ElementsAre("error blue role stubborn", "error blue role stubborn_here"));
    EXPECT_EQ(results.at("role-settings").findings.at(1).fix,
              "ALTER ROLE stubborn_here IN DATABASE plant_writers RESET default_transaction_read_only;");
    EXPECT_THAT(lines(results, "other-subscriptions"), ElementsAre("warning blue plant_writers: feed"));
    co_await run_sql("blue", "plant_writers", "ALTER SUBSCRIPTION feed ENABLE");
    results = co_await check_database("plant_writers");
    EXPECT_THAT(lines(results, "other-subscriptions"), ElementsAre("error blue plant_writers: feed"));
    co_await run_sql("blue", "plant_writers", "ALTER SUBSCRIPTION feed DISABLE");
    co_await run_sql("blue", "plant_writers", "ALTER SUBSCRIPTION feed SET (slot_name = NONE)");
    co_await run_sql("blue", "plant_writers", "DROP SUBSCRIPTION feed");
    co_await run_sql("blue", "postgres", R"(
        ALTER ROLE stubborn_here IN DATABASE plant_writers RESET ALL; ALTER ROLE elsewhere IN DATABASE postgres RESET ALL;
        DROP ROLE stubborn; DROP ROLE stubborn_here; DROP ROLE strict; DROP ROLE elsewhere)");
}

CO_TEST(Planted, sessions_that_hold_transactions_open_or_are_superusers) {
    co_await plant_database("plant_sessions", "CREATE TABLE public.orders (id int PRIMARY KEY)");
    auto& lab = support::shared_lab();
    const auto as_client = [&lab](const std::string& side, const std::string& database) {
        return lab.dsn(side).with_database(database).with("application_name", "nightly");
    };
    auto blue_dsn = as_client("blue", "plant_sessions");
    auto green_dsn = as_client("green", "postgres");
    // A client of the name that pgteal has.
    auto namesake_dsn = lab.app_dsn("blue", "plant_sessions").with("application_name", "pgteal");
    auto namesake = co_await postgres::Connection::open(std::move(namesake_dsn), "blue", soon());
    // Another pgteal: of its name, and its login.
    auto sibling_dsn = lab.dsn("blue").with_database("plant_sessions").with("application_name", "pgteal");
    auto sibling = co_await postgres::Connection::open(std::move(sibling_dsn), "blue", soon());
    co_await namesake.exec("BEGIN", soon());
    co_await sibling.exec("BEGIN", soon());
    auto reader = co_await postgres::Connection::open(std::move(blue_dsn), "blue", soon());
    auto writer = co_await postgres::Connection::open(std::move(green_dsn), "green", soon());
    co_await reader.exec("BEGIN", soon());
    co_await reader.exec("SELECT 1", soon());
    co_await writer.exec("BEGIN", soon());
    co_await writer.exec("SELECT pg_current_xact_id()", soon());
    co_await sleep_for(std::chrono::milliseconds(300));
    auto input = input_for({"plant_sessions"});
    input.max_pause = std::chrono::milliseconds(200);
    const auto results = co_await run_preflight(input);
    const std::string object = "plant_sessions: pid " + std::to_string(reader.backend_pid());
    EXPECT_THAT(lines(results, "long-transactions"),
                ElementsAre("warning blue plant_sessions: pid " + std::to_string(namesake.backend_pid()),
                            "warning blue " + object,
                            "warning green postgres: pid " + std::to_string(writer.backend_pid())));
    EXPECT_THAT(lines(results, "superuser-sessions"), ElementsAre("warning blue " + object));
    EXPECT_THAT(results.at("superuser-sessions").findings.at(0).message, HasSubstr("app \"nightly\""));
    EXPECT_THAT(errors(results), IsEmpty());
}

CO_TEST(Planted, slots_of_others_and_of_an_earlier_run) {
    co_await plant_database("plant_slots", "CREATE TABLE public.orders (id int PRIMARY KEY)");
    co_await run_sql("blue", "plant_slots",
                     "SELECT pg_create_logical_replication_slot('debezium', 'pgoutput')");
    co_await run_sql(
        "blue", "plant_slots",
        "SELECT pg_create_logical_replication_slot('pgteal_lab_plant_slots_1_blue', 'pgoutput')");
    auto results = co_await check_database("plant_slots");
    EXPECT_THAT(lines(results, "other-slots"), ElementsAre("warning blue plant_slots: debezium"));
    EXPECT_THAT(lines(results, "leftovers"), ElementsAre("warning blue slot pgteal_lab_plant_slots_1_blue"));
    EXPECT_THAT(results.at("slots").summary, HasSubstr("slots on blue 2 of 20 used"));
    auto input = input_for({"plant_slots"});
    input.lanes = 19;
    results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "slots"), ElementsAre("error blue max_replication_slots"));
    input.run_started = true;
    results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "slots"), IsEmpty());
    EXPECT_THAT(lines(results, "leftovers"), IsEmpty());
    co_await run_sql("blue", "plant_slots",
                     "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = "
                     "'plant_slots'");
}

CO_TEST(Planted, a_database_that_does_not_exist) {
    const auto results = co_await check_database("shop");
    EXPECT_THAT(lines(results, "databases"), ElementsAre("error blue shop"));
    EXPECT_THAT(errors(results).size(), 1U);
}

CO_TEST(Planted, a_database_that_lets_us_not_in_is_one_finding) {
    co_await plant_database("plant_closed", "ALTER DATABASE plant_closed CONNECTION LIMIT 0");
    co_await run_sql("blue", "postgres", "CREATE ROLE limited LOGIN PASSWORD 'limitedword'");
    auto& lab = support::shared_lab();
    const auto limited =
        lab.dsn("blue").with("passfile", "").with("user", "limited").with("password", "limitedword");
    auto input = input_for({"plant_closed"});
    const auto results = co_await run_preflight(limited, lab.dsn("green"), input);
    EXPECT_THAT(lines(results, "readable"), ElementsAre("error blue plant_closed"));
    co_await run_sql("blue", "postgres", "DROP ROLE limited");
}

} // namespace
} // namespace pgteal::health
