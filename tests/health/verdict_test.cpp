#include "health/facts/verdict.hpp"

#include "facts_fixture.hpp"
#include "health/checks/preflight.hpp"
#include "health/checks/reach.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

CheckResult with(CheckId check, std::vector<Level> levels) {
    CheckResult result{check, {}, ""};
    for (const auto level : levels) {
        add(result, level, "blue", "", "what. why.");
    }
    return result;
}

TEST(Order, errors_come_first_and_equals_keep_their_place) {
    std::vector<CheckResult> results{with("slots", {}),
                                     with("senders", {Level::info, Level::warning}),
                                     with("versions", {Level::info}),
                                     with("peers", {Level::warning, Level::error}),
                                     with("jobs", {Level::warning}),
                                     with("disk", {Level::error})};
    const auto sorted = order(results);
    std::vector<std::string> names;
    for (const auto& result : sorted) {
        names.push_back(result.check);
    }
    EXPECT_THAT(names, ElementsAre("peers", "disk", "senders", "jobs", "slots", "versions"));
    EXPECT_EQ(sorted[0].findings[0].level, Level::error) << "within a check too";
}

TEST(Verdict, twenty_findings_are_shown_and_the_worst_stay) {
    auto result = with("triggers", std::vector<Level>(30, Level::warning));
    result.findings.back().level = Level::error;
    const auto shown = limited(result);
    ASSERT_EQ(shown.findings.size(), 21U);
    EXPECT_EQ(shown.findings[0].level, Level::error);
    EXPECT_THAT(shown.findings[20].message, HasSubstr("10 more"));
    EXPECT_EQ(limited(with("triggers", std::vector<Level>(20, Level::error))).findings.size(), 20U);
}

TEST(Verdict, words_for_people) {
    EXPECT_EQ(to_string(Level::info), "info");
    EXPECT_EQ(to_string(Level::warning), "warning");
    EXPECT_EQ(to_string(Level::error), "error");
    EXPECT_EQ(count_of(1, "table"), "1 table");
    EXPECT_EQ(count_of(0, "table"), "0 tables");
    EXPECT_EQ(list_of({"a", "b", "c"}, 2), "a, b and 1 more");
    EXPECT_EQ(seconds_text(from_seconds(3)), "3 s");
    EXPECT_EQ(seconds_text(from_seconds(0.5)), "0.5 s");
    EXPECT_EQ(seconds_text(from_seconds(1.96)), "2 s");
    EXPECT_EQ(seconds_text(from_seconds(492)), "8 m 12 s");
}

TEST(Reach, each_reason_has_its_own_fix) {
    EXPECT_EQ(
        reach_fix("green", "",
                  "FATAL:  no pg_hba.conf entry for host \"10.0.0.1\", user \"my all\", database \"a\""),
        "on green, first in its pg_hba.conf:  host  all  \"my all\"  10.0.0.1/32  scram-sha-256   then "
        "SELECT pg_reload_conf();");
    EXPECT_THAT(
        reach_fix("green", "", "FATAL:  pg_hba.conf rejects connection for host \"[local]\", user \"all\""),
        HasSubstr(":  local  all  \"all\"  scram-sha-256  "));
    EXPECT_THAT(reach_fix("green", "", "FATAL:  pg_hba.conf rejects connection for host \"::1\", user \"a\""),
                HasSubstr("  ::1/128  "));
    EXPECT_THAT(reach_fix("blue", "pgteal", "password authentication failed for user \"pgteal\""),
                HasSubstr("password of role pgteal"));
    EXPECT_THAT(reach_fix("blue", "pgteal", "Connection refused"), HasSubstr("Start blue"));
    EXPECT_THAT(reach_fix("blue", "pgteal", "FATAL: role \"pgteal\" does not exist"),
                HasSubstr("on blue:  CREATE ROLE \"pgteal\" LOGIN"));
    EXPECT_THAT(reach_fix("blue", "pgteal", "timeout"), HasSubstr("[blue] dsn"));
}

TEST(Reach, an_unreachable_side_is_one_finding) {
    SideOutcome good{"blue", "10.0.0.5:5432", "pgteal", blue(), ""};
    SideOutcome bad{"green", "10.0.0.9:5432", "pgteal", std::nullopt,
                    "Connection refused\n\tIs the server running?\n"};
    const auto finding = only(check_reachable({good, bad}), Level::error, "green");
    EXPECT_THAT(finding.message,
                HasSubstr("green (10.0.0.9:5432) can't be used: Connection refused. Nothing"));
    EXPECT_EQ(check_reachable({good}).summary, "blue 10.0.0.5:5432");
}

TEST(Reach, a_peer_that_fails_names_both_sides_and_the_direction) {
    const auto forward =
        only(check_peers({{"green", "blue", "10.0.0.5:5432", "Connection refused"}}), Level::error, "green");
    EXPECT_EQ(forward.object, "green to blue");
    EXPECT_THAT(forward.message, HasSubstr("Green could not follow blue"));
    const auto back =
        only(check_peers({{"blue", "green", "10.0.0.9:5432", "Connection refused"}}), Level::error, "blue");
    EXPECT_THAT(back.message, HasSubstr("no way back"));
    EXPECT_THAT(back.fix, HasSubstr("peer_dsn in [green]"));
    expect_ok(check_peers({{"green", "blue", "10.0.0.5:5432", ""}}));
}

TEST(Reach, secrets_are_taken_out_of_what_a_server_says) {
    const std::string conninfo = "host=a password='s3 cret' user=u";
    EXPECT_EQ(without_secrets("bad: host=a password='s3 cret', s3 cret", conninfo),
              "bad: host=a password='***', ***");
    EXPECT_THAT(without_secrets("whatever hunter2", "host='a password=hunter2"), Not(HasSubstr("hunter2")));
}

} // namespace
} // namespace pgteal::health
