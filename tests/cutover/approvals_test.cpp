#include "cutover/record/approvals.hpp"

#include <filesystem>
#include <fstream>

#include "cutover/config/views.hpp"
#include "cutover/record/digest.hpp"
#include "cutover/record/names.hpp"
#include "cutover/record/progress.hpp"
#include "cutover/record/whoami.hpp"
#include "tests/cutover/events.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using toys::error_of;
using toys::Folder;

Subject subject(const std::string& config, std::map<std::string, std::string> files = {}) {
    return Subject{config, std::move(files)};
}

Approval approval(const std::string& name, const Subject& what,
                  const std::string& at = "2026-11-21T12:00:00Z") {
    return {name, at, "op@ctl", what};
}

TEST(Digest, IsSha256) {
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Names, AreTrimmedAndFolded) {
    EXPECT_EQ(clean_name("  Ada \t Lovelace\u00a0 "), "Ada Lovelace");
    EXPECT_EQ(folded("ADA Éliane Жук"), folded("ada éliane жук"));
    EXPECT_NE(folded("Ada"), folded("Adam"));
    EXPECT_EQ(clean_name("李 雷"), "李 雷");
}

TEST(Names, ThatCantBeReadAreRefused) {
    for (const auto* name : {"", "   ", "\xff", "Ada\nBob", "Ada\x1b[31m", "Ada\u200b", "Ada\u202e"}) {
        const auto error = error_of([&] { static_cast<void>(clean_name(name)); });
        EXPECT_EQ(error.code(), ErrorCode::usage) << name;
    }
    EXPECT_EQ(error_of([] { static_cast<void>(clean_name(std::string(101, 'a'))); }).code(),
              ErrorCode::usage);
}

TEST(Approvals, DistinctPeopleCount) {
    const auto now = subject("c", {{"app/V1__x.sql", "1"}});
    const auto cleaned = decide_approvals(2, now, {approval("Ada", now), approval("ADA", now)});
    EXPECT_EQ(cleaned.given.size(), 1U);
    EXPECT_EQ(cleaned.missing(), 1);
    EXPECT_FALSE(cleaned.enough());
    const auto both = decide_approvals(2, now, {approval("Ada", now), approval("Bob", now)});
    EXPECT_TRUE(both.enough());
    EXPECT_EQ(both.missing(), 0);
}

TEST(Approvals, NoneNeededIsEnough) {
    const auto decision = decide_approvals(0, subject("c"), {});
    EXPECT_TRUE(decision.enough());
    EXPECT_EQ(decision.missing(), 0);
}

TEST(Approvals, AChangeVoidsThemAndIsNamed) {
    const auto then = subject("c", {{"app/V1__x.sql", "1"}, {"app/V2__y.sql", "2"}});
    const auto now = subject("d", {{"app/V1__x.sql", "other"}, {"app/V3__z.sql", "3"}});
    const auto decision = decide_approvals(1, now, {approval("Ada", then)});
    EXPECT_FALSE(decision.enough());
    ASSERT_EQ(decision.outdated.size(), 1U);
    EXPECT_THAT(decision.outdated[0].changed,
                ElementsAre("the config changed", "app/V1__x.sql changed", "app/V3__z.sql was added",
                            "app/V2__y.sql was removed"));
    EXPECT_EQ(in_words(decision),
              "1 approval is needed, none is given. Since Ada approved (2026-11-21 12:00 UTC), the config "
              "changed, app/V1__x.sql changed, app/V3__z.sql was added, app/V2__y.sql was removed");
}

TEST(Approvals, AnApprovalOfTheSameAgainCounts) {
    const auto first = subject("c");
    const auto second = subject("d");
    const std::vector<Approval> all{approval("Ada", first), approval("Ada", second), approval("Bob", first)};
    const auto decision = decide_approvals(2, first, all);
    EXPECT_TRUE(decision.enough()) << "the change was taken back";
    EXPECT_THAT(decision.outdated, IsEmpty());
    const auto changed = decide_approvals(2, second, all);
    EXPECT_EQ(changed.given.size(), 1U);
    ASSERT_EQ(changed.outdated.size(), 1U);
    EXPECT_EQ(changed.outdated[0].approval.name, "Bob");
}

TEST(Approvals, HashesTellFilesApart) {
    const auto base = subject("c", {{"a", "1"}, {"b", "2"}});
    EXPECT_EQ(base.hash(), subject("c", {{"b", "2"}, {"a", "1"}}).hash());
    EXPECT_NE(base.hash(), subject("c", {{"a", "2"}, {"b", "1"}}).hash());
    EXPECT_NE(base.hash(), subject("c", {{"a 1\n1 b", "2"}}).hash());
    EXPECT_NE(base.hash(), subject("c", {{"a", "1"}}).hash());
}

TEST(Approvals, GoThroughTheJournalUnharmed) {
    const Folder folder;
    const auto now = subject("c", {{"app/V1__x.sql", "1"}});
    {
        auto journal = Journal::open(folder.path(), "run", "approve");
        journal.append(approval_event("Ada", "op@ctl", now));
    }
    const auto journal = Journal::peek(folder.path(), "run");
    ASSERT_TRUE(journal);
    const auto found = approvals_in(journal->events());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].name, "Ada");
    EXPECT_EQ(found[0].by, "op@ctl");
    EXPECT_EQ(found[0].subject, now);
    EXPECT_THAT(found[0].at, HasSubstr("T"));
    const auto authors = journal->authors();
    ASSERT_EQ(authors.size(), 1U);
    EXPECT_EQ(authors[0].command, "approve");
    EXPECT_EQ(authors[0].first_seq, 1);
    EXPECT_EQ(authors[0].who, whoami());
}

TEST(Approvals, LeaveTheRunWhereItStands) {
    const auto approved = approval_event("Ada", "op", subject("c"));
    EXPECT_FALSE(progress_of({approved}).active);
    toys::Script script;
    script.prepare();
    const auto before = progress_of(script.events());
    script.add(EventKind::approved, "approve", 0, approved.body);
    const auto after = progress_of(script.events());
    EXPECT_EQ(after.last_step, before.last_step);
    EXPECT_EQ(after.steps.size(), before.steps.size());
    EXPECT_TRUE(after.prepared);
}

TEST(Approvals, TheirSubjectIsFilesAndTheConfigsMeaning) {
    const Folder folder;
    const auto write = [&](const std::string& name, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(folder.path() + "/" + name).parent_path());
        std::ofstream(folder.path() + "/" + name, std::ios::binary) << text;
    };
    write("V1__x.sql", "SELECT 1;\n");
    write("U1__x.sql", "SELECT 2;\n");
    write("versions/1.py", "pass");
    write("README.md", "about");
    write(".hidden.sql", "no");
    Config config;
    config.run = "r";
    config.blue.dsn = postgres::Dsn::parse("host=b port=1 user=u password=hunter2");
    config.green.dsn = postgres::Dsn::parse("host=g port=2 user=u");
    config.databases.push_back({"app", 1, folder.path()});
    const auto first = subject_of(config);
    EXPECT_EQ(first.files.size(), 2U);
    EXPECT_TRUE(first.files.contains("app/U1__x.sql"));
    EXPECT_THAT(boost::json::serialize(meaning_of(config)), Not(HasSubstr("hunter2")));

    auto other = config;
    other.jobs = 64;
    other.state = "/elsewhere";
    other.blue.dsn = other.blue.dsn.with("password", "changed");
    EXPECT_EQ(subject_of(other), first) << "nothing that matters for the run";
    other.databases[0].lanes = 2;
    EXPECT_NE(subject_of(other).config, first.config);
    other = config;
    other.green.dsn = other.green.dsn.with("port", "3");
    EXPECT_NE(subject_of(other).config, first.config);
    other = config;
    other.migrate.approvals = 1;
    EXPECT_NE(subject_of(other).config, first.config) << "whoever lowers the number has to ask again";
    other.migrate.command = {"alembic", "upgrade", "head"};
    EXPECT_TRUE(subject_of(other).files.contains("app/versions/1.py")) << "that tool may read anything there";

    other = config;
    other.partitions = "carry";
    EXPECT_NE(subject_of(other).config, first.config) << "what the other side does by itself";
    other = config;
    other.lint.table_names = "^t_";
    EXPECT_NE(subject_of(other).config, first.config) << "what the linter was asked";
    other = config;
    other.accept = {"capacity", "switch-back"};
    const auto accepted = subject_of(other);
    EXPECT_NE(accepted.config, first.config);
    other.accept = {"switch-back", "capacity"};
    EXPECT_EQ(subject_of(other), accepted) << "in another order";

    write("V1__x.sql", "SELECT 1; \n");
    EXPECT_NE(subject_of(config).files.at("app/V1__x.sql"), first.files.at("app/V1__x.sql"));
    config.databases[0].migrations = folder.path() + "/nowhere";
    const auto error = error_of([&] { static_cast<void>(subject_of(config)); });
    EXPECT_EQ(error.code(), ErrorCode::file);
}

TEST(Approvals, MissingOnesRefuseWithTheNextCommand) {
    Config config;
    config.migrate.approvals = 2;
    auto journal = Journal::scratch();
    const auto now = subject_of(config);
    journal.append(approval_event("Ada", "op", now));
    const auto error = error_of([&] { require_approvals(config, journal, "cutover"); });
    EXPECT_EQ(error.code(), ErrorCode::refused);
    EXPECT_THAT(error.what(),
                HasSubstr("cutover waits for approval: 2 approvals are needed, 1 is given: Ada ("));
    EXPECT_THAT(error.hint(), HasSubstr("one more person:  pgteal approve --as NAME"));
    journal.append(approval_event("Bob", "op", now));
    EXPECT_NO_THROW(require_approvals(config, journal, "cutover"));
    config.migrate.approvals = 0;
    EXPECT_NO_THROW(require_approvals(config, Journal::scratch(), "cutover"));
}

} // namespace
} // namespace pgteal::cutover
