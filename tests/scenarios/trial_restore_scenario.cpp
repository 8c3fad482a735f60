// check restores blue's schema on green, names all that green refuses, and leaves nothing there.
#include <boost/json.hpp>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

class TrialRestore : public testing::Test {
protected:
    static void SetUpTestSuite() {
        scenario_ = std::make_unique<Scenario>(
            Scenario::Words{"--blue", "15", "--green", "17", "--databases", "app,a/b"});
        scenario().query("blue", "app", "CREATE ROLE reporter");
        scenario().query("blue", "app", "CREATE ROLE \"to the moon\"");
        before_ = left();
    }
    static void TearDownTestSuite() { scenario_.reset(); }
    static Scenario& scenario() { return *scenario_; }

    /// Databases and roles of green, and files of the run.
    static std::string left() {
        std::string text;
        for (const auto* sql :
             {"SELECT datname FROM pg_database ORDER BY 1", "SELECT rolname FROM pg_roles ORDER BY 1"}) {
            for (const auto& row : scenario().query("green", "postgres", sql)) {
                text += row + "\n";
            }
        }
        std::error_code ignored;
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(scenario().lab().dir() + "/state", ignored)) {
            const auto name = entry.path().filename().string();
            text += name.find(".dump") != std::string::npos ? name + "\n" : "";
        }
        return text;
    }

    struct Found {
        std::string object, message, fix;
    };
    static std::vector<Found> refused(const support::Run& run) {
        std::vector<Found> found;
        const auto document = run.json();
        for (const auto& one : document.at("findings").as_array()) {
            if (one.at("check").as_string() == "trial-restore") {
                found.push_back({std::string(one.at("object").as_string()),
                                 std::string(one.at("message").as_string()),
                                 std::string(one.at("fix").as_string())});
            }
        }
        return found;
    }

    static std::unique_ptr<Scenario> scenario_;
    static std::string before_;
};
std::unique_ptr<Scenario> TrialRestore::scenario_;
std::string TrialRestore::before_;

bool tried(const support::Run& run) {
    return run.err.find("trying blue's schema of app on green") != std::string::npos;
}

} // namespace

TEST_F(TrialRestore, names_what_green_refuses_and_each_advice_helps) {
    // Both are gone in 17; the third can be restored.
    scenario().query("blue", "app",
                     "GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_get_buf_written_backend() TO reporter");
    scenario().query("blue", "app",
                     "GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_get_buf_fsync_backend() "
                     "TO \"to the moon\"");
    scenario().query("blue", "a/b",
                     "CREATE VIEW public.backends AS SELECT buffers_backend FROM pg_stat_bgwriter");
    scenario().query("blue", "a/b", "CREATE VIEW public.fine AS SELECT 1 AS one");
    const auto run = scenario().pgteal_json({"check"});
    EXPECT_EQ(run.exit_code, 3) << run;
    const auto found = refused(run);
    ASSERT_EQ(found.size(), 3U) << run;
    EXPECT_NE(found[0].object.find("app: ACL FUNCTION \"pg_stat_get_buf_"), std::string::npos)
        << found[0].object;
    EXPECT_NE(found[1].object.find("app: ACL FUNCTION \"pg_stat_get_buf_"), std::string::npos)
        << found[1].object;
    EXPECT_NE(found[2].object.find("a/b: VIEW backends"), std::string::npos) << found[2].object;
    EXPECT_NE(found[2].message.find("buffers_backend"), std::string::npos) << found[2].message;
    EXPECT_EQ(left(), before_);
    // prepare refuses before it touches anything.
    const auto prepare = scenario().pgteal({"prepare"});
    EXPECT_EQ(prepare.exit_code, 3) << prepare;
    EXPECT_EQ(scenario().value("blue", "app", "SELECT to_regnamespace('pgteal') IS NULL"), "t");

    for (const std::size_t i : {0U, 1U}) {
        const std::string lead = "on blue:  REVOKE ";
        ASSERT_EQ(found[i].fix.substr(0, lead.size()), lead) << found[i].fix;
        scenario().query("blue", "app", found[i].fix.substr(10));
    }
    scenario().query("blue", "a/b", "DROP VIEW public.backends");
    const auto mended = scenario().pgteal_json({"check"});
    EXPECT_EQ(mended.exit_code, 0) << mended;
    EXPECT_EQ(refused(mended).size(), 0U) << mended;
    EXPECT_EQ(left(), before_);
}

TEST_F(TrialRestore, is_not_repeated_while_neither_side_changed) {
    scenario().query("blue", "app", "CREATE TABLE public.again (id int PRIMARY KEY)");
    auto run = scenario().pgteal({"check"});
    EXPECT_EQ(run.exit_code, 0) << run;
    EXPECT_TRUE(tried(run)) << run;
    scenario().query("blue", "app", "INSERT INTO public.again VALUES (1)");
    scenario().query("blue", "app", "VACUUM ANALYZE");
    run = scenario().pgteal({"check"});
    EXPECT_FALSE(tried(run)) << run;
    scenario().query("blue", "app", "ALTER TABLE public.again ADD n int");
    run = scenario().pgteal({"check", "--quick"});
    EXPECT_FALSE(tried(run)) << run;
    run = scenario().pgteal({"check"});
    EXPECT_TRUE(tried(run)) << run;
    scenario().query("green", "postgres", "CREATE ROLE another");
    run = scenario().pgteal({"check"});
    EXPECT_TRUE(tried(run)) << run;
    scenario().query("green", "postgres", "DROP ROLE another");
    EXPECT_EQ(left(), before_);
}

TEST_F(TrialRestore, a_killed_check_is_cleared_by_the_next) {
    scenario().query("blue", "app", "CREATE TABLE public.killed (id int PRIMARY KEY)");
    const auto killed = scenario().pgteal({"check"}, kill_at("trial-restore", "made"));
    ASSERT_TRUE(killed.killed()) << killed;
    EXPECT_NE(left(), before_);
    const auto next = scenario().pgteal({"check"});
    EXPECT_EQ(next.exit_code, 0) << next;
    EXPECT_EQ(left(), before_);
}

// And a database whose name is no file's goes over.
TEST_F(TrialRestore, is_followed_by_a_run) {
    const auto prepare = scenario().pgteal({"prepare"}, {}, std::chrono::seconds(200));
    ASSERT_EQ(prepare.exit_code, 0) << prepare;
    const auto cutover = scenario().pgteal({"cutover"}, {}, std::chrono::seconds(200));
    EXPECT_EQ(cutover.exit_code, 0) << cutover;
    EXPECT_EQ(scenario().value("green", "a/b", "SELECT one FROM public.fine"), "1");
}

} // namespace pgteal::support
