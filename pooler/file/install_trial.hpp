// Whether a config file can be replaced: found before clients are held.
#pragma once

#include <string>

namespace pgteal::pooler {

/// All of stage_config and install_staged that can be tried without replacing anything: a copy is written
/// beside the file, given its rights and removed again, and what would make the rename fail is looked for.
/// Throws Error(file) with what would go wrong inside the pause.
void try_install(const std::string& path);

/// Names of the file besides `path` and the one that pgteal gave it.
unsigned other_names(const std::string& path);

/// What lets a file be written beside another and not be renamed over it. Throws Error(file): `path` or its
/// folder is immutable or append-only (docs: chattr(1)), is a mount point of its own, or the folder is sticky
/// and neither it nor the file (of `owner`) belongs to us.
void refuse_what_blocks_rename(const std::string& path, unsigned owner);

} // namespace pgteal::pooler
