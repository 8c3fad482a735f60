#include "cutover/migrations/preview.hpp"

#include <gmock/gmock.h>

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::Not;

migration::File file(const std::string& script, const std::string& text) {
    return migration::parse_file(script, text);
}

TEST(Preview, FencesAreLongerThanWhatIsInThem) {
    EXPECT_EQ(fence_for("SELECT 1"), "```");
    EXPECT_EQ(fence_for("-- ``` and `` and ````\n"), "`````");
}

TEST(Preview, HoldsTheExactTextAndATable) {
    auto one = file("V1__a|b.sql", "-- why\nALTER TABLE a ADD COLUMN b int;\n-- ```\n");
    one.down = migration::parse_down("U1__a|b.sql", "ALTER TABLE a DROP COLUMN b;");
    auto two = file("V2__c.sql", "CREATE INDEX CONCURRENTLY i ON a(b);");
    migration::lint::Report report;
    migration::lint::Finding finding;
    finding.rule = "some-rule";
    finding.level = migration::lint::Level::error;
    finding.file = "V2__c.sql";
    finding.line = 1;
    finding.why = "it *locks*";
    finding.lock = migration::lint::Lock::share;
    finding.relation = "public.a";
    finding.scan = true;
    finding.fix = "Wait";
    report.findings.push_back(finding);
    two.path = "/migrations/V2__c.sql";
    for (auto& one_finding : report.findings) {
        one_finding.file = two.path;
    }
    finding.file = two.path;
    finding.rule = "other-rule";
    finding.level = migration::lint::Level::info;
    finding.fix = "SELECT 1;\nSELECT 2;";
    report.findings.push_back(finding);
    finding.suppressed = "because";
    finding.rule = "quiet-rule";
    report.findings.push_back(finding);
    const auto text = markdown_of({make_preview("app", {one, two}, report, true)});
    EXPECT_THAT(text,
                HasSubstr("| app: V1\\_\\_a\\|b.sql | expand | 1 | one | U1\\_\\_a\\|b.sql | none |\n"));
    EXPECT_THAT(
        text,
        HasSubstr("| app: V2\\_\\_c.sql | expand | 1 | statement by statement | none | 1 error, 1 info |\n"));
    EXPECT_THAT(text, HasSubstr("````sql\n-- why\nALTER TABLE a ADD COLUMN b int;\n-- ```\n````\n"));
    EXPECT_THAT(text,
                HasSubstr("The way back, U1\\_\\_a\\|b.sql:\n\n```sql\nALTER TABLE a DROP COLUMN b;\n```\n"));
    EXPECT_THAT(text, HasSubstr("- **error** line 1, `some-rule`: it \\*locks\\* (SHARE on public.a, scan)\n"
                                "  - safe form: Wait\n"));
    EXPECT_THAT(text, HasSubstr("  - safe form:\n\n    ```sql\n    SELECT 1;\n    SELECT 2;\n    ```\n"));
    EXPECT_THAT(text, Not(HasSubstr("quiet-rule")));
    EXPECT_THAT(text, HasSubstr("without the database's catalogs"));
    EXPECT_TRUE(text.ends_with("```\n"));
}

TEST(Preview, HashChangesWithEveryByteAndOrder) {
    const auto preview = [](const std::string& database, const std::string& a, const std::string& b) {
        return std::vector<Preview>{
            make_preview(database, {file("V1__a.sql", a), file("V2__b.sql", b)}, {}, true)};
    };
    const auto base = hash_of(preview("app", "SELECT 1;", "SELECT 2;"));
    EXPECT_EQ(base, hash_of(preview("app", "SELECT 1;", "SELECT 2;")));
    EXPECT_NE(base, hash_of(preview("app", "SELECT 1; ", "SELECT 2;")));
    EXPECT_NE(base, hash_of(preview("app", "SELECT 2;", "SELECT 1;")));
    EXPECT_NE(base, hash_of(preview("other", "SELECT 1;", "SELECT 2;")));
}

TEST(Preview, OfNothingSaysSo) { EXPECT_THAT(markdown_of({}), HasSubstr("Nothing is pending")); }

} // namespace
} // namespace pgteal::cutover
