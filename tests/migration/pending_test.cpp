// What has to be applied, given what was.
#include "migration/history.hpp"
#include "tests/migration/refused.hpp"

namespace pgteal::migration {
namespace {

File file(const std::string& version, const std::string& text = "SELECT 1;") {
    return parse_file("V" + version + "__x.sql", text);
}

Applied row(const std::string& version, const std::string& text = "SELECT 1;",
            const std::string& state = "applied") {
    Applied applied;
    applied.version = version;
    applied.script = "V" + version + "__x.sql";
    applied.checksum = checksum(text);
    applied.state = state;
    return applied;
}

std::vector<std::string> versions(const std::vector<File>& files) {
    std::vector<std::string> result;
    result.reserve(files.size());
    for (const auto& each : files) {
        result.push_back(each.version);
    }
    return result;
}

using testing::ElementsAre;

TEST(Pending, IsWhatComesAfterTheNewest) {
    EXPECT_THAT(versions(pending({file("1"), file("2")}, {})), ElementsAre("1", "2"));
    EXPECT_THAT(versions(pending({file("1"), file("1.10"), file("2")}, {row("1"), row("1.10")})),
                ElementsAre("2"));
    EXPECT_TRUE(pending({file("1")}, {row("1")}).empty());
    EXPECT_TRUE(pending({}, {}).empty());
}

TEST(Pending, MatchesVersionsAsNumbers) { EXPECT_TRUE(pending({file("1.0")}, {row("1")}).empty()); }

TEST(Pending, LineEndsAreNoChange) {
    EXPECT_TRUE(
        pending({file("1", "SELECT 1;\r\nSELECT 2;\r\n")}, {row("1", "SELECT 1;\nSELECT 2;\n")}).empty());
}

TEST(Pending, RefusesAChangedFile) {
    expect_error(ErrorCode::migration, "V1__x.sql changed since it was applied", [] {
        pending({file("1", "SELECT 2;"), file("2")}, {row("1")});
    });
}

TEST(Pending, RefusesAMissingFile) {
    expect_error(ErrorCode::migration, "V1__x.sql (version 1) is in the database's history",
                 [] { pending({file("2")}, {row("1")}); });
}

TEST(Pending, RefusesANewFileBelowTheNewest) {
    expect_error(ErrorCode::migration, "out of order", [] {
        pending({file("1"), file("1.5"), file("2")}, {row("1"), row("2")});
    });
}

TEST(Pending, AnUnfinishedFileIsStillToDo) {
    for (const auto* state : {"running", "failed"}) {
        EXPECT_THAT(versions(pending({file("1"), file("2", "SELECT 3;"), file("3")},
                                     {row("1"), row("2", "SELECT 1;", state)})),
                    ElementsAre("2", "3"));
    }
}

} // namespace
} // namespace pgteal::migration
