// Two people have to say yes before migrations are applied and clients are moved; the way back waits for
// nobody; and everything can be read afterwards.
#include <chrono>
#include <thread>

#include <boost/json.hpp>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;

void expect_refused(const Run& run, const std::string& words) {
    EXPECT_EQ(run.exit_code, 3) << run;
    EXPECT_NE(run.err.find(words), std::string::npos) << run;
}

} // namespace

TEST(Approval, is_waited_for_and_bound_to_what_was_read) {
    Scenario scenario;
    auto& lab = scenario.lab();
    const auto file = lab.dir() + "/migrations/app/V1__note.sql";
    const std::string text = "ALTER TABLE workload.events ADD COLUMN note text;\n"
                             "CREATE ROLE noted PASSWORD 'hunter2';\n";
    write_file(file, text);
    write_file(lab.config(), read_file(lab.config()) + "\n[migrate]\napprovals = 2\n");
    const auto before = world(scenario);

    expect_refused(scenario.pgteal({"prepare"}),
                   "prepare waits for approval: 2 approvals are needed, none is given");
    EXPECT_EQ(world(scenario), before) << "nothing was touched";
    const auto first = scenario.pgteal_json({"approve", "--as", " Ada  Lovelace"});
    ASSERT_EQ(first.exit_code, 0) << first;
    EXPECT_EQ(first.json().at("missing").as_int64(), 1);
    EXPECT_EQ(first.json().at("as").as_string(), "Ada Lovelace");
    ASSERT_EQ(scenario.pgteal({"approve", "--as", "ADA LOVELACE"}).exit_code, 0);
    expect_refused(scenario.pgteal({"prepare"}), "1 is given: Ada Lovelace (");
    EXPECT_EQ(scenario.pgteal({"approve", "--as", " "}).exit_code, 2);
    EXPECT_EQ(scenario.pgteal({"status"}).exit_code, 0) << "approvals are no run";

    ASSERT_EQ(scenario.pgteal({"approve", "--as", "Bob"}).exit_code, 0);
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;

    write_file(file, text + "-- one more line\n");
    expect_refused(scenario.pgteal({"cutover"}), "Since Ada Lovelace approved (");
    expect_refused(scenario.pgteal({"cutover", "--dry-run"}), "app/V1__note.sql changed");
    write_file(file, text);
    const auto over = scenario.pgteal({"cutover"});
    ASSERT_EQ(over.exit_code, 0) << over;

    write_file(lab.config(), replaced(read_file(lab.config()), "approvals = 2", "approvals = 3"));
    const auto back = scenario.pgteal({"switch-back"});
    ASSERT_EQ(back.exit_code, 0) << "at 3 a.m. nobody is there to ask" << back;
    expect_refused(scenario.pgteal({"cutover"}), "the config changed");

    // No server is asked, and no password either.
    auto offline = replaced(read_file(lab.config()), "[blue]\n", "[blue]\npassword_command = [\"false\"]\n");
    write_file(lab.config(), offline);
    const auto audit = scenario.pgteal_json({"audit"});
    ASSERT_EQ(audit.exit_code, 0) << audit;
    const auto document = audit.json();
    EXPECT_EQ(document.at("approvals").as_array().size(), 2U) << "the same person again is not recorded";
    ASSERT_EQ(document.at("migrations").as_array().size(), 1U) << audit;
    const auto& migration = document.at("migrations").at(0);
    EXPECT_EQ(migration.at("script").as_string(), "V1__note.sql");
    EXPECT_NE(std::string(migration.at("sql").as_string()).find("ADD COLUMN note text;"), std::string::npos);
    ASSERT_EQ(document.at("switchovers").as_array().size(), 2U) << audit;
    EXPECT_EQ(document.at("switchovers").at(1).at("to").as_string(), "blue");
    EXPECT_GT(document.at("switchovers").at(0).at("pause_ms").to_number<double>(), 0);
    EXPECT_EQ(document.at("entries").at(0).at("command").as_string(), "approve");
    EXPECT_FALSE(document.at("entries").at(0).at("who").as_string().empty());
    const auto words = scenario.pgteal({"audit"});
    ASSERT_EQ(words.exit_code, 0) << words;
    for (const auto* part : {"pgteal prepare   by ", "approved by Bob", "migrated V1__note.sql in ",
                             "switchover begun: green to blue", "CREATE SUBSCRIPTION", "PAUSE app"}) {
        EXPECT_NE(words.out.find(part), std::string::npos) << part << words;
    }
    EXPECT_EQ((words.out + audit.out).find("hunter2"), std::string::npos);
}

// The files lie open while the data is copied: what was approved when prepare began is what is applied, or
// nothing is.
TEST(Approval, of_a_file_that_changes_while_the_data_is_copied_does_not_hold) {
    Scenario scenario;
    auto& lab = scenario.lab();
    const auto file = lab.dir() + "/migrations/app/V1__note.sql";
    const std::string text = "ALTER TABLE workload.events ADD COLUMN note text;\n";
    write_file(file, text);
    const auto config = read_file(lab.config());
    write_file(lab.config(), config + "\n[migrate]\napprovals = 1\n");
    ASSERT_EQ(scenario.pgteal({"approve", "--as", "Ada"}).exit_code, 0);

    // The copy's slot waits for write transactions that run.
    auto writer = client(lab, "blue", "app");
    ASSERT_TRUE(writer.run("BEGIN").ok());
    ASSERT_TRUE(writer.run("SELECT txid_current()").ok());
    support::Run prepared;
    std::thread prepare([&] { prepared = scenario.pgteal({"prepare"}, {}, 200s); });
    const auto began = std::chrono::steady_clock::now();
    while (scenario.value("blue", "postgres", "SELECT count(*) FROM pg_replication_slots") == "0" &&
           std::chrono::steady_clock::now() - began < 60s) {
        std::this_thread::sleep_for(20ms);
    }
    write_file(file, "ALTER TABLE workload.events ADD COLUMN note text, ADD COLUMN evil text;\n");
    EXPECT_TRUE(writer.run("COMMIT").ok());
    prepare.join();
    EXPECT_EQ(prepared.exit_code, 1) << prepared;
    EXPECT_NE(prepared.err.find("not what was approved"), std::string::npos) << prepared;
    EXPECT_NE(prepared.err.find("app/V1__note.sql changed"), std::string::npos) << prepared;
    const auto columns = [&] {
        return scenario.value("green", "app",
                              "SELECT count(*) FROM pg_attribute WHERE attrelid = "
                              "'workload.events'::regclass AND attname IN ('note', 'evil')");
    };
    EXPECT_EQ(columns(), "0") << "nothing was applied";
    expect_refused(scenario.pgteal({"prepare"}), "app/V1__note.sql changed");
    expect_refused(scenario.pgteal({"migrate", "apply"}), "app/V1__note.sql changed");
    write_file(file, text);
    const auto again = scenario.pgteal({"prepare"});
    ASSERT_EQ(again.exit_code, 0) << again;
    EXPECT_EQ(columns(), "1");

    // Without approvals too the files say what green holds.
    write_file(lab.config(), config);
    write_file(file, text + "-- and more\n");
    expect_refused(scenario.pgteal({"cutover"}), "V1__note.sql is not as it was applied to green");
    write_file(file, "\xEF\xBB\xBF" + replaced(text, "\n", "\r\n"));
    const auto over = scenario.pgteal({"cutover"});
    EXPECT_EQ(over.exit_code, 0) << "line ends and a byte order mark don't count" << over;
    write_file(file, text + "-- and more\n");
    const auto back = scenario.pgteal({"switch-back"});
    EXPECT_EQ(back.exit_code, 0) << "the way back never looks at files" << back;
}

} // namespace pgteal::support
