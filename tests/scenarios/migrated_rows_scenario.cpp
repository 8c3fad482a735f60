// Rows that migrations write on green while blue's clients go on writing: they get values of their own, and a
// comparison knows them.
#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

using testing::HasSubstr;
using testing::Not;

namespace {

class MigratedRows : public testing::Test {
protected:
    Lab& lab() { return scenario_.lab(); }
    std::string ask(const std::string& sql) { return as_client(lab(), "pgb1", "app", sql); }
    void migration(const std::string& name, const std::string& text) {
        write_file(lab().dir() + "/migrations/app/" + name, text);
    }
    support::Run does(const Scenario::Words& words) {
        auto run = scenario_.pgteal(words);
        EXPECT_EQ(run.exit_code, 0) << run;
        return run;
    }
    /// Rows of migrations in that table, when the sides are equal but for them.
    std::int64_t migrated(const std::string& table) {
        const auto run = scenario_.pgteal_json({"compare"});
        EXPECT_EQ(run.exit_code, 0) << run;
        const auto document = run.json();
        EXPECT_TRUE(document.at("equal").as_bool()) << run;
        for (const auto& one : document.at("tables").as_array()) {
            if (one.at("name").as_string() == table) {
                return one.at("migrated_rows").as_int64();
            }
        }
        return -1;
    }
    std::int64_t number(const std::string& text) { return text.empty() ? -1 : std::stoll(text); }

    Scenario scenario_{{"--blue", "15", "--green", "17"}};
};

constexpr std::int64_t ahead = 1'000'000;

} // namespace

TEST_F(MigratedRows, have_values_of_their_own_and_are_told_on_every_way) {
    ask("CREATE TABLE public.country (id serial PRIMARY KEY, name text)");
    ask("CREATE TABLE public.plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)");
    ask("CREATE TABLE public.log (line text)");
    ask("ALTER TABLE public.log REPLICA IDENTITY FULL");
    ask("INSERT INTO public.country (name) SELECT 'old ' || n FROM generate_series(1, 100) n");
    ask("INSERT INTO public.log VALUES ('same'), ('same')");
    migration("V1__countries.sql", "INSERT INTO public.country (name) VALUES ('new one'), ('new two');\n"
                                   "INSERT INTO public.log VALUES ('same'), ('other');\n");
    migration("V2__more.sql", "DO $$ BEGIN\n"
                              "  BEGIN INSERT INTO public.country (name) VALUES ('new three');\n"
                              "  EXCEPTION WHEN unique_violation THEN NULL; END;\nEND $$;\n");
    scenario_.start_workload(4, 60, 4);
    const auto prepared = does({"prepare"});
    EXPECT_THAT(prepared.out,
                HasSubstr("on green only: public.country (3 rows, V1__countries.sql, V2__more.sql), "
                          "public.log (2 rows, V1__countries.sql)"));

    // Blue's clients go on from where they were, far below.
    EXPECT_EQ(ask("INSERT INTO public.country (name) VALUES ('of a client') RETURNING id"), "101");
    const auto first =
        number(scenario_.value("green", "app", "SELECT min(id) FROM public.country WHERE name LIKE 'new%'"));
    EXPECT_GE(first, 100 + ahead);
    EXPECT_EQ(
        scenario_.value("green", "app", "SELECT last_value || ' ' || is_called FROM public.plain_id_seq"),
        "1 false"); // no migration took a value
    EXPECT_EQ(migrated("public.country"), 3);
    EXPECT_EQ(migrated("public.log"), 2);

    // A row that nobody's migration wrote is no migration's, whoever wrote it.
    script(lab(), "green", "app",
           "BEGIN READ WRITE; INSERT INTO public.country (id, name) VALUES (-1, 'planted'); COMMIT");
    const auto damaged = scenario_.pgteal({"compare"});
    EXPECT_EQ(damaged.exit_code, 1) << damaged;
    EXPECT_THAT(damaged.out, HasSubstr("(-1)")) << damaged;
    script(lab(), "green", "app", "BEGIN READ WRITE; DELETE FROM public.country WHERE id = -1; COMMIT");
    EXPECT_EQ(migrated("public.country"), 3);

    does({"cutover"});
    const auto next = number(ask("INSERT INTO public.country (name) VALUES ('on green') RETURNING id"));
    EXPECT_GT(next, first + 2);
    EXPECT_EQ(ask("INSERT INTO public.plain DEFAULT VALUES RETURNING id"), "1");
    ask("UPDATE public.country SET name = 'touched' WHERE name = 'new one'");
    EXPECT_EQ(migrated("public.country"), 3);

    const auto back = does({"switch-back"});
    EXPECT_THAT(back.out,
                HasSubstr("inserted on green by migrations, and never on blue: app: public.country (3 rows"));
    EXPECT_GT(number(ask("INSERT INTO public.country (name) VALUES ('back on blue') RETURNING id")), next);
    EXPECT_EQ(ask("SELECT count(*) FROM public.country WHERE id BETWEEN " + std::to_string(first) + " AND " +
                  std::to_string(first + 2)),
              "0");
    EXPECT_EQ(migrated("public.country"), 3);
    does({"cutover"});
    EXPECT_EQ(ask("SELECT count(*) FROM public.country WHERE name IN ('touched', 'new two', 'new three')"),
              "3");
    workload::Rules rules;
    rules.switches = 3;
    rules.max_errors = 0;
    const auto report = scenario_.check(rules);
    EXPECT_TRUE(report.ok()) << workload::to_text(report);
    does({"finish"});
}

// Blue's next change of such a row would undo the migration's: no comparison may let that pass, nor look for
// a culprit.
TEST_F(MigratedRows, that_were_there_before_are_refused_by_the_migrations_name) {
    ask("CREATE TABLE public.country (id serial PRIMARY KEY, name text)");
    ask("INSERT INTO public.country (name) VALUES ('a'), ('b')");
    migration("V1__caps.sql", "UPDATE public.country SET name = 'A' WHERE id = 1;\n");
    const auto prepared = scenario_.pgteal({"prepare"});
    EXPECT_EQ(prepared.exit_code, 1) << prepared;
    EXPECT_THAT(prepared.err, HasSubstr("changed by migration V1__caps.sql")) << prepared;
    EXPECT_THAT(prepared.err, Not(HasSubstr("who wrote"))) << prepared;
    const auto compared = scenario_.pgteal({"compare"});
    EXPECT_THAT(compared.out, HasSubstr("(1)  by migration V1__caps.sql")) << compared;
    // As the hint says.
    migration("V1__caps.sql",
              "-- pgteal: phase contract\nUPDATE public.country SET name = 'A' WHERE id = 1;\n");
    does({"abort"});
    does({"prepare"});
    EXPECT_EQ(migrated("public.country"), 0);
    does({"abort"});
}

} // namespace pgteal::support
