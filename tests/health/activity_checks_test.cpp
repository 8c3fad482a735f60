#include "health/checks/activity_checks.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

const std::vector<std::string> databases{"app"};

SessionRow session(const std::string& database, bool ours) {
    SessionRow row;
    row.pid = 4711;
    row.role = "etl";
    row.application = "nightly";
    row.database = database;
    row.ours = ours;
    return row;
}

TEST(ActivityChecks, quiet_servers_pass_all) {
    const auto b = blue();
    const auto g = green();
    const Sides sides{&b, &g};
    expect_ok(check_prepared_transactions(sides, databases));
    expect_ok(check_long_transactions(sides, std::chrono::seconds(5)));
    expect_ok(check_superuser_sessions(b));
    expect_ok(check_role_settings(sides));
    expect_ok(check_other_subscriptions(sides, databases, false));
    expect_ok(check_other_slots(b, databases));
    expect_ok(check_jobs(b, app()));
    expect_ok(check_leftovers(sides, false));
}

TEST(ActivityChecks, prepared_transactions_write_past_the_fence) {
    auto b = blue();
    b.prepared = {{"tx1", "app", "etl", std::chrono::seconds(492)}};
    const auto finding = only(check_prepared_transactions({&b}, databases), Level::error, "blue");
    EXPECT_THAT(finding.message, HasSubstr("8 m 12 s"));
    EXPECT_THAT(finding.message, HasSubstr("fence"));
    EXPECT_THAT(finding.fix, HasSubstr("ROLLBACK PREPARED 'tx1'"));
    b.prepared[0].database = "elsewhere";
    EXPECT_THAT(only(check_prepared_transactions({&b}, databases), Level::error, "blue").message,
                HasSubstr("Making a slot"));
    b.prepared.clear();
    b.settings["max_prepared_transactions"] = "10";
    only(check_prepared_transactions({&b}, databases), Level::info, "blue");
}

TEST(ActivityChecks, long_transactions_matter_where_they_hold_something_up) {
    auto b = blue();
    auto g = green();
    auto old = session("app", true);
    old.age = std::chrono::seconds(492);
    old.is_long = true;
    b.sessions = {old};
    const auto finding =
        only(check_long_transactions({&b, &g}, std::chrono::seconds(5)), Level::warning, "blue");
    EXPECT_THAT(finding.message,
                HasSubstr("pid 4711 (role etl, app \"nightly\") holds a transaction open for 8 m 12 s"));
    EXPECT_EQ(finding.fix, "SELECT pg_terminate_backend(4711);");

    b.sessions[0].is_long = false;
    expect_ok(check_long_transactions({&b, &g}, std::chrono::seconds(5)));

    b.sessions[0] = old;
    b.sessions[0].ours = false;
    expect_ok(check_long_transactions({&b, &g}, std::chrono::seconds(5)));
    b.sessions[0].has_xid = true;
    EXPECT_THAT(
        only(check_long_transactions({&b, &g}, std::chrono::seconds(5)), Level::warning, "blue").message,
        HasSubstr("slot on blue"));

    b.sessions.clear();
    g.sessions = {old};
    expect_ok(check_long_transactions({&b, &g}, std::chrono::seconds(5)));
    g.sessions[0].has_xid = true;
    only(check_long_transactions({&b, &g}, std::chrono::seconds(5)), Level::warning, "green");
}

TEST(ActivityChecks, superusers_in_the_runs_databases_are_named) {
    auto b = blue();
    b.sessions = {session("app", true), session("postgres", false)};
    expect_ok(check_superuser_sessions(b));
    b.sessions[0].superuser = true;
    b.sessions[1].superuser = true;
    EXPECT_EQ(only(check_superuser_sessions(b), Level::warning, "blue").object, "app: pid 4711");
}

TEST(ActivityChecks, roles_that_opt_out_of_the_fence) {
    auto b = blue();
    b.role_settings = {{"Etl", "", "\"Etl\"", ""}};
    EXPECT_EQ(only(check_role_settings({&b}), Level::error, "blue").fix,
              "ALTER ROLE \"Etl\" RESET default_transaction_read_only;");
    b.role_settings = {{"etl", "app", "etl", "app"}};
    EXPECT_EQ(only(check_role_settings({&b}), Level::error, "blue").fix,
              "ALTER ROLE etl IN DATABASE app RESET default_transaction_read_only;");
}

TEST(ActivityChecks, other_subscriptions_write_past_the_fence) {
    auto b = blue();
    b.subscriptions = {{"feed", "app", true, false}, {"feed", "elsewhere", true, false}};
    EXPECT_EQ(only(check_other_subscriptions({&b}, databases, false), Level::error, "blue").object,
              "app: feed");
    b.subscriptions = {{"feed", "app", false, false}};
    only(check_other_subscriptions({&b}, databases, false), Level::warning, "blue");
    b.subscriptions = {{"pgteal_r_app_1_green", "app", true, true}};
    only(check_other_subscriptions({&b}, databases, false), Level::error, "blue");
    expect_ok(check_other_subscriptions({&b}, databases, true));
}

TEST(ActivityChecks, slots_of_others_do_not_move) {
    auto b = blue();
    b.slots = {{"debezium", "logical", "app", "pgoutput", true, false},
               {"other", "logical", "elsewhere", "pgoutput", true, false},
               {"pgteal_r_app_1_blue", "logical", "app", "pgoutput", true, true},
               {"standby1", "physical", "", "", true, false}};
    const auto result = check_other_slots(b, databases);
    ASSERT_EQ(result.findings.size(), 2U);
    EXPECT_EQ(result.findings[0].level, Level::warning);
    EXPECT_EQ(result.findings[0].object, "app: debezium");
    EXPECT_EQ(result.findings[1].level, Level::info);
    EXPECT_THAT(result.findings[1].message, HasSubstr("standby1"));
}

TEST(ActivityChecks, job_schedulers_are_named) {
    auto b = blue();
    auto inside = app();
    inside[0].extensions.push_back({"pg_cron", "1.6", true});
    EXPECT_EQ(only(check_jobs(b, inside), Level::warning, "blue").object, "app: pg_cron");
    b.settings["shared_preload_libraries"] = "auto_explain, pg_cron";
    only(check_jobs(b, app()), Level::warning, "blue");
}

TEST(ActivityChecks, leftovers_of_an_ended_run) {
    auto g = green();
    g.slots = {{"pgteal_old_app_1_green", "logical", "app", "pgoutput", false, true}};
    EXPECT_THAT(only(check_leftovers({&g}, false), Level::warning, "green").fix,
                HasSubstr("pg_drop_replication_slot('pgteal_old_app_1_green')"));
    expect_ok(check_leftovers({&g}, true));
}

} // namespace
} // namespace pgteal::health
