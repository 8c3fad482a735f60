#include "pooler/file/file_rights.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.hpp"

namespace pgteal::pooler {

namespace {

constexpr const char* as_whom = "Run pgteal as root or as the owner of PgBouncer's config file.";

[[noreturn]] void refuse_rights(const std::string& what, const std::string& path, int error) {
    throw Error(ErrorCode::file, "", what + " " + path + ": " + std::strerror(error), as_whom);
}

/// Asks for the size first and tries again when it has grown in between. Empty where there are no attributes.
template <typename Read>
std::string sized(const std::string& what, const std::string& path, Read read) {
    for (;;) {
        const ssize_t size = read(nullptr, 0);
        if (size < 0 && errno == ENOTSUP) {
            return {};
        }
        if (size < 0) {
            refuse_rights("cannot read " + what + " of", path, errno);
        }
        std::string value(static_cast<std::size_t>(size), '\0');
        const ssize_t got = read(value.data(), value.size());
        if (got >= 0) {
            value.resize(static_cast<std::size_t>(got));
            return value;
        }
        if (errno != ERANGE) {
            refuse_rights("cannot read " + what + " of", path, errno);
        }
    }
}

bool kept_by_kernel(const std::string& name) { return name == "security.ima" || name == "security.evm"; }

std::map<std::string, std::string> attributes_of(int fd, const std::string& path) {
    const auto names = sized("the extended attributes", path,
                             [fd](char* to, std::size_t size) { return ::flistxattr(fd, to, size); });
    std::map<std::string, std::string> found;
    for (std::size_t at = 0; at < names.size();) {
        const std::string name = names.c_str() + at; // each ends with a NUL byte
        at += name.size() + 1;
        if (!kept_by_kernel(name)) {
            found[name] = sized(name, path, [fd, &name](char* to, std::size_t size) {
                return ::fgetxattr(fd, name.c_str(), to, size);
            });
        }
    }
    return found;
}

/// As people call it.
std::string in_words(const std::string& attribute) {
    return attribute.starts_with("system.posix_acl_access") || attribute.starts_with("system.nfs4_acl")
               ? "the ACL (" + attribute + ")"
               : "the extended attribute " + attribute;
}

void give_attributes(int fd, const std::string& path, const std::map<std::string, std::string>& wanted) {
    const auto have = attributes_of(fd, path);
    for (const auto& [name, value] : have) {
        if (!wanted.contains(name) && ::fremovexattr(fd, name.c_str()) != 0) {
            refuse_rights("cannot take " + in_words(name) + ", which the original doesn't have, from", path,
                          errno);
        }
    }
    for (const auto& [name, value] : wanted) {
        const auto found = have.find(name);
        if (found != have.end() && found->second == value) {
            continue;
        }
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0) {
            refuse_rights("cannot give " + in_words(name) + " of the original to", path, errno);
        }
    }
}

} // namespace

FileRights rights_of(int fd, const std::string& path) {
    struct stat found {};
    if (::fstat(fd, &found) != 0) {
        refuse_rights("cannot stat", path, errno);
    }
    return {found.st_mode & 07777U, found.st_uid, found.st_gid, attributes_of(fd, path)};
}

void give_rights(int fd, const std::string& path, const FileRights& rights) {
    const auto now = rights_of(fd, path);
    if ((now.owner != rights.owner || now.group != rights.group) &&
        ::fchown(fd, rights.owner, rights.group) != 0) {
        refuse_rights("cannot give the original's owner to", path, errno);
    }
    give_attributes(fd, path, rights.attributes);
    // Last: a change of owner clears bits. The group's bits are an ACL's mask, and the same in both.
    if (::fchmod(fd, rights.mode) != 0) {
        refuse_rights("cannot give the original's mode to", path, errno);
    }
    if (rights_of(fd, path) != rights) {
        throw Error(
            ErrorCode::file, "",
            path + " does not keep the owner, mode, ACL and extended attributes of the original",
            "Look at both with  getfacl  and  getfattr -d -m -  ; the file system may not hold them.");
    }
}

} // namespace pgteal::pooler
