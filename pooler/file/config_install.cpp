// Reading a config file and putting another in its place, so that a crash at any moment leaves one of the
// two, whole.
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "pooler/file/config_file.hpp"
#include "pooler/file/file_rights.hpp"
#include "pooler/file/install_trial.hpp"

namespace pgteal::pooler {

namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path, int error, std::string hint = {}) {
    throw Error(ErrorCode::file, "", what + " " + path + ": " + std::strerror(error), std::move(hint));
}

[[noreturn]] void refuse_symlink(const std::string& path) {
    throw Error(ErrorCode::file, "", path + " is a symbolic link, which installing a new file would replace",
                "Give `config` the path of the file itself.");
}

class File {
public:
    File(std::string path, int flags, mode_t mode = 0)
        : path_(std::move(path)), fd_(::open(path_.c_str(), flags | O_CLOEXEC, mode)) {
        if (fd_ < 0 && errno == ELOOP && (flags & O_NOFOLLOW) != 0) {
            refuse_symlink(path_);
        }
        if (fd_ < 0) {
            fail("cannot open", path_, errno);
        }
    }
    ~File() { ::close(fd_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] struct stat status() const {
        struct stat found {};
        if (::fstat(fd_, &found) != 0) {
            fail("cannot stat", path_, errno);
        }
        return found;
    }

    [[nodiscard]] std::string read() const {
        std::string text;
        char chunk[16384];
        for (;;) {
            const ssize_t got = ::read(fd_, chunk, sizeof chunk);
            if (got == 0) {
                return text;
            }
            if (got > 0) {
                text.append(chunk, static_cast<std::size_t>(got));
            } else if (errno != EINTR) {
                fail("cannot read", path_, errno);
            }
        }
    }

    void write(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t put = ::write(fd_, text.data(), text.size());
            if (put >= 0) {
                text.remove_prefix(static_cast<std::size_t>(put));
            } else if (errno != EINTR) {
                fail("cannot write", path_, errno, "Is the disk full?");
            }
        }
    }

    [[nodiscard]] FileRights rights() const { return rights_of(fd_, path_); }
    void give(const FileRights& rights) const { give_rights(fd_, path_, rights); }

    void sync() const {
        if (::fsync(fd_) != 0) {
            fail("cannot fsync", path_, errno);
        }
    }

private:
    std::string path_;
    int fd_;
};

std::string folder_of(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    return folder.empty() ? "." : folder.string();
}

// A fixed name: what a crashed run left behind is found and replaced by the next one.
std::string staged_path(const std::string& path) {
    const std::filesystem::path whole(path);
    return (whole.parent_path() / ("." + whole.filename().string() + ".pgteal")).string();
}

// The file that install_staged replaced, byte for byte: a second name of it, so that it costs no copy and
// secrets in it stay where they are.
std::string kept_path(const std::string& path) { return staged_path(path) + "-before"; }

void sync_folder(const std::string& path) { File(folder_of(path), O_RDONLY | O_DIRECTORY).sync(); }

void remove_if_there(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        fail("cannot remove", path, errno);
    }
}

} // namespace

std::string content_hash(std::string_view text) {
    const boost::uuids::name_generator_sha1 generator(boost::uuids::ns::oid());
    return boost::uuids::to_string(generator(text.data(), text.size()));
}

ConfigFile read_config(std::string path) {
    // O_NONBLOCK: a named pipe must not stop us before we see that it is none of ours.
    const File file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const struct stat status = file.status();
    if (!S_ISREG(status.st_mode)) {
        throw Error(ErrorCode::file, "", path + " is no regular file",
                    "Give `config` the path of PgBouncer's config file.");
    }
    ConfigFile found;
    found.path = std::move(path);
    found.text = file.read();
    found.hash = content_hash(found.text);
    found.mode = status.st_mode & 07777U;
    found.owner = status.st_uid;
    found.group = status.st_gid;
    return found;
}

namespace {

void write_beside(const std::string& path, const FileRights& rights, std::string_view text) {
    remove_if_there(path);
    try {
        const File target(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        target.write(text);
        target.give(rights);
        target.sync();
    } catch (...) {
        ::unlink(path.c_str());
        throw;
    }
}

} // namespace

std::string stage_config(const ConfigFile& file, std::string_view text) {
    const std::string staged = staged_path(file.path);
    write_beside(staged, File(file.path, O_RDONLY | O_NOFOLLOW).rights(), text);
    sync_folder(staged);
    return staged;
}

unsigned other_names(const std::string& path) {
    struct stat here {};
    struct stat kept {};
    if (::lstat(path.c_str(), &here) != 0) {
        fail("cannot stat", path, errno);
    }
    const bool ours = ::lstat(kept_path(path).c_str(), &kept) == 0 && kept.st_ino == here.st_ino &&
                      kept.st_dev == here.st_dev;
    return static_cast<unsigned>(here.st_nlink) - (ours ? 2U : 1U);
}

void try_install(const std::string& path) {
    const auto file = read_config(path);
    refuse_what_blocks_rename(path, file.owner);
    const auto trial = staged_path(path) + "-trial"; // beside what another run may have staged
    write_beside(trial, File(path, O_RDONLY | O_NOFOLLOW).rights(), file.text);
    if (::unlink(trial.c_str()) != 0) {
        fail("cannot remove", trial, errno);
    }
}

void install_staged(const std::string& staged, const std::string& path, const std::string& expected_hash) {
    const auto now = read_config(path);
    const File ready(staged, O_RDONLY | O_NOFOLLOW);
    if (now.hash != expected_hash || File(path, O_RDONLY | O_NOFOLLOW).rights() != ready.rights()) {
        throw Error(
            ErrorCode::conflict, "",
            path + (now.hash != expected_hash ? " was" : ", its owner, mode, ACL or attributes, was") +
                " changed by someone else since pgteal read it; it was left as it is",
            "Look at what changed, then run the command again: it starts from the file as it is now.");
    }
    const std::string kept = kept_path(path);
    ::unlink(kept.c_str());
    static_cast<void>(::link(path.c_str(), kept.c_str())); // where there are no links, put_back() finds none
    if (::rename(staged.c_str(), path.c_str()) != 0) {
        fail("cannot put the new file in place of", path, errno,
             errno == EBUSY ? "A single file that is mounted can't be replaced: mount its folder instead."
                            : "");
    }
    sync_folder(path);
}

bool put_back(const std::string& path, const std::map<std::string, Target>& targets) {
    const std::string kept = kept_path(path);
    if (::access(kept.c_str(), F_OK) != 0) {
        return false;
    }
    const auto before = read_config(kept);
    const auto now = read_config(path);
    const auto there = targets_in(now.text);
    const auto back = targets_in(before.text);
    std::map<std::string, Target> moved;
    for (const auto& [name, target] : targets) {
        const auto found = there.find(name);
        const auto original = back.find(name);
        if (found == there.end() || original == back.end() || original->second != target) {
            return false;
        }
        moved.insert(*found);
    }
    if (rewrite(before.text, moved) != now.text) {
        return false; // somebody else changed it too
    }
    if (::rename(kept.c_str(), path.c_str()) != 0) {
        fail("cannot put the old file in place of", path, errno);
    }
    sync_folder(path);
    return true;
}

void discard_staged(const std::string& path) {
    bool removed = false;
    for (const auto& one : {staged_path(path), kept_path(path)}) {
        if (::unlink(one.c_str()) == 0) {
            removed = true;
        } else if (errno != ENOENT) {
            fail("cannot remove", one, errno);
        }
    }
    if (removed) {
        sync_folder(path);
    }
}

} // namespace pgteal::pooler
