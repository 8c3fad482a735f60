// What another branch has in the same folder: versions that would collide once both are merged.
#pragma once

#include <string>
#include <vector>

#include "base/async.hpp"
#include "migration/files/find.hpp"

namespace pgteal::migration {

/// A migration of the other branch.
struct Elsewhere {
    std::string script;
    std::string text;     ///< where it differs from the file of the same name here; else empty
    bool differs = false; ///< from the file of the same name here, or there is none here
};

struct Collision {
    std::string script; ///< here
    std::string other;  ///< there; may be the same name
    std::string why;
};

/// Pure. Versions that both have with another content, and versions that only `files` has, below the newest
/// of the other side: once merged, they come late. Repeatable and down scripts have no version to collide on.
std::vector<Collision> collisions(const std::vector<File>& files, const std::vector<Elsewhere>& there);

/// The folder's .sql files in the repository at `ref`, such as origin/main, by git. Reads nothing outside the
/// repository and changes nothing. Throws Error(usage) when the folder is in no repository, the ref is
/// unknown or looks like an option, Error(program) when git is missing or fails, DeadlinePassed.
Task<std::vector<Elsewhere>> read_ref(std::string folder, std::string ref, std::vector<File> files,
                                      Deadline deadline);

} // namespace pgteal::migration
