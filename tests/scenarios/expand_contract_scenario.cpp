// A release in two phases: expand before the cutover, contract after finish; and the tools that others
// migrate with.
#include "base/program.hpp"
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

constexpr auto patience = std::chrono::seconds(60);

Task<void> run_program(postgres::Program program, int* exit_code) {
    const auto output = co_await postgres::run_program(std::move(program), after(patience));
    *exit_code = output.exit_code;
}

class ExpandContract : public testing::Test {
protected:
    Lab& lab() { return scenario_.lab(); }
    std::string ask(const std::string& sql) { return as_client(lab(), "pgb1", "app", sql); }
    void migration(const std::string& name, const std::string& text) {
        write_file(lab().dir() + "/migrations/app/" + name, text);
    }
    void configure(const std::string& text) {
        write_file(lab().config(), read_file(lab().config()) + "\n" + text);
    }
    void does(const Scenario::Words& words) {
        const auto run = scenario_.pgteal(words);
        ASSERT_EQ(run.exit_code, 0) << run;
    }
    void refused(const Scenario::Words& words, const std::string& why, const std::string& next) {
        const auto run = scenario_.pgteal(words);
        EXPECT_EQ(run.exit_code, 3) << run;
        EXPECT_NE(run.err.find(why), std::string::npos) << "'" << why << "' is not said: " << run;
        EXPECT_NE(run.err.find(next), std::string::npos) << "'" << next << "' is not said: " << run;
    }
    /// "V1__x.sql applied, V2__y.sql pending", and the side that says so.
    std::string states(std::string* side = nullptr) {
        const auto run = scenario_.pgteal_json({"migrate", "status"});
        EXPECT_EQ(run.exit_code, 0) << run;
        const auto document = run.json();
        if (side != nullptr) {
            *side = std::string(document.at("side").as_string());
        }
        std::string text;
        for (const auto& one : document.at("migrations").as_array()) {
            text += (text.empty() ? "" : ", ") + std::string(one.at("script").as_string()) + " " +
                    std::string(one.at("state").as_string());
        }
        return text;
    }
    static void git(Scenario::Words words) {
        postgres::Program program{{"git"}, {}};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        int exit_code = -1;
        run_here([&] { return run_program(program, &exit_code); });
        ASSERT_EQ(exit_code, 0);
    }
    void load_goes_on() { ASSERT_TRUE(scenario_.workload().wait_acknowledged(50, patience)); }
    void compared_equal() {
        const auto run = scenario_.pgteal_json({"compare"});
        ASSERT_EQ(run.exit_code, 0) << run;
        EXPECT_TRUE(run.json().at("equal").as_bool()) << run;
    }

    Scenario scenario_{{"--blue", "15", "--green", "17"}};
};

} // namespace

// A column is renamed without anybody noticing: both are there while one can still go back.
TEST_F(ExpandContract, a_rename_in_two_phases_loses_nothing_either_way) {
    ask("CREATE TABLE public.person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)");
    ask("INSERT INTO public.person (name) SELECT 'old ' || n FROM generate_series(1, 5000) n");
    migration(
        "V1__full_name.sql",
        "-- pgteal: phase expand\n"
        "ALTER TABLE public.person ADD COLUMN full_name text;\n"
        "CREATE FUNCTION public.person_names() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        "BEGIN\n"
        "  IF TG_OP = 'INSERT' OR NEW.name IS DISTINCT FROM OLD.name THEN\n"
        "    NEW.full_name := coalesce(NEW.name, NEW.full_name);\n"
        "  END IF;\n"
        "  NEW.name := coalesce(NEW.full_name, NEW.name);\n"
        "  RETURN NEW;\n"
        "END $$;\n"
        "CREATE TRIGGER person_names BEFORE INSERT OR UPDATE ON public.person\n"
        "  FOR EACH ROW EXECUTE FUNCTION public.person_names();\n"
        "ALTER TABLE public.person ENABLE ALWAYS TRIGGER person_names;\n"
        "-- pgteal: backfill table=public.person key=id batch=500 sleep=1ms\n"
        "UPDATE public.person SET full_name = name WHERE id BETWEEN :from AND :to AND full_name IS NULL;\n"
        "CREATE INDEX CONCURRENTLY person_full_name ON public.person (full_name);\n");
    migration("V2__no_name.sql", "-- pgteal: phase contract\n"
                                 "DROP TRIGGER person_names ON public.person;\n"
                                 "DROP FUNCTION public.person_names();\n"
                                 "ALTER TABLE public.person DROP COLUMN name;\n");
    migration("V3__tags.sql", "CREATE TABLE public.tag (word text PRIMARY KEY);\n"
                              "ALTER TABLE public.tag OWNER TO app;\n");
    refused({"migrate", "apply"}, "within a run, and there is none", "pgteal prepare");
    refused({"migrate", "apply", "--phase", "contract"}, "contract files are applied after finish",
            "pgteal prepare");
    std::string side;
    EXPECT_EQ(states(&side), "V1__full_name.sql pending, V2__no_name.sql after finish, V3__tags.sql pending");
    EXPECT_EQ(side, "blue");

    scenario_.start_workload(4, 60, 4);
    does({"prepare"});
    EXPECT_EQ(states(&side), "V1__full_name.sql applied, V2__no_name.sql after finish, V3__tags.sql applied");
    EXPECT_EQ(side, "green");
    EXPECT_EQ(scenario_.value("green", "app", "SELECT count(*) FROM public.person WHERE full_name = name"),
              "5000");
    refused({"migrate", "apply", "--phase", "contract"}, "contract files wait until finish", "pgteal finish");
    refused({"migrate", "apply"}, "the run is prepared", "pgteal abort");

    load_goes_on();
    ask("UPDATE public.person SET name = 'before the switch' WHERE id = 1");
    does({"cutover"});
    EXPECT_EQ(ask("SELECT full_name FROM public.person WHERE id = 1"), "before the switch");
    ask("INSERT INTO public.person (full_name) VALUES ('made on green')");
    ask("UPDATE public.person SET full_name = 'changed on green', name = NULL WHERE id = 2");
    ask("DELETE FROM public.person WHERE id = 3");
    ask("INSERT INTO public.tag VALUES ('green only')");
    load_goes_on();
    refused({"migrate", "apply", "--phase", "contract"}, "blue stands with the schema", "pgteal finish");

    does({"switch-back"});
    EXPECT_EQ(ask("SELECT name FROM public.person WHERE id = 5001"), "made on green");
    EXPECT_EQ(ask("SELECT name FROM public.person WHERE id = 2"), "changed on green");
    EXPECT_EQ(ask("SELECT count(*) FROM public.person WHERE id = 3"), "0");
    EXPECT_EQ(ask("SELECT count(*) FROM public.person"), "5000");
    ask("INSERT INTO public.person (name) VALUES ('made on blue again')");
    refused({"migrate", "apply", "--phase", "contract"}, "green stands with the schema", "pgteal finish");
    load_goes_on();
    compared_equal();

    does({"cutover"});
    EXPECT_EQ(ask("SELECT full_name FROM public.person WHERE name = 'made on blue again'"),
              "made on blue again");
    EXPECT_EQ(ask("SELECT word FROM public.tag"), "green only");
    load_goes_on();
    compared_equal();
    workload::Rules rules;
    rules.switches = 3;
    rules.min_per_phase = 30;
    rules.max_errors = 0;
    const auto report = scenario_.check(rules);
    EXPECT_TRUE(report.ok()) << workload::to_text(report);

    const auto audit = scenario_.pgteal({"audit"});
    EXPECT_EQ(audit.exit_code, 0) << audit;
    EXPECT_NE(audit.out.find("V1__full_name.sql"), std::string::npos) << audit;
    does({"finish"});
    refused({"migrate", "apply", "--phase", "expand"}, "not where clients are", "a next run");
    scenario_.start_workload(4, 60, 4);
    load_goes_on();
    const auto contracted = scenario_.pgteal_json({"migrate", "apply", "--phase", "contract"});
    ASSERT_EQ(contracted.exit_code, 0) << contracted;
    EXPECT_EQ(contracted.json().at("side").as_string(), "green");
    EXPECT_EQ(contracted.json().at("migrations").as_array().size(), 1U) << contracted;
    EXPECT_EQ(states(&side), "V1__full_name.sql applied, V2__no_name.sql applied, V3__tags.sql applied");
    const std::string columns =
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = "
        "'public.person'::regclass AND attnum > 0 AND NOT attisdropped";
    EXPECT_EQ(ask(columns), "id full_name");
    EXPECT_EQ(scenario_.value("blue", "app", columns), "id name")
        << "the side that was retired is left as it is";
    EXPECT_EQ(ask("SELECT full_name FROM public.person WHERE id = 5001"), "made on green");
    const auto again = scenario_.pgteal({"migrate", "apply"});
    EXPECT_EQ(again.exit_code, 0) << again;
    EXPECT_NE(again.out.find("Nothing to do"), std::string::npos) << again;
    load_goes_on();
}

// Columns whose values come from another sequence on green: none is handed out twice, whichever side hands
// out.
TEST_F(ExpandContract, another_sequence_for_a_column_goes_on_where_the_old_one_stood) {
    const std::vector<std::string> tables{"to_identity", "moved", "renamed", "by_hand"};
    for (const auto& table : tables) {
        ask("CREATE TABLE public." + table + " (id " + (table == "by_hand" ? "int" : "serial") +
            " PRIMARY KEY, v text)");
    }
    migration("V1__sequences.sql",
              "ALTER TABLE public.to_identity ALTER COLUMN id DROP DEFAULT;\n"
              "DROP SEQUENCE public.to_identity_id_seq;\n"
              "ALTER TABLE public.to_identity ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE "
              "NAME public.s2i START 11);\n"
              "CREATE SEQUENCE public.brandnew START 11;\n"
              "ALTER SEQUENCE public.brandnew OWNER TO app;\n"
              "ALTER TABLE public.moved ALTER COLUMN id SET DEFAULT nextval('public.brandnew');\n"
              "ALTER SEQUENCE public.renamed_id_seq RENAME TO other_name;\n"
              "ALTER TABLE public.by_hand ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;\n");
    const auto insert = [&](int rows, bool by_hand) {
        const auto from = " FROM generate_series(1, " + std::to_string(rows) + ")";
        for (const auto& table : tables) {
            const bool fills = table != "by_hand" || by_hand;
            ask(fills ? "INSERT INTO public." + table + " (v) SELECT 'x'" + from
                      : "INSERT INTO public.by_hand SELECT (SELECT COALESCE(max(id), 0) FROM public.by_hand) "
                        "+ n, "
                        "'x' FROM generate_series(1, " +
                            std::to_string(rows) + ") n");
        }
    };
    insert(20, false);
    does({"prepare"});
    insert(7, false);
    does({"cutover"});
    insert(15, true);
    does({"switch-back"});
    insert(9, false);
    does({"cutover"});
    insert(4, true);
    for (const auto& table : tables) {
        EXPECT_EQ(ask("SELECT count(*) || ' ' || max(id) FROM public." + table), "55 55") << table;
    }
    compared_equal();
    does({"finish"});
}

TEST_F(ExpandContract, flyways_own_history_goes_along_and_stays_each_sides_own) {
    configure("[migrate]\nhistory = \"flyway\"\n");
    ask("CREATE TABLE public.person (id bigint PRIMARY KEY, name text)");
    // As Flyway leaves it, the application being its user.
    ask("CREATE TABLE public.flyway_schema_history (installed_rank int CONSTRAINT flyway_schema_history_pk "
        "PRIMARY "
        "KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, script "
        "varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL, installed_on timestamp "
        "NOT NULL "
        "DEFAULT now(), execution_time int NOT NULL, success bool NOT NULL)");
    ask("CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history (success)");
    migration("V1__person.sql", "CREATE TABLE public.person (id bigint PRIMARY KEY, name text);\n");
    ask("INSERT INTO public.flyway_schema_history VALUES (1, '1', 'person', 'SQL', 'V1__person.sql', "
        "17, 'app', now(), 12, true)");
    migration("V2__email.sql", "ALTER TABLE public.person ADD COLUMN email text;\n");
    const auto wrong = scenario_.pgteal({"prepare"});
    EXPECT_EQ(wrong.exit_code, 3) << wrong;
    EXPECT_NE((wrong.out + wrong.err).find("V1__person.sql changed since it was applied"), std::string::npos)
        << wrong;
    // zlib.crc32 of that line, as a signed number.
    ask("UPDATE public.flyway_schema_history SET checksum = 2058568301");
    does({"prepare"});
    const std::string history =
        "SELECT string_agg(installed_rank || ' ' || version || ' ' || installed_by, ', ' "
        "ORDER BY installed_rank) FROM public.flyway_schema_history";
    EXPECT_EQ(scenario_.value("green", "app", history), "1 1 app, 2 2 pgteal");
    EXPECT_EQ(scenario_.value("blue", "app", history), "1 1 app");
    EXPECT_EQ(scenario_.value("blue", "app",
                              "SELECT count(*) FROM pg_publication_tables WHERE tablename LIKE 'flyway%'"),
              "0");
    compared_equal();
    does({"cutover"});
    EXPECT_EQ(ask(history), "1 1 app, 2 2 pgteal");
    // The application's Flyway goes on in its own table.
    ask("INSERT INTO public.flyway_schema_history VALUES (3, NULL, 'data', 'SQL', 'R__data.sql', 1, 'app', "
        "now(), 1, "
        "true)");
    compared_equal();
    does({"switch-back"});
    EXPECT_EQ(ask(history), "1 1 app") << "blue has the old schema, and says so";
    // A deployment of the old application migrates blue: rows only, so that the freeze lets it.
    ask("INSERT INTO public.person (id, name) VALUES (77, 'of a migration')");
    ask("INSERT INTO public.flyway_schema_history VALUES (2, '1.1', 'rows', 'SQL', 'V1.1__rows.sql', 1, "
        "'app', now(), "
        "1, true)");
    refused({"cutover"}, "V1.1__rows.sql was applied to blue during the run", "green's history table");
    ask("DELETE FROM public.flyway_schema_history WHERE version = '1.1'");
    does({"cutover"});
    does({"finish"});
}

TEST_F(ExpandContract, a_tool_of_the_users_migrates_instead) {
    ask("CREATE TABLE public.person (id bigint PRIMARY KEY, name text)");
    ask("CREATE TABLE public.tool_version (version int PRIMARY KEY)");
    ask("INSERT INTO public.tool_version VALUES (1)");
    configure("[migrate]\nhistory_table = \"public.tool_version\"\n"
              "command = [\"psql\", \"-X\", \"-q\", \"-v\", \"ON_ERROR_STOP=1\", \"-f\", \"up.psql\"]\n");
    migration("up.psql", "ALTER TABLE public.person ADD COLUMN email nonsense;\n");
    const auto failed = scenario_.pgteal({"prepare"});
    EXPECT_EQ(failed.exit_code, 1) << failed;
    EXPECT_NE(failed.err.find("type \"nonsense\" does not exist"), std::string::npos) << failed;
    migration("up.psql", "BEGIN;\nALTER TABLE public.person ADD COLUMN email text;\n"
                         "UPDATE public.tool_version SET version = version + 1;\nCOMMIT;\n");
    does({"prepare"});
    EXPECT_EQ(scenario_.value("green", "app", "SELECT version FROM public.tool_version"), "2");
    EXPECT_EQ(scenario_.value("blue", "app", "SELECT version FROM public.tool_version"), "1");
    does({"prepare"});
    EXPECT_EQ(scenario_.value("green", "app", "SELECT version FROM public.tool_version"), "2")
        << "it ran again";
    compared_equal();
    does({"cutover"});
    EXPECT_EQ(ask("SELECT count(email) FROM public.person"), "0");
    does({"switch-back"});
    does({"finish"});
}

TEST_F(ExpandContract, status_shows_what_collides_with_another_branch) {
    const auto folder = lab().dir() + "/migrations/app";
    migration("V1__a.sql", "SELECT 1;\n");
    const auto outside = scenario_.pgteal({"migrate", "status", "--against", "main"});
    EXPECT_EQ(outside.exit_code, 2) << outside;
    EXPECT_NE(outside.err.find("is in no git repository"), std::string::npos) << outside;
    git({"init", "-q", "-b", "main", folder});
    git({"-C", folder, "-c", "user.email=a@example.org", "-c", "user.name=a", "commit", "-q", "--allow-empty",
         "-m", "x"});
    migration("V2__theirs.sql", "SELECT 2;\n");
    git({"-C", folder, "add", "-A"});
    git({"-C", folder, "-c", "user.email=a@example.org", "-c", "user.name=a", "commit", "-q", "-m", "x"});
    std::filesystem::remove(folder + "/V2__theirs.sql");
    migration("V2__mine.sql", "SELECT 3;\n");
    const auto clear = scenario_.pgteal_json({"migrate", "status", "--against", "main~1"});
    EXPECT_EQ(clear.exit_code, 0) << clear;
    const auto collides = scenario_.pgteal_json({"migrate", "status", "--against", "main"});
    EXPECT_EQ(collides.exit_code, 3) << collides;
    const auto document = collides.json();
    ASSERT_EQ(document.at("collisions").as_array().size(), 1U) << collides;
    EXPECT_EQ(document.at("collisions").at(0).at("script").as_string(), "V2__mine.sql");
    EXPECT_EQ(document.at("collisions").at(0).at("other").as_string(), "V2__theirs.sql");
    EXPECT_EQ(document.at("migrations").as_array().size(), 2U);
    const auto unknown = scenario_.pgteal({"migrate", "status", "--against", "--help"});
    EXPECT_EQ(unknown.exit_code, 2) << unknown;
}

} // namespace pgteal::support
