// migrate rehearse leaves a table of costs for the operator, and nothing on any server.
#include <boost/json.hpp>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using boost::json::value;

class Rehearsal : public testing::Test {
protected:
    static void SetUpTestSuite() {
        scenario_ = std::make_unique<Scenario>(Scenario::Words{"--blue", "15", "--green", "17", "--databases",
                                                               "app,second", "--no-poolers-start"});
        scenario().query("blue", "app",
                         "CREATE TABLE shop (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total int, "
                         "small int GENERATED ALWAYS AS (total / 2) STORED, code int)");
        scenario().query("blue", "app", "INSERT INTO shop (total) SELECT n FROM generate_series(1, 20000) n");
        scenario().query("blue", "app", "CREATE MATERIALIZED VIEW sums AS SELECT sum(total) AS s FROM shop");
        scenario().query("blue", "app", "CREATE UNIQUE INDEX sums_s ON sums (s)");
        scenario().query("blue", "app", "CREATE ROLE shopkeeper");
        scenario().query("blue", "app", "ALTER TABLE shop OWNER TO shopkeeper");
        before_ = left();
    }
    static void TearDownTestSuite() { scenario_.reset(); }
    static Scenario& scenario() { return *scenario_; }

    void SetUp() override {
        std::filesystem::remove_all(folder());
        std::filesystem::create_directories(folder());
    }
    static std::string folder() { return scenario().lab().dir() + "/migrations/app"; }
    static void file(const std::string& name, const std::string& text) {
        write_file(folder() + "/" + name, text);
    }

    /// Databases and roles of green, and files of the run: what a rehearsal might leave.
    static std::string left() {
        std::string text;
        for (const auto* sql :
             {"SELECT datname FROM pg_database ORDER BY 1", "SELECT rolname FROM pg_roles ORDER BY 1",
              "SELECT count(*) FROM pg_prepared_xacts"}) {
            for (const auto& row : scenario().query("green", "postgres", sql)) {
                text += row + "\n";
            }
        }
        std::error_code ignored;
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(scenario().lab().dir() + "/state", ignored)) {
            const auto name = entry.path().filename().string();
            text += name.starts_with("pgteal_rehearse") ? name + "\n" : "";
        }
        return text;
    }

    static std::unique_ptr<Scenario> scenario_;
    static std::string before_;
};
std::unique_ptr<Scenario> Rehearsal::scenario_;
std::string Rehearsal::before_;

const value& statement(const value& document, std::size_t file, std::size_t index) {
    return document.at("databases").at(0).at("files").at(file).at("statements").at(index);
}

} // namespace

TEST_F(Rehearsal, measures_on_the_schema_alone) {
    file("V1__note.sql", "ALTER TABLE public.shop ADD COLUMN note text;\n"
                         "ALTER TABLE public.shop ALTER COLUMN code TYPE bigint;\n");
    file("V2__index.sql", "CREATE INDEX CONCURRENTLY shop_note ON public.shop (note);\n");
    file("U2__index.sql", "DROP INDEX public.shop_note;\n");
    const auto run = scenario().pgteal_json({"migrate", "rehearse"});
    ASSERT_EQ(run.exit_code, 0) << run;
    const auto document = run.json();
    ASSERT_EQ(document.at("databases").as_array().size(), 2U);
    EXPECT_TRUE(document.at("databases").at(1).at("files").as_array().empty()) << "nothing is pending there";
    EXPECT_EQ(document.at("databases").at(0).at("name").as_string(), "app");
    EXPECT_FALSE(document.at("databases").at(0).at("ground").at("data").as_bool());
    EXPECT_EQ(statement(document, 0, 0).at("locks").at(0).at("mode").as_string(), "ACCESS EXCLUSIVE");
    EXPECT_EQ(statement(document, 0, 1).at("held_before").at("relation").as_string(), "public.shop");
    EXPECT_EQ(statement(document, 0, 1).at("rewrites").at(0).as_string(), "public.shop");
    EXPECT_FALSE(statement(document, 1, 0).at("in_transaction").as_bool());
    EXPECT_EQ(document.at("databases").at(0).at("files").at(0).at("down").as_string(), "missing");
    EXPECT_EQ(document.at("databases").at(0).at("files").at(1).at("down").as_string(), "ok");
    EXPECT_EQ(left(), before_);
    const auto words = scenario().pgteal({"migrate", "rehearse"});
    ASSERT_EQ(words.exit_code, 0) << words;
    EXPECT_NE(words.out.find("V1__note.sql:2"), std::string::npos) << words;
    EXPECT_NE(words.out.find("Nothing is left on green."), std::string::npos) << words;
}

TEST_F(Rehearsal, measures_on_a_copy_of_the_data) {
    file("V1__fill.sql", "UPDATE public.shop SET total = total + 1;\n"
                         "INSERT INTO public.shop (total) VALUES (7);\n"
                         "REFRESH MATERIALIZED VIEW CONCURRENTLY public.sums;\n");
    const auto run = scenario().pgteal_json({"migrate", "rehearse", "--data"});
    ASSERT_EQ(run.exit_code, 0) << run;
    const auto document = run.json();
    const auto& ground = document.at("databases").at(0).at("ground");
    EXPECT_GE(ground.at("rows").as_int64(), 20000);
    EXPECT_GT(ground.at("bytes").as_int64(), 100'000);
    EXPECT_EQ(statement(document, 0, 0).at("rows").as_int64(), 20000);
    EXPECT_EQ(statement(document, 0, 1).at("rows").as_int64(), 1) << "its key is beyond those that are there";
    EXPECT_GT(statement(document, 0, 0).at("wal_bytes").as_int64(), 1'000'000);
    EXPECT_EQ(scenario().value("blue", "app", "SELECT max(total) FROM shop"), "20000")
        << "a copy, not the original";
    EXPECT_EQ(left(), before_);
}

TEST_F(Rehearsal, says_what_is_wrong_with_a_way_back) {
    file("V1__a.sql", "CREATE TABLE public.a (id int);\nCREATE TABLE public.b (id int);\n");
    file("U1__a.sql", "DROP TABLE public.a;\n");
    file("V2__c.sql", "ALTER TABLE public.b ADD COLUMN c int;\n");
    const auto run = scenario().pgteal({"migrate", "rehearse", "--data"});
    EXPECT_EQ(run.exit_code, 3) << run;
    EXPECT_NE(run.out.find("U1__a.sql: leaves a schema that is not the one before V1__a.sql: "),
              std::string::npos)
        << run;
    EXPECT_NE(run.out.find("b is there still"), std::string::npos) << run;
    EXPECT_NE(run.out.find("V2__c.sql:1"), std::string::npos) << "on a fresh database" << run;
    EXPECT_EQ(left(), before_);
}

TEST_F(Rehearsal, ends_with_the_file_that_fails) {
    file("V1__a.sql", "CREATE TABLE public.a (id int);\n");
    file("V2__b.sql", "\nALTER TABLE public.nowhere ADD COLUMN x int;\n");
    const auto run = scenario().pgteal_json({"migrate", "rehearse"});
    EXPECT_EQ(run.exit_code, 1) << run;
    const auto document = run.json();
    EXPECT_EQ(document.at("error").at("code").as_string(), "migration");
    EXPECT_EQ(std::string(document.at("error").at("message").as_string()).substr(0, 12), "V2__b.sql:2:");
    EXPECT_EQ(document.at("databases").at(0).at("files").as_array().size(), 2U);
    const auto words = scenario().pgteal({"migrate", "rehearse"});
    EXPECT_EQ(words.exit_code, 1) << words;
    EXPECT_NE(words.err.find("(42P01)"), std::string::npos) << words;
    EXPECT_EQ(left(), before_);
}

TEST_F(Rehearsal, killed_in_the_middle_is_cleared_by_the_next) {
    file("V1__a.sql", "CREATE ROLE rehearsed_role;\nSELECT 1;\n");
    const auto killed = scenario().pgteal({"migrate", "rehearse"}, kill_at("rehearse", "made"));
    ASSERT_TRUE(killed.killed()) << killed;
    EXPECT_NE(left(), before_) << "the scratch database is there still";
    const auto next = scenario().pgteal({"migrate", "rehearse"});
    ASSERT_EQ(next.exit_code, 0) << next;
    EXPECT_NE(next.out.find("left by a rehearsal that did not come to its end"), std::string::npos) << next;
    EXPECT_EQ(left(), before_);
}

TEST_F(Rehearsal, interrupted_clears_up_by_itself) {
    file("V1__a.sql", "SELECT pg_sleep(60);\n");
    const auto& lab = scenario().lab();
    const auto command = std::string("timeout -s INT 6 ") + PGTEAL_BINARY + " -c " + lab.config() +
                         " migrate rehearse >" + lab.dir() + "/interrupted.log 2>&1";
    const auto before = std::chrono::steady_clock::now();
    std::system(command.c_str()); // NOLINT: timeout's own exit code says nothing of ours
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(55)); // and not its 60
    const auto log = read_file(lab.dir() + "/interrupted.log");
    EXPECT_NE(log.find("the rehearsal was interrupted"), std::string::npos) << log;
    EXPECT_EQ(left(), before_);
}

TEST_F(Rehearsal, ends_although_a_migration_made_a_template_of_its_database) {
    file("V1__a.sql",
         "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true', current_database()); END "
         "$$;\n");
    for (int time = 0; time < 2; ++time) {
        const auto run = scenario().pgteal({"migrate", "rehearse"});
        EXPECT_EQ(run.exit_code, 0) << run;
        EXPECT_EQ(left(), before_);
    }
}

TEST_F(Rehearsal, names_a_role_that_is_left) {
    file("V1__a.sql",
         "-- pgteal: no-transaction\n"
         "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE unseen; COMMIT; END $$;\n"
         "CALL p();\n");
    const auto words = scenario().pgteal({"migrate", "rehearse"});
    EXPECT_EQ(words.exit_code, 0) << words;
    EXPECT_NE(words.out.find("Left on green: role unseen"), std::string::npos) << words;
    EXPECT_EQ(words.out.find("Nothing is left"), std::string::npos) << words;
    scenario().query("green", "postgres", "DROP ROLE unseen");
    const auto document = scenario().pgteal_json({"migrate", "rehearse"}).json();
    EXPECT_EQ(document.at("left").as_array().size(), 1U);
    EXPECT_EQ(document.at("findings").at(1).at("rule"), "role-appeared");
    scenario().query("green", "postgres", "DROP ROLE unseen");
    EXPECT_EQ(left(), before_);
}

TEST_F(Rehearsal, needs_databases_it_knows) {
    const auto unknown = scenario().pgteal({"migrate", "rehearse", "--database", "nowhere"});
    EXPECT_EQ(unknown.exit_code, 2) << unknown;
    const auto none = scenario().pgteal({"migrate", "rehearse"});
    EXPECT_EQ(none.exit_code, 0) << none;
    EXPECT_NE(none.out.find("nothing is pending"), std::string::npos) << none;
}

TEST_F(Rehearsal, and_preview_is_markdown_for_a_pull_request) {
    file("V1__a.sql", "-- why: ``` \nCREATE TABLE public.a (id int);\n");
    const auto run = scenario().pgteal({"migrate", "preview"});
    ASSERT_EQ(run.exit_code, 0) << run;
    EXPECT_EQ(run.out.substr(0, 13), "# Migrations\n");
    EXPECT_NE(run.out.find("````sql\n-- why: ``` \nCREATE TABLE public.a (id int);\n````\n"),
              std::string::npos)
        << run;
    const auto named = scenario().pgteal_json({"migrate", "preview", folder() + "/V1__a.sql"});
    ASSERT_EQ(named.exit_code, 0) << named;
    EXPECT_EQ(named.json().at("databases").at(0).at("files").at(0).at("sql").as_string(),
              "-- why: ``` \nCREATE TABLE public.a (id int);\n");
}

} // namespace pgteal::support
