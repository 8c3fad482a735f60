// What the linter is asked to read: folders of migrations, and single files whatever their name.
#pragma once

#include <string>
#include <vector>

#include "migration/files/find.hpp"

namespace pgteal::migration::lint {

/// Pure: one file of any name. Unlike parse_file() it takes BEGIN and COMMIT, so that files for other tools
/// can be judged: such a file is no transaction by itself. Throws Error(migration) "path:line: …" as
/// parse_file() does otherwise.
File parse_any(const std::string& path, const std::string& bytes);

struct Unreadable {
    std::string path, message, hint;
};

struct Sources {
    std::vector<File> files;
    std::vector<Unreadable> unreadable;
};

/// A folder is read by find_migrations(), anything else by parse_any(). One bad file doesn't hide the next.
Sources read_sources(const std::vector<std::string>& paths);

} // namespace pgteal::migration::lint
