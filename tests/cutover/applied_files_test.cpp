// Which files are not as they were applied.
#include "cutover/migrations/applied_files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

namespace pgteal::cutover {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AppliedFiles : public testing::Test {
protected:
    AppliedFiles() {
        std::string folder = std::filesystem::temp_directory_path() / "pgteal_applied_XXXXXX";
        folder_ = ::mkdtemp(folder.data());
    }
    ~AppliedFiles() override { std::filesystem::remove_all(folder_); }
    AppliedFiles(const AppliedFiles&) = delete;
    AppliedFiles& operator=(const AppliedFiles&) = delete;

    void write(const std::string& script, const std::string& text) const {
        std::ofstream(folder_ + "/" + script, std::ios::binary) << text;
    }
    static migration::Applied row(const std::string& script, const std::string& text) {
        migration::Applied applied;
        applied.script = script;
        applied.state = "applied";
        applied.checksum = migration::checksum(text);
        return applied;
    }

    std::string folder_;
};

TEST_F(AppliedFiles, AreNamedWhenTheirTextIsAnother) {
    write("V1__a.sql", "SELECT 1;\n");
    write("V2__b.sql", "SELECT 3;\n");
    write("V3__draft.sql", "\\copy nothing that could be read");
    EXPECT_THAT(changed_files(folder_, {row("V1__a.sql", "SELECT 1;\n"), row("V2__b.sql", "SELECT 2;\n")}),
                ElementsAre("V2__b.sql"));
}

TEST_F(AppliedFiles, AreTheSameWithOtherLineEndsAndAByteOrderMark) {
    write("V1__a.sql", "\xEF\xBB\xBFSELECT 1;\r\nSELECT 2;\r\n");
    EXPECT_THAT(changed_files(folder_, {row("V1__a.sql", "SELECT 1;\nSELECT 2;\n")}), IsEmpty());
}

TEST_F(AppliedFiles, CountByTheirNewestFinishedRow) {
    write("R__view.sql", "SELECT 2;\n");
    auto half = row("R__view.sql", "SELECT 3;\n");
    half.state = "running";
    auto foreign = row("V1__java.sql", "");
    foreign.checksum.clear();
    EXPECT_THAT(changed_files(folder_, {row("R__view.sql", "SELECT 1;\n"), row("R__view.sql", "SELECT 2;\n"),
                                        half, foreign, row("V9__gone.sql", "SELECT 9;\n")}),
                IsEmpty());
}

} // namespace
} // namespace pgteal::cutover
