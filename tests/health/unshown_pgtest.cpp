// What empty tables don't show: each trouble planted on a real server, found, its advice typed, and gone.
#include "preflight_run.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Task<Results> planted(std::string name, std::string sql) {
    std::string create = "CREATE DATABASE " + name + " OWNER app";
    co_await run_sql("blue", "postgres", std::move(create));
    co_await run_sql("blue", name, std::move(sql));
    auto input = input_for({name});
    auto results = co_await run_preflight(std::move(input));
    co_return results;
}

/// Types what the findings of `check` say, and looks again.
Task<Results> mended(std::string name, const Results* before, std::string check) {
    for (const auto& finding : before->at(check).findings) {
        const std::size_t from = finding.fix.starts_with("on blue:  ") ? 10 : 0;
        std::string typed = finding.fix.substr(from, finding.fix.find(';') + 1 - from);
        if (finding.fix.find(';') != std::string::npos) {
            co_await run_sql("blue", name, std::move(typed));
        }
    }
    auto input = input_for({name});
    auto results = co_await run_preflight(std::move(input));
    co_return results;
}

CO_TEST(Unshown, columns_that_hold_what_another_server_reads_in_another_way) {
    const auto results = co_await planted("unshown_values", R"(
        CREATE TABLE public.jobs (id int PRIMARY KEY, what regclass, all_of pg_class[], seen pg_snapshot, at pg_lsn, x xid8, o oid, n int);
        CREATE TABLE public.plain (id int PRIMARY KEY, n name, c "char", t text[], i interval);)");
    EXPECT_THAT(
        lines(results, "server-values"),
        ElementsAre("error blue unshown_values: public.jobs", "warning blue unshown_values: public.jobs",
                    "warning blue unshown_values: public.jobs", "warning blue unshown_values: public.jobs",
                    "warning blue unshown_values: public.jobs", "info blue unshown_values: public.jobs"));
    const auto after = co_await mended("unshown_values", &results, "server-values");
    EXPECT_THAT(lines(after, "server-values"), ElementsAre("warning blue unshown_values: public.jobs",
                                                           "warning blue unshown_values: public.jobs",
                                                           "warning blue unshown_values: public.jobs",
                                                           "info blue unshown_values: public.jobs"));
}

CO_TEST(Unshown, names_that_are_the_newer_majors_own) {
    const auto results = co_await planted("unshown_names", R"(
        CREATE FUNCTION public.random_normal(double precision, double precision) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0::float8';
        CREATE FUNCTION public.any_value(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION public.json_value(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE TABLE public.logins (id int PRIMARY KEY, "system_user" text, json_value text);)");
    EXPECT_THAT(
        lines(results, "newer-names"),
        ElementsAre(
            "warning blue unshown_names: function public.random_normal(double precision,double precision)",
            "warning blue unshown_names: column system_user of public.logins",
            "warning blue unshown_names: function public.json_value(text)"));
    EXPECT_THAT(results.at("newer-names").findings.at(0).message,
                HasSubstr("PostgreSQL 17 has and blue lacks"));
    const auto after = co_await mended("unshown_names", &results, "newer-names");
    EXPECT_THAT(lines(after, "newer-names"), IsEmpty());
}

CO_TEST(Unshown, rows_that_break_their_foreign_key) {
    const auto results = co_await planted("unshown_keys", R"(
        CREATE TABLE public.p (a int, b text, PRIMARY KEY (a, b)); INSERT INTO public.p VALUES (1, 'x');
        CREATE TABLE public.kept (id int PRIMARY KEY, a int, b text, FOREIGN KEY (a, b) REFERENCES public.p);
        INSERT INTO public.kept VALUES (1, 1, 'x'), (2, NULL, 'z');
        CREATE TABLE public.broken (id int PRIMARY KEY, a int, b text, CONSTRAINT "My key" FOREIGN KEY (a, b) REFERENCES public.p);
        CREATE TABLE public.said (id int PRIMARY KEY, a int, b text);
        INSERT INTO public.said VALUES (1, 7, 'x');
        ALTER TABLE public.said ADD FOREIGN KEY (a, b) REFERENCES public.p NOT VALID;
        CREATE TABLE public.whole (id int PRIMARY KEY, a int, b text, FOREIGN KEY (a, b) REFERENCES public.p MATCH FULL);
        INSERT INTO public.whole VALUES (1, NULL, NULL), (2, 1, 'x');
        CREATE TABLE public.half (id int PRIMARY KEY, a int, b text, FOREIGN KEY (a, b) REFERENCES public.p MATCH FULL);
        SET session_replication_role = replica; INSERT INTO public.broken VALUES (1, 2, 'q');
        INSERT INTO public.half VALUES (1, 1, NULL); RESET session_replication_role;)");
    EXPECT_THAT(lines(results, "foreign-keys"), ElementsAre("error blue unshown_keys: public.broken",
                                                            "error blue unshown_keys: public.half"));
    EXPECT_THAT(results.at("foreign-keys").findings.at(0).message, HasSubstr("foreign key \"My key\""));
    const auto after = co_await mended("unshown_keys", &results, "foreign-keys");
    EXPECT_THAT(lines(after, "foreign-keys"), IsEmpty());
}

CO_TEST(Unshown, keys_of_tables_whose_planning_runs_functions_are_left_alone) {
    const auto ran = []() -> Task<std::string> {
        postgres::Server blue("blue", support::shared_lab().dsn("blue"));
        const auto rows = co_await blue.exec("unshown_code", "SELECT last_value FROM public.ran", {}, soon());
        co_return rows.get<std::string>(0, 0);
    };
    auto results = co_await planted("unshown_code", R"(
        CREATE SEQUENCE public.ran;
        CREATE FUNCTION public.sly(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
          'BEGIN PERFORM nextval(''public.ran''); RETURN $1; END';
        CREATE TABLE public.p (a int PRIMARY KEY); INSERT INTO public.p VALUES (1);
        CREATE TABLE public.c (id int PRIMARY KEY, a int REFERENCES public.p); INSERT INTO public.c VALUES (1, 1);
        CREATE INDEX sly ON public.c ((a + public.sly(1)));)");
    const auto before = co_await ran();
    auto input = input_for({"unshown_code"});
    results = co_await run_preflight(std::move(input));
    const auto after_check = co_await ran();
    EXPECT_EQ(after_check, before);
    EXPECT_THAT(lines(results, "foreign-keys"), ElementsAre("info blue unshown_code"));
    // A plain SELECT of a superuser does run it: that is what is kept from happening.
    co_await run_sql("blue", "unshown_code", "SELECT FROM public.c WHERE a = 1");
    const auto after_select = co_await ran();
    EXPECT_NE(after_select, before);
}

} // namespace
} // namespace pgteal::health
