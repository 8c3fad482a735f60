// Staging and installing: the path holds the old or the new file, whole, with the owner and mode it had.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "pooler/file/config_file.hpp"

namespace pgteal::pooler {
namespace {

namespace fs = std::filesystem;

class ConfigInstall : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "pgteal-install-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        path_ = (folder_ / "pgbouncer.ini").string();
        write(path_, "old");
    }
    void TearDown() override { fs::remove_all(folder_); }

    static void write(const fs::path& path, std::string_view text) {
        std::ofstream(path, std::ios::binary) << text;
    }
    static std::string read(const fs::path& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static struct stat status(const std::string& path) {
        struct stat found {};
        EXPECT_EQ(::stat(path.c_str(), &found), 0);
        return found;
    }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}));
    }

    template <typename Call>
    static ErrorCode refusal(Call call) {
        try {
            call();
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    }

    fs::path folder_;
    std::string path_;
};

TEST_F(ConfigInstall, ReadsBytesHashAndMode) {
    const std::string text("[databases]\r\n\0x", 15);
    write(path_, text);
    ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
    const ConfigFile file = read_config(path_);
    EXPECT_EQ(file.text, text);
    EXPECT_EQ(file.hash, content_hash(text));
    EXPECT_EQ(file.mode, 0640U);
    EXPECT_EQ(file.owner, ::geteuid());
}

TEST_F(ConfigInstall, TheHashTellsTextsApart) {
    EXPECT_EQ(content_hash("a"), content_hash("a"));
    EXPECT_NE(content_hash("a"), content_hash("a\n"));
    EXPECT_NE(content_hash(""), content_hash(std::string_view("\0", 1)));
}

TEST_F(ConfigInstall, StagingLeavesTheFileAloneAndInstallingReplacesIt) {
    ASSERT_EQ(::chmod(path_.c_str(), 0604), 0);
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(path_.c_str(), 12, 34), 0);
    }
    const struct stat before = status(path_);
    const ConfigFile file = read_config(path_);
    const std::string staged = stage_config(file, "new");
    EXPECT_EQ(read(path_), "old");
    EXPECT_EQ(read(staged), "new");
    EXPECT_EQ(fs::path(staged).parent_path(), folder_);
    install_staged(staged, path_, file.hash);
    EXPECT_EQ(read(path_), "new");
    EXPECT_EQ(files(), 2U) << "the old one is kept until the switch is through";
    discard_staged(path_);
    EXPECT_EQ(files(), 1U);
    const struct stat after = status(path_);
    EXPECT_EQ(after.st_mode, before.st_mode);
    EXPECT_EQ(after.st_uid, before.st_uid);
    EXPECT_EQ(after.st_gid, before.st_gid);
}

TEST_F(ConfigInstall, AnOlderStagedFileIsReplacedEvenIfItIsALink) {
    const ConfigFile file = read_config(path_);
    const std::string staged = stage_config(file, "first");
    EXPECT_EQ(stage_config(file, "second"), staged);
    EXPECT_EQ(read(staged), "second");
    discard_staged(path_);
    fs::create_symlink(path_, staged);
    EXPECT_EQ(stage_config(file, "third"), staged);
    EXPECT_EQ(read(path_), "old");
    EXPECT_EQ(read(staged), "third");
}

TEST_F(ConfigInstall, AFileThatSomeoneEditedIsNotReplaced) {
    const ConfigFile file = read_config(path_);
    const std::string staged = stage_config(file, "new");
    write(path_, "edited");
    EXPECT_EQ(refusal([&] { install_staged(staged, path_, file.hash); }), ErrorCode::conflict);
    EXPECT_EQ(read(path_), "edited");
    EXPECT_EQ(read(staged), "new");
}

TEST_F(ConfigInstall, SymbolicLinksAreRefused) {
    const std::string link = (folder_ / "link.ini").string();
    fs::create_symlink(path_, link);
    EXPECT_EQ(refusal([&] { read_config(link); }), ErrorCode::file);
    const ConfigFile file = read_config(path_);
    const std::string staged = stage_config(file, "new");
    EXPECT_EQ(refusal([&] { install_staged(staged, link, file.hash); }), ErrorCode::file);
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(read(path_), "old");
}

TEST_F(ConfigInstall, WhatIsNoFileIsRefused) {
    EXPECT_EQ(refusal([&] { read_config(folder_.string()); }), ErrorCode::file);
    EXPECT_EQ(refusal([&] { read_config(path_ + ".missing"); }), ErrorCode::file);
    const std::string pipe = (folder_ / "pipe").string();
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(refusal([&] { read_config(pipe); }), ErrorCode::file);
}

TEST_F(ConfigInstall, AMissingStagedFileLeavesThePathAlone) {
    const ConfigFile file = read_config(path_);
    EXPECT_EQ(refusal([&] { install_staged(path_ + ".none", path_, file.hash); }), ErrorCode::file);
    EXPECT_EQ(read(path_), "old");
}

TEST_F(ConfigInstall, DiscardingTwiceIsNoError) {
    stage_config(read_config(path_), "new");
    EXPECT_EQ(files(), 2U);
    discard_staged(path_);
    discard_staged(path_);
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(read(path_), "old");
}

// An entry without a port gets one when it is moved to another port; rewriting back would leave it there.
TEST_F(ConfigInstall, PutsTheOldFileBackByteForByte) {
    const std::string old = "[databases]\napp = host=blue\nother = host=elsewhere\n";
    write(path_, old);
    const auto move = [this](const Target& to) {
        const auto file = read_config(path_);
        const auto staged = stage_config(file, rewrite(file.text, {{"app", to}}));
        install_staged(staged, path_, file.hash);
    };
    const Target blue{.host = "blue", .port = "5432", .database = "app"};
    const Target green{.host = "green", .port = "5433", .database = "app"};
    EXPECT_FALSE(put_back(path_, {{"app", blue}})) << "nothing was installed yet";
    move(green);
    EXPECT_FALSE(put_back(path_, {{"app", green}})) << "that is where it leads now";
    EXPECT_TRUE(put_back(path_, {{"app", blue}}));
    EXPECT_EQ(read(path_), old);
    move(green);
    const auto edited = read(path_) + "third = host=third\n";
    write(path_, edited);
    EXPECT_FALSE(put_back(path_, {{"app", blue}})) << "somebody else's change would be lost";
    EXPECT_EQ(read(path_), edited);
    discard_staged(path_);
    EXPECT_EQ(files(), 1U);
}

} // namespace
} // namespace pgteal::pooler
