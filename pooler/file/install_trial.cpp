#include "pooler/file/install_trial.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"

namespace pgteal::pooler {

namespace {

[[noreturn]] void refuse(const std::string& message, std::string hint) {
    throw Error(ErrorCode::file, "", message + ": a new file can't be put in its place", std::move(hint));
}

/// Of a file or folder; 0 where the file system has no such flags.
int flags_of(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return 0;
    }
    int flags = 0;
    const int failed = ::ioctl(fd, FS_IOC_GETFLAGS, &flags);
    ::close(fd);
    return failed == 0 ? flags : 0;
}

void refuse_flags(const std::string& path) {
    const int flags = flags_of(path);
    if ((flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0) {
        const bool immutable = (flags & FS_IMMUTABLE_FL) != 0;
        refuse(path + (immutable ? " is immutable (chattr +i)" : " is append-only (chattr +a)"),
               std::string("chattr ") + (immutable ? "-i " : "-a ") + path);
    }
}

/// mountinfo writes spaces and the like as \040 (docs: proc(5)).
std::string unescaped(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

bool is_mount_point(const std::string& path) {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string skipped;
        std::string place;
        fields >> skipped >> skipped >> skipped >> skipped >> place;
        if (unescaped(place) == path) {
            return true;
        }
    }
    return false;
}

} // namespace

void refuse_what_blocks_rename(const std::string& path, unsigned owner) {
    std::error_code unresolved;
    const auto whole = std::filesystem::weakly_canonical(path, unresolved).string();
    const auto folder = std::filesystem::path(whole).parent_path().string();
    refuse_flags(path);
    refuse_flags(folder);
    if (is_mount_point(whole)) {
        refuse(path + " is mounted as a single file", "Mount its folder, " + folder + ", instead.");
    }
    struct stat about {};
    const auto us = ::geteuid();
    if (us != 0 && ::stat(folder.c_str(), &about) == 0 && (about.st_mode & S_ISVTX) != 0 &&
        about.st_uid != us && owner != us) {
        refuse(folder + " is sticky, and " + path + " belongs to somebody else",
               "Run pgteal as root or as the owner of PgBouncer's config file.");
    }
}

} // namespace pgteal::pooler
