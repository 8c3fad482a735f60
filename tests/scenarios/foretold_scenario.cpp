// What rows meet on the other side only later: in the copy, in apply, or when clients are there. check says
// it before, and what it says can be typed.
#include <gmock/gmock.h>

#include "tests/scenarios/typist.hpp"

namespace pgteal::support {

using testing::HasSubstr;

namespace {

void plant(Scenario& scenario) {
    auto& lab = scenario.lab();
    script(lab, "blue", "app", R"(
        CREATE EXTENSION citext;
        CREATE TABLE public.skipped (id int PRIMARY KEY, v text);
        CREATE FUNCTION public.skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER skip BEFORE UPDATE ON public.skipped FOR EACH ROW EXECUTE FUNCTION public.skip();
        ALTER TABLE public.skipped ENABLE REPLICA TRIGGER skip;
        CREATE FUNCTION public.is_abc(c public.citext) RETURNS bool LANGUAGE plpgsql IMMUTABLE
          AS 'BEGIN RETURN c = ''ABC''; END';
        CREATE TABLE public.named (id int PRIMARY KEY, c public.citext);
        CREATE INDEX abc ON public.named (id) WHERE public.is_abc(c);
        CREATE DOMAIN public.small AS int;
        CREATE TABLE public.domained (id int PRIMARY KEY, s public.small, other int);
        INSERT INTO public.domained VALUES (1, 5, 1);
        ALTER DOMAIN public.small ADD CONSTRAINT low CHECK (VALUE < 100) NOT VALID;
        CREATE FUNCTION public.fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
        REVOKE EXECUTE ON FUNCTION public.fine(int) FROM PUBLIC;
        CREATE ROLE holder;
        CREATE TABLE public.held (id int PRIMARY KEY CHECK (public.fine(id)));
        ALTER TABLE public.held OWNER TO holder;
        CREATE TABLE public.offers (id int PRIMARY KEY, until timestamptz CONSTRAINT ahead CHECK (until > now()));
        CREATE TABLE public.joined (id int PRIMARY KEY, a text, CONSTRAINT textual CHECK (a || id <> ''));
        CREATE TABLE public.keyed (a int, k int GENERATED ALWAYS AS (a + 1) STORED PRIMARY KEY);
        CREATE FUNCTION public.in_backup() RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN pg_is_in_backup(); END';
        CREATE FUNCTION public.forced() RETURNS void LANGUAGE plpgsql
          AS 'BEGIN SET LOCAL force_parallel_mode = off; END';
        CREATE FUNCTION public.tight(n int) RETURNS int LANGUAGE plpgsql
          AS 'BEGIN IF n=1THEN RETURN 1; END IF; RETURN 0; END';
        CREATE TYPE public.span AS (at interval, what text);
        CREATE TABLE public.spans (id int PRIMARY KEY, s public.span, plain name);
        CREATE TABLE public.days (id int, day int) PARTITION BY LIST (day);
        CREATE TABLE public.days_1 PARTITION OF public.days FOR VALUES IN (1);
        CREATE MATERIALIZED VIEW public.counts AS SELECT 1 AS id;
        CREATE UNIQUE INDEX counts_id ON public.counts (id))");
    script(lab, "green", "postgres", "ALTER SYSTEM SET session_replication_role = 'replica'");
    script(lab, "green", "postgres", "ALTER SYSTEM SET full_page_writes = off");
    script(lab, "green", "postgres", "SELECT pg_reload_conf()");
}

/// The finding on an object; empty texts when there is none.
Found on(const std::vector<Found>& findings, const std::string& check, const std::string& object) {
    for (const auto& one : findings) {
        if (one.check == check && one.object.find(object) != std::string::npos) {
            return one;
        }
    }
    return {};
}

} // namespace

TEST(Foretold, what_rows_and_clients_would_meet_later_and_its_advice_mends_it) {
    Scenario scenario({"--blue", "14", "--green", "17"});
    plant(scenario);
    int exit_code = 0;
    auto findings = findings_of(scenario, &exit_code);
    EXPECT_EQ(exit_code, 3);
    struct Expected {
        std::string check, object, level, fix;
    };
    for (const auto& [check, object, level, fix] : std::vector<Expected>{
             {"triggers", "public.skipped", "error", "ENABLE TRIGGER skip"},
             {"function-names", "is_abc", "error", "SET search_path = \"public\", pg_temp"},
             {"copyable", "small", "error", "VALIDATE CONSTRAINT low"},
             {"owner-privileges", "public.held", "error", "GRANT EXECUTE ON FUNCTION"},
             {"reads-tables", "public.offers", "error", "DROP CONSTRAINT \"ahead\""},
             {"replica-identity", "public.keyed", "error", "ALTER COLUMN k DROP EXPRESSION"},
             {"replica-identity", "public.days_1", "error", "REPLICA IDENTITY FULL"},
             {"trial-restore", "tight", "error", "on blue"},
             {"newer-names", "in_backup", "warning", "on blue"},
             {"newer-names", "forced", "warning", "on blue"},
             {"newer-values", "app", "info", "until the run is finished"},
             {"session-settings", "app", "warning", "session_replication_role"},
             {"session-settings", "server", "warning", "ALTER SYSTEM SET \"full_page_writes\""}}) {
        const auto found = on(findings, check, object);
        EXPECT_EQ(found.level, level) << check << " " << object;
        EXPECT_THAT(found.fix, HasSubstr(fix)) << check << " " << object;
    }
    // What only puts text together changes with nothing.
    EXPECT_EQ(on(findings, "reads-tables", "public.joined").level, "");

    Typist typist(scenario);
    for (int round = 0; round < 3 && exit_code != 0; ++round) {
        for (const auto& one : findings) {
            if (one.level == "error" || one.check == "session-settings") {
                typist.type(one);
            }
        }
        // "change or drop it", and a key of its own for what it is applied by.
        script(scenario.lab(), "blue", "app", "DROP FUNCTION IF EXISTS public.tight(int)");
        findings = findings_of(scenario, &exit_code);
    }
    ASSERT_EQ(exit_code, 0);
    EXPECT_EQ(on(findings, "session-settings", "").level, "");

    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    const std::string refresh = "REFRESH MATERIALIZED VIEW CONCURRENTLY public.counts";
    script(scenario.lab(), "blue", "app", refresh);
    script(scenario.lab(), "blue", "app", "INSERT INTO public.named VALUES (1, 'abc')");
    script(scenario.lab(), "blue", "app", "INSERT INTO public.held VALUES (1)");
    script(scenario.lab(), "blue", "app", "UPDATE public.domained SET other = 2");
    const auto moved = scenario.pgteal({"cutover"});
    ASSERT_EQ(moved.exit_code, 0) << moved;
    script(scenario.lab(), "green", "app", refresh);
    EXPECT_EQ(scenario.value("green", "app", "SELECT count(*) FROM public.named WHERE public.is_abc(c)"),
              "1");
    EXPECT_EQ(scenario.value("green", "app", "SHOW session_replication_role"), "origin");
    const auto compared = scenario.pgteal({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
}

// It can't be filled on either side: whoever reads status must not learn it from the gate.
TEST(Foretold, a_view_that_could_not_be_filled_is_told_by_status_too) {
    Scenario scenario({"--blue", "15", "--green", "17"});
    script(scenario.lab(), "blue", "app", "CREATE TABLE public.n (id int PRIMARY KEY, d int)");
    script(scenario.lab(), "blue", "app", "INSERT INTO public.n VALUES (1, 1)");
    script(scenario.lab(), "blue", "app",
           "CREATE MATERIALIZED VIEW public.tenths AS SELECT 10 / d AS tenth FROM public.n");
    script(scenario.lab(), "blue", "app", "UPDATE public.n SET d = 0");
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    const auto status = scenario.pgteal({"status"});
    EXPECT_THAT(status.out, HasSubstr("a cutover would be refused: ")) << status;
    EXPECT_THAT(status.out, HasSubstr("tenths")) << status;
    const auto refused = scenario.pgteal({"cutover"});
    EXPECT_EQ(refused.exit_code, 3) << refused;
    script(scenario.lab(), "blue", "app", "UPDATE public.n SET d = 5");
    run_here([&] {
        return send_each(scenario.lab().dsn("green").with_database("app"),
                         {"SET default_transaction_read_only = off",
                          "DO $$ BEGIN FOR i IN 1..100 LOOP EXIT WHEN (SELECT d FROM public.n) = 5; PERFORM "
                          "pg_catalog.pg_sleep(0.1); END LOOP; END $$",
                          "REFRESH MATERIALIZED VIEW public.tenths"});
    });
    EXPECT_THAT(scenario.pgteal({"status"}).out, HasSubstr("In step.   pgteal cutover"));
    EXPECT_EQ(scenario.pgteal({"cutover"}).exit_code, 0);
}

} // namespace pgteal::support
