// Collisions with another branch, in real repositories of git.
#include "migration/files/find_against.hpp"

#include <filesystem>
#include <fstream>

#include <stdlib.h>

#include "base/program.hpp"
#include "tests/migration/refused.hpp"

namespace pgteal::migration {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Task<void> run_into(postgres::Program program, postgres::ProgramOutput* output) {
    *output = co_await postgres::run_program(std::move(program), after(20s));
}

Task<void> read_into(std::string folder, std::string ref, std::vector<File> files,
                     std::vector<Elsewhere>* found) {
    *found = co_await read_ref(std::move(folder), std::move(ref), std::move(files), after(20s));
}

/// A repository whose migrations are in db/migrations.
class Against : public testing::Test {
protected:
    Against() {
        std::string name = testing::TempDir() + "pgteal-against-XXXXXX";
        root_ = mkdtemp(name.data());
        std::filesystem::create_directories(folder());
        git({"init", "-q", "-b", "main", "."});
        git({"config", "user.email", "test@example.org"});
        git({"config", "user.name", "test"});
        git({"config", "core.autocrlf", "false"});
    }
    ~Against() override { std::filesystem::remove_all(root_); }

    [[nodiscard]] std::string folder() const { return root_ / "db" / "migrations"; }
    void write(const std::string& script, const std::string& text = "SELECT 1;\n") const {
        std::ofstream(folder() + "/" + script, std::ios::binary) << text;
    }
    void git(std::vector<std::string> words) const {
        postgres::Program program{{"git", "-C", root_.string()}, {}};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        postgres::ProgramOutput output;
        run_here([&] { return run_into(program, &output); });
        ASSERT_EQ(output.exit_code, 0) << output.err;
    }
    void commit() const {
        git({"add", "-A"});
        git({"commit", "-q", "-m", "x"});
    }
    std::vector<std::string> against(const std::string& ref) const {
        const auto files = find_migrations(folder());
        std::vector<Elsewhere> there;
        run_here([&] { return read_into(folder(), ref, files, &there); });
        std::vector<std::string> said;
        for (const auto& one : collisions(files, there)) {
            said.push_back(one.script + " " + one.other + ": " + one.why);
        }
        return said;
    }

    std::filesystem::path root_;
};

TEST_F(Against, BranchesThatGotInEachOthersWay) {
    write("V1__a.sql");
    write("R__views.sql");
    commit();
    git({"branch", "theirs"});
    write("V2__mine.sql", "SELECT 2;");
    write("V1.5__between.sql");
    write("V1__a.sql", "SELECT 'changed';");
    write("R__views.sql", "SELECT 'changed';");
    commit();
    git({"checkout", "-q", "theirs"});
    write("V2__theirs.sql", "SELECT 3;");
    write("V4__later.sql");
    commit();
    git({"checkout", "-q", "main"});
    EXPECT_THAT(against("theirs"),
                ElementsAre("V1__a.sql V1__a.sql: the same version with another content",
                            "V1.5__between.sql V4__later.sql: version 1.5 is below the newest there, 4",
                            "V2__mine.sql V2__theirs.sql: both have version 2"));
    EXPECT_THAT(against("main"), IsEmpty());
}

TEST_F(Against, WhatIsNotCommittedCountsHere) {
    write("20260101120000_a.sql");
    write("20260103120000_c.sql");
    commit();
    EXPECT_THAT(against("HEAD"), IsEmpty());
    write("20260104120000_d.sql");
    EXPECT_THAT(against("HEAD"), IsEmpty());
    write("20260102120000_b.sql");
    EXPECT_THAT(against("HEAD"),
                ElementsAre("20260102120000_b.sql 20260103120000_c.sql: version 20260102120000 is "
                            "below the newest there, 20260103120000"));
}

TEST_F(Against, LineEndsAreNoDifference) {
    write("V1__a.sql", "SELECT 1;\nSELECT 2;\n");
    commit();
    write("V1__a.sql", "SELECT 1;\r\nSELECT 2;\r\n");
    EXPECT_THAT(against("main"), IsEmpty());
}

TEST_F(Against, TheOtherSideMayHaveNoSuchFolder) {
    std::ofstream(root_ / "README") << "x";
    commit();
    write("V1__a.sql");
    EXPECT_THAT(against("main"), IsEmpty());
}

TEST_F(Against, NamesWithOddCharactersAndNamesThatAreNone) {
    write("V1__\"quoted\" \xC3\xA9.sql");
    write("nonsense.sql");
    std::ofstream(root_ / "V9__elsewhere.sql") << "x";
    commit();
    std::filesystem::remove(folder() + "/nonsense.sql");
    EXPECT_THAT(against("main"), IsEmpty());
}

TEST_F(Against, RefusesWhatIsNoRef) {
    write("V1__a.sql");
    commit();
    for (const auto* ref :
         {"origin/main", "--help", "-h", "main; touch /tmp/x", "", "HEAD:db", "main..main"}) {
        expect_error(ErrorCode::usage, "has no", [&] { against(ref); });
    }
    expect_error(ErrorCode::usage, "is in no git repository", [] {
        std::vector<Elsewhere> found;
        run_here([&] { return read_into("/", "main", {}, &found); });
    });
}

} // namespace
} // namespace pgteal::migration
