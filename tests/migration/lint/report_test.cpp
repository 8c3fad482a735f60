// The forms of a report, read back.
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migration/lint/report/report.hpp"
#include "tests/migration/lint/linted.hpp"

namespace pgteal::migration::lint::test {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr const char* sql =
    "SELECT 1;\n\nALTER TABLE shop.orders\n  ADD COLUMN token uuid DEFAULT gen_random_uuid();\n"
    "DO $$ BEGIN END $$;\nALTER TABLE shop.orders DROP COLUMN a; -- pgteal: allow "
    "drop-column: gone, \"really\"\n";

Report sample() { return lint({parse_any("dir with space/m,1.sql", sql)}, nullptr, {}); }

json::value read_back(const json::object& document) { return json::parse(json::serialize(document)); }

TEST(LintReport, JsonHasTheFixedKeys) {
    const auto document = read_back(report_json(sample()));
    const auto& findings = document.at("findings").as_array();
    const auto found = std::find_if(findings.begin(), findings.end(), [](const auto& one) {
        return one.at("rule") == "add-column-volatile-default";
    });
    ASSERT_NE(found, findings.end());
    EXPECT_EQ(found->at("level"), "error");
    EXPECT_EQ(found->at("file"), "dir with space/m,1.sql");
    EXPECT_EQ(found->at("line"), 4);
    EXPECT_EQ(found->at("column"), 14);
    EXPECT_EQ(found->at("lock"), "ACCESS EXCLUSIVE");
    EXPECT_EQ(found->at("relation"), "shop.orders");
    EXPECT_EQ(found->at("rewrite"), true);
    for (const char* key :
         {"statement", "in_place", "on_green", "fix", "why", "scan", "forward", "reverse"}) {
        EXPECT_TRUE(found->as_object().contains(key)) << key;
    }
    EXPECT_EQ(document.at("not_analysed").as_array().size(), 1U);
    EXPECT_EQ(document.at("not_analysed").at(0).at("line"), 5);
    EXPECT_TRUE(document.at("unknown").is_array());
    EXPECT_EQ(document.at("errors"), 1);
}

TEST(LintReport, SarifHasRulesResultsAndSuppressions) {
    const auto document = read_back(report_sarif(sample()));
    EXPECT_EQ(document.at("version"), "2.1.0");
    const auto& run = document.at("runs").at(0);
    std::vector<std::string> ids;
    for (const auto& rule : run.at("tool").at("driver").at("rules").as_array()) {
        ids.emplace_back(rule.at("id").as_string());
    }
    bool suppressed = false;
    for (const auto& result : run.at("results").as_array()) {
        EXPECT_THAT(ids, testing::Contains(std::string(result.at("ruleId").as_string())));
        const auto level = result.at("level").as_string();
        EXPECT_TRUE(level == "error" || level == "warning" || level == "note") << level;
        EXPECT_FALSE(result.at("message").at("text").as_string().empty());
        const auto& place = result.at("locations").at(0).at("physicalLocation");
        EXPECT_EQ(place.at("artifactLocation").at("uri"), "dir%20with%20space/m%2C1.sql");
        EXPECT_GE(place.at("region").at("startLine").as_int64(), 1);
        if (result.as_object().contains("suppressions")) {
            suppressed = true;
            EXPECT_EQ(result.at("suppressions").at(0).at("justification"), "gone, \"really\"");
        }
    }
    EXPECT_TRUE(suppressed);
}

TEST(LintReport, GithubAnnotationsAreEscaped) {
    const auto text = report_github(sample());
    EXPECT_THAT(text, HasSubstr("::error file=dir with space/m%2C1.sql,line=4,col=14,"
                                "title=add-column-volatile-default::"));
    EXPECT_THAT(text, HasSubstr("%0A"));
    EXPECT_THAT(text, Not(HasSubstr("title=drop-column")));
    EXPECT_THAT(text, HasSubstr("::notice file=dir with space/m%2C1.sql,line=5,title=not analysed::"));
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        EXPECT_EQ(text.compare(at, 2, "::"), 0);
    }
}

TEST(LintReport, PeopleReadTheLockTheReasonAndTheFix) {
    const auto text = report_text(sample());
    EXPECT_THAT(text, HasSubstr("dir with space/m,1.sql:4:14  add-column-volatile-default"));
    EXPECT_THAT(text, HasSubstr("lock      ACCESS EXCLUSIVE on shop.orders, rewrites it"));
    EXPECT_THAT(text, HasSubstr("ALTER TABLE shop.orders ALTER COLUMN token SET DEFAULT gen_random_uuid();"));
    EXPECT_THAT(text, HasSubstr("allowed"));
    EXPECT_THAT(text, HasSubstr("not analysed: a DO block"));
    EXPECT_THAT(text, HasSubstr("4 statements: 1 error, 0 warnings"));
}

TEST(LintReport, AnEmptyOneSaysSo) {
    EXPECT_EQ(report_text({}), "0 statements: 0 errors, 0 warnings, 0 to know. Nothing was changed.\n");
    EXPECT_EQ(report_github({}), "");
    EXPECT_TRUE(read_back(report_json({})).at("findings").as_array().empty());
    EXPECT_TRUE(read_back(report_sarif({})).at("runs").at(0).at("results").as_array().empty());
}

TEST(LintReport, ColumnsCountCharacters) {
    const auto report = linted("ALTER TABLE \"é\" DROP COLUMN \"ü\", ADD CHECK (a > 0)");
    ASSERT_NE(find(report, "add-check"), nullptr);
    EXPECT_EQ(find(report, "add-check")->column, 38);
    EXPECT_EQ(find(report, "drop-column")->column, 29);
}

TEST(LintReport, NamesThatNeedItAreQuotedInFixes) {
    const auto report = linted("ALTER TABLE \"Shop\".\"user\" ALTER \"Total\" SET NOT NULL");
    ASSERT_NE(find(report, "set-not-null"), nullptr);
    EXPECT_THAT(
        find(report, "set-not-null")->fix,
        HasSubstr("ALTER TABLE \"Shop\".\"user\" ADD CONSTRAINT \"user_Total_not_null\" CHECK (\"Total\" "
                  "IS NOT NULL) NOT VALID;"));
}

TEST(LintReport, FixesCanBeRead) {
    // What is offered as SQL has to be SQL, dots aside.
    for (const char* one :
         {"CREATE UNIQUE INDEX i ON t (a, lower(b)) WHERE c", "ALTER TABLE t ADD CHECK (a > ')')",
          "ALTER TABLE t ADD UNIQUE (a, b)", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o (b)",
          "ALTER TABLE t ADD PRIMARY KEY (a)", "DROP INDEX i", "ALTER TABLE t ALTER a SET NOT NULL",
          "REINDEX TABLE t", "ALTER TABLE t ADD COLUMN c int REFERENCES o (id) DEFAULT 1",
          "ALTER TABLE t ADD COLUMN c int CHECK (c > 0)"}) {
        for (const auto& finding : linted(one).findings) {
            if (finding.rule.starts_with("stream-")) {
                continue; // advice in words
            }
            const auto again = linted(finding.fix);
            EXPECT_TRUE(again.not_analysed.empty()) << one << "\n" << finding.fix;
        }
    }
}

} // namespace
} // namespace pgteal::migration::lint::test
