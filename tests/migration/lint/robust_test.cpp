// What would break a linter: depth, size, rubbish, and what it can't see into.
#include <chrono>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "migration/lint/world/tree.hpp"
#include "tests/migration/lint/linted.hpp"

namespace pgteal::migration::lint::test {
namespace {

using testing::HasSubstr;

std::string repeated(const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) {
        result += text;
    }
    return result;
}

TEST(LintRobust, DeepExpressionsAreNotAnalysed) {
    for (const std::string& sql :
         {"SELECT 1" + repeated(" + 1", 200'000), "SELECT a" + repeated(" || a", 50'000),
          "SELECT 1" + repeated("::int", 50'000), "SELECT 1" + repeated(" UNION SELECT 1", 20'000),
          "SELECT a" + repeated(".b", 50'000) + " + 1" + repeated(" + 1", 100'000)}) {
        const auto report = linted(sql);
        ASSERT_EQ(report.not_analysed.size(), 1U) << sql.substr(0, 30);
        EXPECT_THAT(report.not_analysed[0].why, HasSubstr("nest too deep"));
    }
}

TEST(LintRobust, ModeratelyDeepOnesAre) {
    EXPECT_TRUE(linted("SELECT 1" + repeated(" + 1", 1000)).not_analysed.empty());
    EXPECT_TRUE(linted("SELECT " + repeated("(", 500) + "1" + repeated(")", 500)).not_analysed.empty());
    EXPECT_EQ(rules_in(linted("ALTER TABLE t ADD CHECK (a > 0" + repeated(" AND a > 0", 700) + ")")),
              "add-check");
}

TEST(LintRobust, ParenthesesWithoutEndAreAnErrorOrNotAnalysed) {
    EXPECT_NO_THROW(static_cast<void>(parse("SELECT " + repeated("(", 100'000))));
    EXPECT_FALSE(parse("SELECT " + repeated("(", 100'000)).root());
}

TEST(LintRobust, ALargeInsertTakesNoMinute) {
    std::string rows = "(1, 'some text, with VALUES (in it)', now())";
    std::string sql = "INSERT INTO shop.orders (id, note, at) VALUES " + rows;
    while (sql.size() < (15U << 20U)) {
        sql += ", " + rows;
    }
    const auto start = std::chrono::steady_clock::now();
    const auto report = linted(sql);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
    EXPECT_EQ(effects_of(report), "shop.orders ROW EXCLUSIVE");
    ASSERT_EQ(report.not_analysed.size(), 1U);
    EXPECT_THAT(report.not_analysed[0].why, HasSubstr("rows were not read"));
    EXPECT_LT(report.not_analysed[0].statement.size(), 200U);
}

TEST(LintRobust, WhatIsLargeAndNoInsertIsNotAnalysed) {
    const auto report = linted("SELECT '" + repeated("x", 2'000'000) + "'");
    ASSERT_EQ(report.not_analysed.size(), 1U);
    EXPECT_THAT(report.not_analysed[0].why, HasSubstr("larger than"));
}

TEST(LintRobust, WhatCannotBeSeenIsNeverClean) {
    for (const char* sql :
         {"DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$", "CALL clean_up()", "SELECT app.rebuild()",
          "ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (b + 1)", "EXECUTE prepared",
          "CREATE EXTENSION citext", "ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID",
          "DROP OWNED BY app",
          "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''DROP TABLE t''; END'",
          "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", "DROP FUNCTION f() CASCADE", "SELEC 1"}) {
        EXPECT_EQ(linted(sql).not_analysed.size(), 1U) << sql;
    }
    EXPECT_TRUE(linted("SELECT count(*), now(), pg_sleep(1) FROM t").not_analysed.empty());
    EXPECT_TRUE(linted("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'")
                    .not_analysed.empty());
}

TEST(LintRobust, ManyStatementsHaveTheirPlaces) {
    std::string sql;
    for (int i = 0; i < 2'000; ++i) {
        sql += "-- DROP TABLE t;\nDROP TABLE t;\n";
    }
    const auto report = linted(sql);
    ASSERT_GE(report.findings.size(), 2'000U);
    EXPECT_EQ(report.findings.back().line, 4'000);
    EXPECT_EQ(report.effects.size(), 2'000U);
}

std::string refusal(const std::string& bytes) {
    try {
        parse_any("some/bad.sql", bytes);
    } catch (const Error& error) {
        return error.what();
    }
    return "taken";
}

TEST(LintFiles, BadOnesNameFileAndLine) {
    EXPECT_EQ(refusal(""), "some/bad.sql: holds no statement");
    EXPECT_THAT(refusal(std::string("SELECT 1;\n\0", 11)), HasSubstr("some/bad.sql:2: a NUL byte"));
    EXPECT_THAT(refusal("SELECT 1;\nSELECT '\xC3\x28'"), HasSubstr("some/bad.sql:2: not valid UTF-8"));
    EXPECT_THAT(refusal("SELECT 1;\nSELECT 'open"), HasSubstr("some/bad.sql:2: "));
    EXPECT_THAT(refusal("SELECT 1;\n\\copy t from 'x'\n"), HasSubstr("some/bad.sql:2: psql command"));
    EXPECT_THAT(refusal("COPY t FROM stdin;\n1\t2\n\\.\n"), HasSubstr("some/bad.sql:1"));
    EXPECT_THAT(refusal("\xFF\xFES\0"), HasSubstr("some/bad.sql:1: the file is UTF-16"));
}

TEST(LintFiles, MarksAndLineEndsDoNotMatter) {
    EXPECT_EQ(rules_in(linted("\xEF\xBB\xBF-- x\r\nDROP TABLE t;\r\n")), "drop-table");
    EXPECT_EQ(find(linted("\xEF\xBB\xBF-- x\r\nDROP TABLE t;\r\n"), "drop-table")->line, 2);
}

TEST(LintFiles, BeginAndCommitAreTaken) {
    const auto file = parse_any("x.sql", "BEGIN;\nDROP TABLE t;\nCOMMIT;");
    EXPECT_EQ(file.statements.size(), 3U);
    EXPECT_FALSE(file.transactional);
}

TEST(LintFiles, OneBadFileDoesNotHideTheNext) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("pgteal-lint-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "good.sql") << "DROP TABLE t;";
    std::ofstream(folder / "bad.sql") << "SELECT 'open";
    const auto sources = read_sources(
        {(folder / "bad.sql").string(), (folder / "missing.sql").string(), (folder / "good.sql").string()});
    std::filesystem::remove_all(folder);
    EXPECT_EQ(sources.files.size(), 1U);
    ASSERT_EQ(sources.unreadable.size(), 2U);
    EXPECT_THAT(sources.unreadable[0].message, HasSubstr("bad.sql:1"));
    EXPECT_THAT(sources.unreadable[1].message, HasSubstr("no such file"));
}

} // namespace
} // namespace pgteal::migration::lint::test
