// A release engineer's weeks: expand on green, cut over, go back, go over again, finish; and the next week
// the other way round.
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

void expect_compared_equal(Scenario& scenario) {
    const auto run = scenario.pgteal_json({"compare"});
    ASSERT_EQ(run.exit_code, 0) << run;
    const auto document = run.json();
    EXPECT_TRUE(document.at("equal").as_bool()) << run;
    EXPECT_GT(document.at("rows").as_int64(), 0);
}

void expect_refused(const Run& run, const std::string& word) {
    EXPECT_EQ(run.exit_code, 3) << run;
    EXPECT_NE(run.err.find(word), std::string::npos) << run;
}

/// The same servers and pooler for the next run, from the side that serves now to the one that stood.
std::string turned_round(const Lab& lab, std::string config) {
    config = replaced(config, "port=" + lab.port("blue"), "port=@");
    config = replaced(config, "port=" + lab.port("green"), "port=" + lab.port("blue"));
    config = replaced(config, "port=@", "port=" + lab.port("green"));
    return replaced(config, "name  = \"lab\"", "name  = \"next\"");
}

} // namespace

TEST(Release, can_be_taken_back_and_out_again_without_losing_a_write) {
    Scenario scenario({"--blue", "15", "--green", "15"});
    auto& lab = scenario.lab();
    const auto ask = [&lab](const std::string& sql) { return as_client(lab, "pgb1", "app", sql); };
    const auto original = read_file(lab.value("PGB1_INI"));
    ask("CREATE TABLE public.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT "
        "NULL)");
    ask("INSERT INTO public.customer (name) SELECT 'old ' || n FROM generate_series(1, 100) n");
    write_file(lab.dir() + "/migrations/app/V1__email.sql",
               "ALTER TABLE public.customer ADD COLUMN email text;\n"
               "CREATE INDEX CONCURRENTLY customer_email ON public.customer (email);\n"
               "CREATE TABLE public.tag (customer bigint REFERENCES public.customer, word text, PRIMARY KEY "
               "(customer, word));\n"
               "ALTER TABLE public.tag OWNER TO app;\n");
    scenario.start_workload(4, 60, 4);
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    EXPECT_EQ(scenario.value("green", "app",
                             "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.customer'::regclass "
                             "AND attname = 'email'"),
              "1");
    EXPECT_EQ(scenario.value("blue", "app",
                             "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.customer'::regclass "
                             "AND attname = 'email'"),
              "0");

    ASSERT_TRUE(scenario.workload().wait_acknowledged(50, std::chrono::seconds(60)));
    const auto over = scenario.pgteal({"cutover"});
    ASSERT_EQ(over.exit_code, 0) << over;
    const auto made_on_green = ask("INSERT INTO public.customer (name, email) VALUES ('made on green', "
                                   "'green@example.org') RETURNING id");
    EXPECT_EQ(made_on_green, "101") << "the sequence did not go on where blue's was";
    ask("UPDATE public.customer SET email = 'one@example.org' WHERE id = 1");
    ask("UPDATE public.customer SET name = 'renamed on green', email = 'two@example.org' WHERE id = 2");
    ask("DELETE FROM public.customer WHERE id = 3");
    ask("INSERT INTO public.tag VALUES (1, 'vip')");
    ASSERT_TRUE(scenario.workload().wait_acknowledged(50, std::chrono::seconds(60)));

    const auto back = scenario.pgteal({"switch-back"});
    ASSERT_EQ(back.exit_code, 0) << back;
    EXPECT_EQ(read_file(lab.value("PGB1_INI")), original);
    EXPECT_EQ(ask("SELECT name FROM public.customer WHERE id = 101"), "made on green");
    EXPECT_EQ(ask("SELECT name FROM public.customer WHERE id = 1"), "old 1");
    EXPECT_EQ(ask("SELECT name FROM public.customer WHERE id = 2"), "renamed on green");
    EXPECT_EQ(ask("SELECT count(*) FROM public.customer WHERE id = 3"), "0");
    EXPECT_EQ(ask("SELECT count(*) FROM public.customer"), "100");
    EXPECT_GT(std::stoll(ask("INSERT INTO public.customer (name) VALUES ('made on blue') RETURNING id")),
              101);
    ask("UPDATE public.customer SET name = 'renamed on blue' WHERE id = 1");
    ASSERT_TRUE(scenario.workload().wait_acknowledged(50, std::chrono::seconds(60)));
    expect_compared_equal(scenario);

    const auto again = scenario.pgteal({"cutover"});
    ASSERT_EQ(again.exit_code, 0) << again;
    EXPECT_EQ(ask("SELECT name || ' ' || email FROM public.customer WHERE id = 1"),
              "renamed on blue one@example.org")
        << "a new column did not outlive the way back";
    EXPECT_EQ(ask("SELECT count(*) FROM public.customer WHERE name = 'made on blue' AND email IS NULL"), "1");
    EXPECT_EQ(ask("SELECT word FROM public.tag WHERE customer = 1"), "vip");
    ASSERT_TRUE(scenario.workload().wait_acknowledged(50, std::chrono::seconds(60)));
    expect_compared_equal(scenario);
    workload::Rules rules;
    rules.switches = 3;
    rules.min_per_phase = 30;
    rules.max_errors = 0;
    const auto report = scenario.check(rules);
    EXPECT_TRUE(report.ok()) << workload::to_text(report);

    const auto finished = scenario.pgteal({"finish"});
    ASSERT_EQ(finished.exit_code, 0) << finished;
    expect_refused(scenario.pgteal({"finish"}), "finished already");
    expect_refused(scenario.pgteal({"switch-back"}), "finished");
    expect_refused(scenario.pgteal({"abort"}), "no run");
    expect_refused(scenario.pgteal({"prepare"}), "green serves");
    for (const auto* side : {"blue", "green"}) {
        EXPECT_EQ(scenario.value(side, "app",
                                 "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM "
                                 "pg_subscription) + (SELECT count(*) FROM pg_publication)"
                                 " + (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM "
                                 "pg_namespace WHERE nspname = 'pgteal')"),
                  "0")
            << "something of pgteal is left on " << side;
    }
    ask("INSERT INTO public.customer (name) VALUES ('after finish')");

    // The next week: the side that serves is blue now, in a run of its own.
    write_file(lab.dir() + "/migrations/app/V2__phone.sql",
               "ALTER TABLE public.customer ADD COLUMN phone text;\n");
    write_file(lab.config(), turned_round(lab, read_file(lab.config())));
    expect_refused(scenario.pgteal({"prepare"}), "app");
    scenario.query("blue", "postgres", "DROP DATABASE app WITH (FORCE)");
    const auto next = scenario.pgteal({"prepare"});
    ASSERT_EQ(next.exit_code, 0) << next;
    const auto moved = scenario.pgteal_json({"cutover"});
    ASSERT_EQ(moved.exit_code, 0) << moved;
    EXPECT_EQ(ask(who_are_you), scenario.value("blue", "postgres", who_are_you));
    EXPECT_EQ(ask("SELECT email FROM public.customer WHERE id = 101 AND phone IS NULL"), "green@example.org");
    EXPECT_EQ(ask("SELECT count(*) FROM public.customer WHERE name = 'after finish'"), "1");
    EXPECT_EQ(read_file(lab.value("PGB1_INI")), original);
    expect_compared_equal(scenario);
}

TEST(Release, that_is_taken_away_before_its_cutover_can_be_prepared_again) {
    Scenario scenario;
    for (int round = 0; round < 2; ++round) {
        const auto prepared = scenario.pgteal({"prepare"});
        ASSERT_EQ(prepared.exit_code, 0) << prepared;
        const auto aborted = scenario.pgteal({"abort"});
        ASSERT_EQ(aborted.exit_code, 0) << aborted;
        EXPECT_EQ(
            scenario.value("green", "postgres", "SELECT count(*) FROM pg_database WHERE datname = 'app'"),
            "0");
        expect_refused(scenario.pgteal({"abort"}), "no run");
    }
}

} // namespace pgteal::support
