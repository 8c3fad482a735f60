// What hangs on a config file besides owner and mode goes with it; what would make the rename fail is found.
#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.hpp"
#include "pooler/file/config_file.hpp"
#include "pooler/file/file_rights.hpp"
#include "pooler/file/install_trial.hpp"

namespace pgteal::pooler {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* access_acl = "system.posix_acl_access";
constexpr const char* default_acl = "system.posix_acl_default";

/// An ACL as the kernel takes it (source: uapi/linux/posix_acl_xattr.h): owner rw, `user` may read, others
/// nothing.
std::string acl_for(unsigned user) {
    std::string text;
    const auto add = [&text](unsigned value, int bytes) {
        for (int i = 0; i < bytes; ++i) {
            text += static_cast<char>(value >> static_cast<unsigned>(8 * i) & 0xFFU);
        }
    };
    const auto entry = [&add](unsigned tag, unsigned rights, unsigned id) {
        add(tag, 2);
        add(rights, 2);
        add(id, 4);
    };
    add(2, 4);
    entry(0x01, 6, ~0U);
    entry(0x02, 4, user);
    entry(0x04, 0, ~0U);
    entry(0x10, 4, ~0U);
    entry(0x20, 0, ~0U);
    return text;
}

class InstallTrial : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "pgteal-rights-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        path_ = (folder_ / "pgbouncer.ini").string();
        std::ofstream(path_) << "old";
    }
    void TearDown() override { fs::remove_all(folder_); }

    static void set(const fs::path& path, const char* name, const std::string& value) {
        ASSERT_EQ(::setxattr(path.c_str(), name, value.data(), value.size(), 0), 0) << std::strerror(errno);
    }
    static FileRights rights(const std::string& path) {
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        EXPECT_GE(fd, 0);
        auto found = rights_of(fd, path);
        ::close(fd);
        return found;
    }
    void install(const std::string& text) const {
        const auto file = read_config(path_);
        install_staged(stage_config(file, text), path_, file.hash);
    }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}));
    }
    static std::string refusal(const std::string& path) {
        try {
            try_install(path);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    }

    fs::path folder_;
    std::string path_;
};

TEST_F(InstallTrial, AnAclAndOtherAttributesAreCarried) {
    ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
    set(path_, access_acl, acl_for(4321));
    set(path_, "user.who", "me");
    set(path_, "user.empty", "");
    const auto before = rights(path_);
    EXPECT_EQ(before.attributes.size(), 3U);
    EXPECT_EQ(before.mode, 0640U) << "the group's bits are the mask";
    EXPECT_EQ(refusal(path_), "");
    install("new");
    EXPECT_EQ(rights(path_), before);
    install("newer");
    EXPECT_EQ(rights(path_), before);
}

TEST_F(InstallTrial, WhatTheFolderGivesToNewFilesIsTakenAway) {
    const auto before = rights(path_);
    EXPECT_TRUE(before.attributes.empty());
    set(folder_, default_acl, acl_for(4321));
    const auto other = (folder_ / "other").string();
    std::ofstream(other) << "made by anybody";
    ASSERT_FALSE(rights(other).attributes.empty()) << "the folder gives its files an ACL";
    install("new");
    EXPECT_EQ(rights(path_), before);
}

TEST_F(InstallTrial, AnAclThatWasChangedMeanwhileIsNotLost) {
    const auto file = read_config(path_);
    const auto staged = stage_config(file, "new");
    set(path_, access_acl, acl_for(4321));
    EXPECT_THROW(install_staged(staged, path_, file.hash), Error);
    EXPECT_EQ(read_config(path_).text, "old");
    EXPECT_EQ(rights(path_).attributes.size(), 1U);
}

TEST_F(InstallTrial, TryingLeavesNothingBehind) {
    EXPECT_EQ(refusal(path_), "");
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(read_config(path_).text, "old");
    EXPECT_THAT(refusal(path_ + ".missing"), HasSubstr("cannot open"));
}

TEST_F(InstallTrial, OtherNamesAreCountedWithoutOurOwn) {
    EXPECT_EQ(other_names(path_), 0U);
    fs::create_hard_link(path_, folder_ / "other.ini");
    EXPECT_EQ(other_names(path_), 1U);
    fs::remove(folder_ / "other.ini");
    fs::create_hard_link(path_, folder_ / ".pgbouncer.ini.pgteal-before"); // died between link and rename
    EXPECT_EQ(other_names(path_), 0U);
}

TEST_F(InstallTrial, FlagsThatBlockARenameAreRefused) {
    for (const auto& [place, words] :
         {std::pair(fs::path(path_), "is immutable"), std::pair(folder_, "is immutable")}) {
        const int fd = ::open(place.c_str(), O_RDONLY | O_CLOEXEC);
        ASSERT_GE(fd, 0);
        int flags = 0;
        const bool has_flags = ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
        int immutable = flags | FS_IMMUTABLE_FL;
        if (!has_flags || ::ioctl(fd, FS_IOC_SETFLAGS, &immutable) != 0) {
            ::close(fd);
            GTEST_SKIP() << "only root may set flags, and not on every file system";
        }
        const auto said = refusal(path_);
        EXPECT_EQ(::ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
        ::close(fd);
        EXPECT_THAT(said, HasSubstr(words));
    }
    EXPECT_EQ(refusal(path_), "");
}

} // namespace
} // namespace pgteal::pooler
