// Who may read a file, and what else hangs on it: a file that takes another's place has to have all of it.
#pragma once

#include <map>
#include <string>

namespace pgteal::pooler {

struct FileRights {
    unsigned mode = 0;
    unsigned owner = 0;
    unsigned group = 0;
    /// Extended attributes by name: ACLs (system.posix_acl_access, system.nfs4_acl), security.selinux, user.*
    /// (docs: xattr(7)). Without security.ima and security.evm, which the kernel makes from the content.
    std::map<std::string, std::string> attributes;
    bool operator==(const FileRights&) const = default;
};

/// `path` is for messages. Throws Error(file).
FileRights rights_of(int fd, const std::string& path);

/// Gives them to another file and reads them back. Attributes that the file got from its folder (a default
/// ACL) and that `rights` doesn't have are taken away. Throws Error(file) that names what can't be carried.
void give_rights(int fd, const std::string& path, const FileRights& rights);

} // namespace pgteal::pooler
