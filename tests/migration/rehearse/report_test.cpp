#include "migration/rehearse/report.hpp"

#include <gmock/gmock.h>

#include "migration/rehearse/relations.hpp"

namespace pgteal::migration::rehearse {
namespace {

using lint::Lock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Measured statement(int line, const std::string& text, double ms) {
    Measured one;
    one.line = line;
    one.statement = text;
    one.time = from_seconds(ms / 1000);
    return one;
}

FileReport file_of(std::vector<Measured> statements) {
    FileReport file;
    file.script = "V1__x.sql";
    file.statements = std::move(statements);
    return file;
}

TEST(Judge, SaysNothingBelowTheLimits) {
    auto one = statement(1, "ALTER TABLE a", 900);
    one.locks.push_back({"public.a", Lock::access_exclusive, std::chrono::milliseconds(1000), false});
    EXPECT_THAT(judge(file_of({one}), Limits{}), IsEmpty());
}

TEST(Judge, FlagsLongStatementsAndLongExclusiveLocks) {
    auto slow = statement(3, "UPDATE a", 61'000);
    slow.locks.push_back({"public.a", Lock::row_exclusive, std::chrono::milliseconds(61'000), false});
    auto locking = statement(7, "ALTER TABLE b", 10);
    locking.locks.push_back({"public.b_pkey", Lock::access_exclusive, std::chrono::milliseconds(5000), true});
    locking.locks.push_back({"public.b", Lock::access_exclusive, std::chrono::milliseconds(5000), false});
    const auto found = judge(file_of({slow, locking}), Limits{});
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found[0].rule, "long-statement");
    EXPECT_EQ(found[0].line, 3);
    EXPECT_THAT(found[0].message, HasSubstr("61 s (long_statement is 60 s)"));
    EXPECT_EQ(found[1].rule, "long-lock");
    EXPECT_EQ(found[1].line, 7);
    EXPECT_THAT(found[1].message, HasSubstr("ACCESS EXCLUSIVE on public.b for 5.0 s"));
}

TEST(Judge, SaysOncePerTableAndWhereTheTimeGoes) {
    auto taker = statement(3, "ALTER TABLE a ADD COLUMN b int", 1);
    taker.locks.push_back({"public.a", Lock::access_exclusive, std::chrono::milliseconds(5001), false});
    auto rewrite = statement(4, "ALTER TABLE a ALTER b TYPE text", 5000);
    rewrite.locks.push_back({"public.a_pkey", Lock::access_exclusive, std::chrono::milliseconds(5000), true});
    rewrite.held_before = {"public.a", Lock::access_exclusive, {}, false};
    taker.transaction = rewrite.transaction = 1;
    auto found = judge(file_of({taker, rewrite}), Limits{});
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].line, 3);
    EXPECT_THAT(found[0].message, HasSubstr("on public.a for 5.0 s, most of it for line 4 ("));
    rewrite.transaction = 2;
    found = judge(file_of({taker, rewrite}), Limits{});
    EXPECT_THAT(found[0].message, HasSubstr("on public.a for 5.0 s (long_lock"));
}

TEST(Judge, SaysWhatWasNotRun) {
    auto one = statement(2, "ALTER SYSTEM SET x = 1", 0);
    one.skipped = "it changes the server";
    const auto found = judge(file_of({one}), Limits{});
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].rule, "not-rehearsed");
}

TEST(Rewritten, NamesTablesAndOnlyElseIndexes) {
    const Relations before{{1, {"public.a", 'r', 10}},
                           {2, {"public.a_pkey", 'i', 20}},
                           {3, {"public.p", 'p', 0}},
                           {4, {"public.s", 'S', 40}}};
    EXPECT_THAT(rewritten(before, before), IsEmpty());
    EXPECT_THAT(rewritten(before, {{1, {"public.a", 'r', 11}}, {2, {"public.a_pkey", 'i', 21}}}),
                ElementsAre("public.a"));
    EXPECT_THAT(rewritten(before, {{2, {"public.a_pkey", 'i', 21}}}), ElementsAre("public.a_pkey"));
    EXPECT_THAT(rewritten(before, {{9, {"public.new", 'r', 90}}, {4, {"public.s", 'S', 41}}}), IsEmpty());
}

TEST(Table, IsAlignedAndEndsEachFileWithItsWayBack) {
    Report report;
    report.database = "app";
    auto one = statement(1, "ALTER TABLE a ADD COLUMN ü int", 1.25);
    one.locks.push_back({"public.a", Lock::access_exclusive, std::chrono::milliseconds(2), false});
    one.locks.push_back({"public.a_pkey", Lock::access_exclusive, std::chrono::milliseconds(2), true});
    one.wal = Bytes{2048};
    auto two = statement(12, "UPDATE a", 100);
    two.rows = 1000;
    report.files.push_back(file_of({one, two}));
    report.files.back().time = from_seconds(101.25 / 1000);
    report.files.back().down = Down::ok;
    const auto lines = table_of(report);
    EXPECT_THAT(
        lines,
        ElementsAre(
            "  where          statement                         ms   strongest lock              held ms   "
            "rewrites   rows       WAL",
            "  V1__x.sql:1    ALTER TABLE a ADD COLUMN ü int   1.2   ACCESS EXCLUSIVE public.a       2.0   "
            "-"
            "             0      2 kB",
            "  V1__x.sql:12   UPDATE a                         100   -                                     "
            "-"
            "          1000   0 bytes",
            "  V1__x.sql: 2 statements, 101 ms, WAL 2 kB; down 0.0 ms, the schema as before; up again 0.0 "
            "ms"));
}

TEST(Table, OfManyStatementsShowsThoseThatMatter) {
    std::vector<Measured> many(1000, statement(1, "INSERT", 0.1));
    many[500] = statement(501, "ALTER TABLE a", 1);
    many[500].locks.push_back({"public.a", Lock::access_exclusive, std::chrono::milliseconds(1), false});
    many[501].rewrites.emplace_back("public.b");
    Report report;
    report.files.push_back(file_of(std::move(many)));
    const auto lines = table_of(report);
    EXPECT_THAT(lines, SizeIs(42));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("V1__x.sql:501")));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("public.b")));
    EXPECT_THAT(lines.back(), HasSubstr("1000 statements (960 not shown)"));
}

TEST(Json, HasTheMeasurements) {
    Report report;
    report.database = "app";
    report.scratch = "pgteal_rehearse_x";
    auto one = statement(4, "ALTER TABLE a", 2);
    one.locks.push_back({"public.a", Lock::share_row_exclusive, std::chrono::milliseconds(3), false});
    one.rewrites.emplace_back("public.a");
    one.wal = Bytes{77};
    report.files.push_back(file_of({one}));
    report.findings.push_back({"down-differs", Level::error, "U1__x.sql", 0, "m", "f"});
    const auto document = to_json(report);
    const auto& file = document.at("files").at(0);
    EXPECT_EQ(file.at("script").as_string(), "V1__x.sql");
    EXPECT_EQ(file.at("down").as_string(), "not run");
    const auto& measured = file.at("statements").at(0);
    EXPECT_EQ(measured.at("line").as_int64(), 4);
    EXPECT_EQ(measured.at("locks").at(0).at("mode").as_string(), "SHARE ROW EXCLUSIVE");
    EXPECT_EQ(measured.at("rewrites").at(0).as_string(), "public.a");
    EXPECT_EQ(measured.at("wal_bytes").as_int64(), 77);
    EXPECT_EQ(findings_json(report).at(0).at("level").as_string(), "error");
    EXPECT_TRUE(report.has_errors());
    EXPECT_THAT(findings_text(report), ElementsAre("  error     U1__x.sql: m", "            f"));
}

} // namespace
} // namespace pgteal::migration::rehearse
