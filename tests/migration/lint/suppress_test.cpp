// -- pgteal: allow <rule>: reason
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migration/lint/report/report.hpp"
#include "tests/migration/lint/linted.hpp"

namespace pgteal::migration::lint::test {
namespace {

std::string reason(const std::string& sql, const std::string& rule) {
    const auto report = linted(sql);
    const auto* found = find(report, rule);
    return found == nullptr ? "(no such finding)" : found->suppressed;
}

TEST(LintSuppress, AboveTheStatement) {
    const std::string sql =
        "SELECT 1;\n-- pgteal: allow drop-column: nobody reads it\nALTER TABLE t DROP COLUMN a;";
    EXPECT_EQ(reason(sql, "drop-column"), "nobody reads it");
    EXPECT_EQ(rules_in(linted(sql)), "");
    EXPECT_EQ(counts_of(linted(sql)).suppressed, 1);
}

TEST(LintSuppress, AtTheLinesEnd) {
    EXPECT_EQ(reason("ALTER TABLE t DROP COLUMN a; -- pgteal: allow drop-column: unused since 3.1\nSELECT 1",
                     "drop-column"),
              "unused since 3.1");
}

TEST(LintSuppress, InsideTheStatement) {
    EXPECT_EQ(reason("ALTER TABLE t\n  -- pgteal: allow drop-column: unused\n  DROP COLUMN a", "drop-column"),
              "unused");
}

TEST(LintSuppress, SeveralRulesAtOnce) {
    const std::string sql = "-- pgteal: allow set-not-null, drop-column: small table\n"
                            "ALTER TABLE t DROP COLUMN a, ALTER b SET NOT NULL";
    EXPECT_EQ(rules_in(linted(sql)), "");
}

TEST(LintSuppress, TheNextStatementIsNotMeant) {
    EXPECT_EQ(
        reason("-- pgteal: allow drop-column: x\nSELECT 1;\nALTER TABLE t DROP COLUMN a", "drop-column"), "");
}

TEST(LintSuppress, WithoutAReasonItIsAFindingAndHasNoEffect) {
    EXPECT_EQ(rules_in(linted("-- pgteal: allow drop-column\nALTER TABLE t DROP COLUMN a")),
              "drop-column suppression-without-reason");
    EXPECT_EQ(rules_in(linted("-- pgteal: allow drop-column:  \nALTER TABLE t DROP COLUMN a")),
              "drop-column suppression-without-reason");
}

TEST(LintSuppress, UnusedOnesAreSaid) {
    const auto report = linted("-- pgteal: allow drop-column: why not\nSELECT 1");
    EXPECT_EQ(rules_in(report), "suppression-unused");
    EXPECT_EQ(find(report, "suppression-unused")->line, 1);
    EXPECT_EQ(rules_in(linted("SELECT 1;\n-- pgteal: allow drop-column: nothing follows\n")),
              "suppression-unused");
}

TEST(LintSuppress, UnknownRulesAreSaid) {
    EXPECT_EQ(rules_in(linted("-- pgteal: allow drop-colum: typo\nALTER TABLE t DROP COLUMN a")),
              "drop-column suppression-unknown-rule");
}

TEST(LintSuppress, AStringIsNoComment) {
    EXPECT_EQ(rules_in(linted("SELECT '\n-- pgteal: allow drop-column: x\n'; ALTER TABLE t DROP COLUMN a")),
              "drop-column");
    EXPECT_EQ(
        rules_in(linted("SELECT $a$\n-- pgteal: allow drop-column: x\n$a$; ALTER TABLE t DROP COLUMN a")),
        "drop-column");
}

TEST(LintSuppress, WindowsLineEndsAreFine) {
    EXPECT_EQ(reason("-- pgteal: allow drop-column: old\r\nALTER TABLE t DROP COLUMN a;\r\n", "drop-column"),
              "old");
}

} // namespace
} // namespace pgteal::migration::lint::test
