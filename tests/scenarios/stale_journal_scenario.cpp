// A journal that exists twice: a copy, a restored backup, the snapshot of a machine. What the servers say of
// epochs outranks it, so the older one may neither take back, go on nor remove.
#include <filesystem>

#include <boost/json/parse.hpp>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"

namespace pgteal::support {
namespace {

namespace fs = std::filesystem;

/// Folder of the run's journal.
fs::path journal(Scenario& scenario) {
    for (const auto& one : fs::recursive_directory_iterator(scenario.lab().dir())) {
        if (one.path().filename() == "journal.db") {
            return one.path().parent_path();
        }
    }
    throw std::runtime_error("there is no journal in " + scenario.lab().dir());
}

/// What the world is like, for comparing: entries, fences, slots, databases, the run's row.
std::vector<std::string> snapshot(Scenario& scenario) {
    std::vector<std::string> lines;
    for (const auto& [name, entry] : show_databases(scenario.lab(), "pgb1")) {
        lines.push_back(name + " " + entry.port + (entry.paused ? " paused" : ""));
    }
    for (const std::string side : {"blue", "green"}) {
        for (const auto* sql : {"SELECT datname, datconnlimit, setconfig FROM pg_database LEFT JOIN "
                                "pg_db_role_setting ON setdatabase = "
                                "pg_database.oid AND setrole = 0 ORDER BY 1",
                                "SELECT slot_name FROM pg_replication_slots ORDER BY 1",
                                "SELECT subname, subenabled FROM pg_subscription ORDER BY 1"}) {
            for (const auto& row : scenario.query(side, "postgres", sql)) {
                lines.push_back(side + " " + row);
            }
        }
        lines.push_back(side + " " + scenario.value(side, "app", "SELECT epoch || serving FROM pgteal.run"));
    }
    return lines;
}

class StaleJournal : public testing::Test {
protected:
    void prepare() {
        const auto prepared = scenario.pgteal({"prepare"});
        ASSERT_EQ(prepared.exit_code, 0) << prepared;
        here_ = journal(scenario);
    }
    void keep(const std::string& name) { fs::copy(here_, place(name), fs::copy_options::recursive); }
    void use(const std::string& name) {
        fs::remove_all(here_);
        fs::copy(place(name), here_, fs::copy_options::recursive);
    }
    void expect_status(bool superseded) {
        const auto run = scenario.pgteal({"--json", "status"});
        ASSERT_EQ(run.exit_code, 0) << run;
        EXPECT_EQ(boost::json::parse(run.out).as_object().contains("superseded"), superseded) << run;
    }
    void expect_powerless(const std::string& command) {
        const auto before = snapshot(scenario);
        const auto run = scenario.pgteal({command});
        EXPECT_NE(run.exit_code, 0) << run;
        EXPECT_NE(run.err.find("another controller went on"), std::string::npos) << run;
        EXPECT_EQ(snapshot(scenario), before) << command;
    }

    Scenario scenario;

private:
    [[nodiscard]] fs::path place(const std::string& name) const { return here_.string() + "." + name; }
    fs::path here_;
};

TEST_F(StaleJournal, DoesNothingOnceAnotherWentOn) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    scenario.start_workload(4, 80, 5);
    keep("prepared");
    const auto killed = scenario.pgteal({"cutover"}, kill_at("fence", "done"));
    ASSERT_TRUE(killed.killed()) << killed;
    keep("fenced");
    const auto resumed = scenario.pgteal({"resume"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed;
    const auto recorded = scenario.pgteal({"cutover"}, kill_at("switch", "action-1"));
    ASSERT_TRUE(recorded.killed()) << recorded;
    keep("switched");
    const auto forward = scenario.pgteal({"resume"});
    ASSERT_EQ(forward.exit_code, 0) << forward;

    use("fenced");
    expect_status(true);
    expect_powerless("resume");
    use("prepared");
    expect_powerless("abort");
    expect_powerless("prepare");
    use("switched");
    const auto again = scenario.pgteal({"resume"}); // the same end once more, which changes nothing
    EXPECT_EQ(again.exit_code, 0) << again;
    keep("second");
    const auto back = scenario.pgteal({"switch-back"});
    ASSERT_EQ(back.exit_code, 0) << back;
    keep("newest");
    use("switched");
    expect_powerless("resume");
    use("second");
    expect_powerless("finish");
    use("newest");
    expect_status(false);
    const auto finished = scenario.pgteal({"finish"});
    EXPECT_EQ(finished.exit_code, 0) << finished;
    const auto report =
        scenario.check({.min_per_side = 20, .min_per_phase = 5, .switches = 2, .max_errors = 0}, false);
    EXPECT_TRUE(report.ok()) << workload::to_text(report);
}

/// The new side's COMMIT of the switch hangs, say for a standby that is gone: nobody sees it, and it may come
/// true at any time.
TEST(LateSwitch, IsNotTakenBackWhileItMayComeTrueAndCanNotComeTrueAfterwards) {
    Scenario scenario;
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    const auto recorded = scenario.pgteal({"cutover"}, kill_at("switch", "action-1"));
    ASSERT_TRUE(recorded.killed()) << recorded;
    scenario.query("blue", "postgres", "ALTER DATABASE app RESET default_transaction_read_only");
    scenario.query("blue", "postgres", "ALTER DATABASE app CONNECTION LIMIT -1");
    auto hanging =
        workload::connect_to_check(scenario.lab().dsn("green").with_database("app").conninfo(), "green");
    ASSERT_TRUE(hanging.run("BEGIN READ WRITE").ok());
    ASSERT_TRUE(hanging.run("UPDATE pgteal.run SET epoch = 2, serving = 'green'").ok());
    const auto unsure = scenario.pgteal({"resume"});
    EXPECT_EQ(unsure.exit_code, 4) << unsure;
    EXPECT_NE(unsure.err.find("can't be told"), std::string::npos) << unsure;
    ASSERT_TRUE(hanging.run("ROLLBACK").ok());

    const auto back = scenario.pgteal({"resume"});
    EXPECT_EQ(back.exit_code, 0) << back;
    EXPECT_EQ(scenario.value("green", "app", "SELECT epoch || coalesce(controller, '-') FROM pgteal.run"),
              "1-");
    const auto moved = scenario.pgteal({"cutover"});
    EXPECT_EQ(moved.exit_code, 0) << moved;
}

/// As if that attempt were under way on blue.
void name_attempt(Scenario& scenario, const std::string& attempt) {
    auto session =
        workload::connect_to_check(scenario.lab().dsn("blue").with_database("app").conninfo(), "blue");
    const std::string update = "UPDATE pgteal.run SET controller = '" + attempt + "'";
    EXPECT_TRUE(session.run("BEGIN READ WRITE").ok() && session.run(update.c_str()).ok() &&
                session.run("COMMIT").ok());
}

TEST(LateUndo, LeavesTheFenceOfTheNextAttemptUp) {
    Scenario scenario;
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    const auto killed = scenario.pgteal({"cutover"}, kill_at("fence", "done"));
    ASSERT_TRUE(killed.killed()) << killed;
    const auto mine = scenario.value("blue", "app", "SELECT controller FROM pgteal.run");
    ASSERT_NE(mine, "");
    name_attempt(scenario, "9" + mine); // a newer one
    const auto late = scenario.pgteal({"resume"});
    EXPECT_NE(late.exit_code, 0) << late;
    EXPECT_NE(late.err.find("a newer attempt to switch is under way"), std::string::npos) << late;
    EXPECT_NE(late.err.find("where the newest journal is"), std::string::npos) << late;
    EXPECT_LT(late.seconds, 30) << "what a guard refused was tried again and again";
    EXPECT_EQ(
        scenario.value("blue", "postgres", "SELECT datconnlimit FROM pg_database WHERE datname = 'app'"),
        "0");
    name_attempt(scenario, "1"); // an older one, whose word came late
    const auto back = scenario.pgteal({"resume"});
    EXPECT_EQ(back.exit_code, 0) << back;
    EXPECT_EQ(
        scenario.value("blue", "postgres", "SELECT datconnlimit FROM pg_database WHERE datname = 'app'"),
        "-1");
}

} // namespace
} // namespace pgteal::support
