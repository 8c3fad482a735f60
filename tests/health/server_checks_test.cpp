#include "health/checks/server_checks.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

TEST(ServerChecks, two_healthy_servers_pass_all) {
    const auto b = blue();
    const auto g = green();
    const Sides sides{&b, &g};
    expect_ok(check_different_servers(b, g));
    expect_ok(check_versions(b, g));
    expect_ok(check_recovery(sides));
    expect_ok(check_privileges(sides));
    expect_ok(check_role_replication(sides));
    expect_ok(check_wal_level(sides));
    expect_ok(check_slots(sides, {2, false}));
    expect_ok(check_senders(sides, {2, false}));
    expect_ok(check_workers(sides, {2, false}));
    expect_ok(check_origins(sides, {2, false}));
    expect_ok(check_slot_retention(sides));
    expect_ok(check_synchronous_standbys({&g}));
    expect_ok(check_dump(b, g, 150020));
}

TEST(ServerChecks, one_server_behind_two_dsns_is_refused) {
    const auto b = blue();
    auto g = green();
    g.identity.system_identifier = b.identity.system_identifier;
    const auto finding = only(check_different_servers(b, g), Level::error, "green");
    EXPECT_THAT(finding.message, HasSubstr("7001"));
}

TEST(ServerChecks, versions_outside_what_works) {
    EXPECT_THAT(only(check_versions(healthy("blue", 120022), green()), Level::error, "blue").message,
                HasSubstr("12.22"));
    EXPECT_THAT(only(check_versions(blue(), healthy("green", 140023)), Level::error, "green").message,
                HasSubstr("older than blue"));
    only(check_versions(blue(), healthy("green", 190000)), Level::warning, "green");
    expect_ok(check_versions(blue(), healthy("green", 150008)));
}

TEST(ServerChecks, a_standby_is_refused) {
    auto g = green();
    g.identity.in_recovery = true;
    EXPECT_THAT(only(check_recovery({&g}), Level::error, "green").fix, HasSubstr("pg_promote"));
}

TEST(ServerChecks, a_plain_role_is_refused_with_the_statement_that_mends_it) {
    auto b = blue();
    b.identity.superuser = false;
    EXPECT_EQ(only(check_privileges({&b}), Level::error, "blue").fix, "ALTER ROLE \"pgteal\" SUPERUSER;");
    EXPECT_EQ(only(check_role_replication({&b}), Level::error, "blue").fix,
              "ALTER ROLE \"pgteal\" REPLICATION;");
    b.usage.may_replicate = true;
    expect_ok(check_role_replication({&b}));
}

TEST(ServerChecks, wal_level_is_wanted_on_both_sides) {
    auto b = blue();
    auto g = green();
    b.settings["wal_level"] = "replica";
    g.settings["wal_level"] = "replica";
    const auto result = check_wal_level({&b, &g});
    ASSERT_EQ(result.findings.size(), 2U);
    EXPECT_EQ(result.findings[0].side, "blue");
    EXPECT_EQ(result.findings[1].side, "green");
    EXPECT_THAT(result.findings[1].message, HasSubstr("no way back"));
    EXPECT_THAT(result.findings[0].fix, HasSubstr("restart blue"));
}

TEST(ServerChecks, the_last_free_slot_counts) {
    auto b = blue();
    b.usage.slots = 18;
    expect_ok(check_slots({&b}, {2, false}));
    EXPECT_EQ(check_slots({&b}, {2, false}).summary, "slots on blue 18 of 20 used");
    const auto finding = only(check_slots({&b}, {3, false}), Level::error, "blue");
    EXPECT_EQ(finding.object, "max_replication_slots");
    EXPECT_EQ(finding.fix, "ALTER SYSTEM SET max_replication_slots = 25;  then restart blue.");
}

TEST(ServerChecks, a_run_under_way_does_not_stand_in_its_own_way) {
    auto b = blue();
    b.usage = {20, 4, 20, 4, 20, 4, 20, 4, 38, true};
    const Sides sides{&b};
    for (const auto& result : {check_slots(sides, {4, true}), check_senders(sides, {4, true}),
                               check_workers(sides, {4, true}), check_origins(sides, {4, true})}) {
        expect_ok(result);
    }
    for (const auto& result : {check_slots(sides, {4, false}), check_senders(sides, {4, false}),
                               check_origins(sides, {4, false})}) {
        only(result, Level::error, "blue");
    }
    EXPECT_EQ(check_workers(sides, {4, false}).findings.size(), 2U) << "apply workers and worker processes";
}

TEST(ServerChecks, origins_have_a_limit_of_their_own_from_18) {
    auto g = healthy("green", 180004);
    g.settings["max_active_replication_origins"] = "10";
    g.usage.origins = 9;
    EXPECT_EQ(only(check_origins({&g}, {2, false}), Level::error, "green").object,
              "max_active_replication_origins");
    expect_ok(check_origins({&g}, {1, false}));
}

TEST(ServerChecks, slots_that_may_be_thrown_away) {
    auto b = healthy("blue", 180004);
    b.settings["max_slot_wal_keep_size"] = "64";
    EXPECT_THAT(only(check_slot_retention({&b}), Level::warning, "blue").message, HasSubstr("64 MB"));
    b.settings["max_slot_wal_keep_size"] = "65536";
    expect_ok(check_slot_retention({&b}));
    b.settings["max_slot_wal_keep_size"] = "-1";
    EXPECT_THAT(only(check_slot_retention({&b}), Level::warning, "blue").message, HasSubstr("disk is full"));
    b.settings["max_slot_wal_keep_size"] = "65536";
    b.settings["idle_replication_slot_timeout"] = "3600";
    only(check_slot_retention({&b}), Level::warning, "blue");
}

TEST(ServerChecks, a_lane_is_no_synchronous_standby) {
    auto b = blue();
    b.usage.synchronous = 1;
    for (const auto* names : {"*", "ANY 1 (*)", "FIRST 1 (a, *)"}) {
        b.settings["synchronous_standby_names"] = names;
        b.standby_names = {"second", "first one", "second"};
        const auto finding = only(check_synchronous_standbys({&b}), Level::error, "blue");
        EXPECT_THAT(finding.message, HasSubstr("lanes"));
        EXPECT_THAT(finding.fix, HasSubstr(" 1 (\"first one\", \"second\")';  SELECT pg_reload_conf();"));
    }
    b.settings["synchronous_standby_names"] = "FIRST 1 (\"*\")";
    expect_ok(check_synchronous_standbys({&b}));
}

TEST(ServerChecks, synchronous_standbys_of_green_are_mentioned) {
    auto g = green();
    g.settings["synchronous_standby_names"] = "ANY 1 (a, b)";
    g.usage.synchronous = 2;
    EXPECT_THAT(only(check_synchronous_standbys({&g}), Level::info, "green").message,
                HasSubstr("ANY 1 (a, b)"));
}

TEST(ServerChecks, synchronous_standbys_that_are_not_there_would_hang_every_commit) {
    auto b = blue();
    b.settings["synchronous_standby_names"] = "FIRST 2 (s1, s2)";
    b.usage.synchronous = 1;
    EXPECT_THAT(only(check_synchronous_standbys({&b}), Level::error, "blue").message, HasSubstr("hang"));
    b.usage.synchronous = 2;
    expect_ok(check_synchronous_standbys({&b}));
    EXPECT_EQ(standbys_wanted(""), 0);
    EXPECT_EQ(standbys_wanted("s2, s3"), 1);
    EXPECT_EQ(standbys_wanted("3 (a, b, c, d)"), 3);
    EXPECT_EQ(standbys_wanted("*"), 1);
}

TEST(ServerChecks, settings_that_change_values_on_their_way_are_refused) {
    const auto b = blue();
    auto g = green();
    DatabaseFacts database;
    database.name = "app";
    database.settings = {{"array_nulls", "on"}, {"xmloption", "content"}};
    expect_ok(check_lane_settings(b, &g, {database}));
    database.settings["array_nulls"] = "off";
    const auto found = only(check_lane_settings(b, &g, {database}), Level::error, "blue");
    EXPECT_THAT(found.message, HasSubstr("array_nulls"));
    EXPECT_THAT(found.fix, HasSubstr("SET array_nulls = on"));
    database.settings["array_nulls"] = "on";
    g.settings["xmloption"] = "document";
    EXPECT_THAT(only(check_lane_settings(b, &g, {database}), Level::error, "green").message,
                HasSubstr("xmloption"));
}

TEST(ServerChecks, pg_dump_must_read_blue_and_should_suit_green) {
    EXPECT_EQ(only(check_dump(blue(), green(), 0), Level::error, "").fix, "apt install postgresql-client-17");
    EXPECT_THAT(only(check_dump(blue(), green(), 140010), Level::error, "").message, HasSubstr("14.10"));
    only(check_dump(blue(), green(), 180001), Level::warning, "");
    expect_ok(check_dump(blue(), green(), 170010));
}

} // namespace
} // namespace pgteal::health
