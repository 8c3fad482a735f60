#include "cutover/checks/trial_restore.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::cutover {
namespace {

using ::testing::HasSubstr;

TrialRestore of(std::vector<postgres::Complaint> complaints) {
    TrialRestore trial;
    trial.database = "app";
    trial.complaints = std::move(complaints);
    return trial;
}

std::string fix(const std::string& grant) {
    return judge_trials({of({{"ACL FUNCTION f() owner", "function f() does not exist", grant}})}, {})
        .findings.at(0)
        .fix;
}

TEST(JudgeTrials, a_grant_is_taken_back) {
    EXPECT_EQ(fix("GRANT ALL ON FUNCTION \"pg_catalog\".\"f\"() TO \"reader\";"),
              "on blue:  REVOKE ALL ON FUNCTION \"pg_catalog\".\"f\"() FROM \"reader\";");
    EXPECT_EQ(fix("GRANT ALL ON FUNCTION \"pg_catalog\".\"f\"() TO \"reader\" WITH GRANT OPTION;"),
              "on blue:  REVOKE ALL ON FUNCTION \"pg_catalog\".\"f\"() FROM \"reader\";");
    // Which TO it is can't be told without parsing.
    EXPECT_THAT(fix("GRANT ALL ON FUNCTION \"pg_catalog\".\"f\"() TO \"ready TO go\";"),
                HasSubstr("change or drop it"));
}

TEST(JudgeTrials, can_be_accepted_and_says_what_was_not_tried) {
    auto trial = of({{"VIEW v owner", "column x does not exist", ""}});
    EXPECT_EQ(judge_trials({trial}, {}).findings.at(0).level, health::Level::error);
    EXPECT_EQ(judge_trials({trial}, {"trial-restore"}).findings.at(0).level, health::Level::warning);
    trial = of({});
    EXPECT_TRUE(judge_trials({trial}, {}).findings.empty());
    trial.problem = "no pg_dump";
    EXPECT_EQ(judge_trials({trial}, {}).findings.at(0).level, health::Level::warning);
}

TEST(JudgeTrials, an_extension_with_a_database_of_its_own_is_no_complaint) {
    const auto trial = of({{"EXTENSION pg_cron", "can only create extension in database app", ""},
                           {"COMMENT EXTENSION pg_cron", "extension \"pg_cron\" does not exist", ""},
                           {"ACL SCHEMA cron owner", "schema \"cron\" does not exist", ""},
                           {"VIEW v owner", "column x does not exist", ""}});
    const auto result = judge_trials({trial}, {});
    ASSERT_EQ(result.findings.size(), 1U);
    EXPECT_THAT(result.findings.at(0).object, HasSubstr("VIEW v"));
}

} // namespace
} // namespace pgteal::cutover
