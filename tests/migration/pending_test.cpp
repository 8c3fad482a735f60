// What has to be applied, given what was.
#include "migration/apply/history.hpp"
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

TEST(Pending, OutOfOrderByPolicy) {
    Policy policy;
    policy.out_of_order = true;
    EXPECT_THAT(versions(pending({file("1"), file("1.5"), file("2")}, {row("1"), row("2")}, policy)),
                ElementsAre("1.5"));
}

TEST(Pending, GapsByPolicy) {
    Policy policy;
    policy.gaps = false;
    EXPECT_EQ(pending({file("1"), file("2"), file("2.5"), file("3")}, {}, policy).size(), 4U);
    EXPECT_EQ(pending({file("1"), file("3")}, {}).size(), 2U);
    expect_error(ErrorCode::migration, "a version is missing: V1__x.sql is followed by V3__x.sql", [&] {
        pending({file("1"), file("3")}, {}, policy);
    });
}

TEST(Pending, ContractFilesWait) {
    const auto later = file("2", "-- pgteal: phase contract\nSELECT 2;");
    Policy contract;
    contract.phase = Phase::contract;
    EXPECT_THAT(versions(pending({file("1"), later, file("3")}, {})), ElementsAre("1", "3"));
    // Below the newest by then, and in order all the same.
    EXPECT_THAT(versions(pending({file("1"), later, file("3")}, {row("1"), row("3")}, contract)),
                ElementsAre("2"));
    EXPECT_TRUE(
        pending({file("1"), later, file("3")}, {row("1"), row("3"), row("2", later.text)}, contract).empty());
    EXPECT_TRUE(pending({file("1"), later, file("3")}, {row("1"), row("3")}).empty());
    expect_error(ErrorCode::migration, "V2__x.sql comes after V1__x.sql, which is not applied", [&] {
        pending({file("1"), later, file("3")}, {}, contract);
    });
    expect_error(ErrorCode::migration, "V2__x.sql changed since it was applied", [&] {
        pending({file("1"), later}, {row("1"), row("2", "-- pgteal: phase contract\nSELECT 3;")});
    });
}

TEST(Pending, RepeatableOnesWhenTheyChanged) {
    const auto view = [](const std::string& text) { return parse_file("R__all_views.sql", text); };
    auto applied = row("", "SELECT 1;");
    applied.repeatable = true;
    applied.name = "all views"; // as Flyway has it
    applied.script = "R__all_views.sql";
    EXPECT_EQ(pending({file("1"), view("SELECT 1;")}, {row("1")}).size(), 1U);
    EXPECT_TRUE(pending({file("1"), view("SELECT 1;")}, {row("1"), applied}).empty());
    EXPECT_EQ(pending({file("1"), view("SELECT 2;")}, {row("1"), applied}).size(), 1U);
    EXPECT_TRUE(pending({file("1")}, {row("1"), applied}).empty()) << "it may be taken away";
    Policy contract;
    contract.phase = Phase::contract;
    EXPECT_TRUE(pending({file("1"), view("SELECT 2;")}, {row("1"), applied}, contract).empty());
}

TEST(Pending, PlainNamesInOrder) {
    const auto plain = [](const std::string& script) {
        return parse_file(script, "SELECT 1;", parse_file_name(script, Naming::plain));
    };
    auto applied = row("001");
    applied.script = "001_a.sql";
    EXPECT_THAT(versions(pending({plain("1_a.sql"), plain("2_b.sql"), plain("init.sql")}, {applied})),
                ElementsAre("2", "init"));
}

TEST(Pending, NotWhatFlywaysBaselineStandsFor) {
    auto baseline = row("2");
    baseline.type = "BASELINE";
    const std::vector<Applied> applied{baseline, row("1.5")};
    EXPECT_TRUE(below_baseline(file("1"), applied));
    EXPECT_TRUE(below_baseline(file("2.0"), applied));
    EXPECT_FALSE(below_baseline(file("1.5"), applied)) << "it has a row of its own";
    EXPECT_FALSE(below_baseline(file("3"), applied));
    EXPECT_FALSE(below_baseline(file("1"), {row("2")}));
    EXPECT_EQ(pending({file("1"), file("1.5"), file("2"), file("3")}, applied).size(), 1U);
}

TEST(Pending, FlywaysPlaceholdersAreRefused) {
    const auto with = file("1", "SELECT 1;\nSELECT 2,\n '${flyway:defaultSchema}.t';");
    Policy policy;
    policy.placeholders = false;
    expect_error(ErrorCode::migration, "V1__x.sql:3: placeholder ${flyway:defaultSchema}",
                 [&] { pending({with}, {}, policy); });
    EXPECT_EQ(pending({file("1", "SELECT 'a{2}${' ~ '^\\d${1}';")}, {}, policy).size(), 1U);
    EXPECT_TRUE(pending({with}, {row("1", with.text)}, policy).empty());
    EXPECT_EQ(pending({with}, {}).size(), 1U);
}

TEST(Pending, TemplatesAreRefusedAndArraysAreNot) {
    Policy policy;
    policy.placeholders = false;
    expect_error(ErrorCode::migration, "V1__x.sql:2: {{ schema }} is a template's",
                 [&] { pending({file("1", "SELECT 1;\nCREATE TABLE {{ schema }}.t ();")}, {}, policy); });
    EXPECT_EQ(pending({file("1", "SELECT '{{a,b},{c,d}}'::text[];")}, {}, policy).size(), 1U);
}

TEST(MissingHere, IsWhatTheOtherSideHasMore) {
    EXPECT_THAT(missing_here({row("1")}, {row("1.0"), row("2")}), ElementsAre("V2__x.sql"));
    EXPECT_TRUE(missing_here({row("1"), row("2")}, {row("1")}).empty());
    EXPECT_TRUE(missing_here({}, {row("1", "SELECT 1;", "failed")}).empty());
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
