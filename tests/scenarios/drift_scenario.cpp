// Schemas compared within a run: what its migrations explain, what they don't, and a comparison that was
// killed.
#include <pqxx/pqxx>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

std::string scratch_databases(Scenario& scenario) {
    return scenario.value("green", "postgres",
                          "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'pgteal%'");
}

std::string objects(const boost::json::value& document, const std::string& list) {
    std::string text;
    for (const auto& one : document.at(list).as_array()) {
        text += (text.empty() ? "" : ", ") + std::string(one.at("object").as_string());
    }
    return text;
}

/// Past the freeze and the fence, as somebody who means it.
void by_hand(Scenario& scenario, const std::string& sql) {
    pqxx::connection connection(scenario.lab()
                                    .dsn("green")
                                    .with_database("app")
                                    .with("options", "-c pgteal.ddl=on -c default_transaction_read_only=off")
                                    .conninfo());
    pqxx::nontransaction(connection).exec(sql);
}

void add_schema(Scenario& scenario) {
    as_client(scenario.lab(), "pgb1", "app", "CREATE TABLE public.bare (id bigint PRIMARY KEY)");
    as_client(
        scenario.lab(), "pgb1", "app",
        "CREATE TABLE public.plain (id bigint PRIMARY KEY, state varchar(5) CHECK (state IN ('a', 'b')))");
    as_client(scenario.lab(), "pgb1", "app", "CREATE TABLE public.viewed (id bigint PRIMARY KEY, born date)");
    as_client(scenario.lab(), "pgb1", "app",
              "CREATE VIEW public.years AS SELECT v.id, extract(year FROM v.born) AS y FROM public.viewed v "
              "WHERE v.id > 0");
    write_file(
        scenario.lab().dir() + "/migrations/app/V1__note.sql",
        "ALTER TABLE public.plain ADD COLUMN note text;\nCREATE INDEX plain_note ON public.plain (note);\n");
}

} // namespace

TEST(Drift, of_a_run_is_what_its_migrations_do_not_explain) {
    Scenario scenario({"--blue", "15", "--green", "17"});
    add_schema(scenario);
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;

    auto run = scenario.pgteal_json({"migrate", "drift"});
    ASSERT_EQ(run.exit_code, 0) << run;
    auto document = run.json();
    EXPECT_TRUE(document.at("equal").as_bool()) << run;
    EXPECT_EQ(objects(document, "differences"), "") << run;
    EXPECT_EQ(objects(document, "explained"), "public.plain.note, public.plain_note") << run;
    EXPECT_EQ(document.at("databases").at(0).at("expected").as_string(), "blue");
    EXPECT_EQ(scratch_databases(scenario), "");

    by_hand(scenario, "CREATE INDEX by_hand ON public.plain (state)");
    run = scenario.pgteal_json({"migrate", "drift"});
    EXPECT_EQ(run.exit_code, 3) << run;
    EXPECT_EQ(objects(run.json(), "differences"), "public.by_hand") << run;
    run = scenario.pgteal({"migrate", "drift"});
    EXPECT_EQ(run.exit_code, 3) << run;
    EXPECT_NE(run.out.find("-- DROP INDEX CONCURRENTLY public.by_hand;"), std::string::npos) << run;
    EXPECT_NE(run.out.find("2 explained by migrations"), std::string::npos) << run;

    // The gate sees it too, although no table and no column changed.
    run = scenario.pgteal({"cutover"});
    EXPECT_EQ(run.exit_code, 3) << run;
    by_hand(scenario, "DROP INDEX public.by_hand");
    run = scenario.pgteal({"cutover"});
    ASSERT_EQ(run.exit_code, 0) << run;
    run = scenario.pgteal({"migrate", "drift"});
    EXPECT_EQ(run.exit_code, 0) << run;
    run = scenario.pgteal({"switch-back"});
    ASSERT_EQ(run.exit_code, 0) << run;
    run = scenario.pgteal({"cutover"});
    EXPECT_EQ(run.exit_code, 0) << run;
    EXPECT_EQ(scratch_databases(scenario), "");
}

TEST(Drift, that_is_killed_leaves_what_the_next_one_drops) {
    Scenario scenario({"--blue", "15", "--green", "17"});
    add_schema(scenario);
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    {
        // pg_dump waits for this lock when the scratch database is there already.
        pqxx::connection blocker(scenario.lab().dsn("blue").with_database("app").conninfo());
        pqxx::work lock(blocker);
        lock.exec("LOCK TABLE public.bare IN ACCESS EXCLUSIVE MODE");
        EXPECT_THROW(scenario.pgteal({"migrate", "drift"}, {}, std::chrono::seconds(6)), std::exception);
        EXPECT_NE(scratch_databases(scenario), "");
    }
    const auto run = scenario.pgteal_json({"migrate", "drift"});
    EXPECT_EQ(run.exit_code, 0) << run;
    const auto document = run.json();
    const auto& remarks = document.at("databases").at(0).at("remarks").as_array();
    ASSERT_EQ(remarks.size(), 1U) << run;
    EXPECT_TRUE(remarks.at(0).as_string().starts_with("dropped pgteal_drift_")) << run;
    EXPECT_EQ(scratch_databases(scenario), "");
    const auto over = scenario.pgteal({"cutover"});
    EXPECT_EQ(over.exit_code, 0) << over;
}

} // namespace pgteal::support
