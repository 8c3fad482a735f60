// PgBouncer's config file: read, rewritten byte for byte except where named entries point, installed
// atomically.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pooler/pooler.hpp"

namespace pgteal::pooler {

/// One entry as the file has it. Keys that the line doesn't set are absent.
struct FileEntry {
    std::string name;
    std::map<std::string, std::string> options;
    std::size_t line = 0;
};

/// Pure. Entries of the [databases] section (PgBouncer docs: config.md, "Section [databases]"), in file
/// order, `*` included. Throws Error(config) with the line for text that PgBouncer would not take.
std::vector<FileEntry> parse_entries(std::string_view text);
/// Pure. Paths of %include directives.
std::vector<std::string> includes(std::string_view text);

/// Pure. Where each entry points, PgBouncer's defaults filled in: host "" (the local socket), port 5432,
/// database as the entry is named ("" for `*`: as the client asks). Of several entries of one name the last
/// counts, as in PgBouncer; all are checked.
std::map<std::string, Target> targets_in(std::string_view text);

/// Pure. `text` with host, port and dbname of the named entries set to their targets; every other byte stays.
/// A key that is missing is added at the end of the entry, unless PgBouncer's default says the same; ""
/// stands for the default, and the key is removed. An existing value keeps its quoting style when it can.
/// Entries of the same name are all rewritten (PgBouncer takes the last). Rewriting back gives the original
/// bytes when all three keys were there, once each, and no new value needed quotes that the old one did
/// without; else the file means the same, but the added keys and quotes stay. Keep the old text where bytes
/// matter. Throws Error(config) for an entry that isn't there (it may be in an %included file, which has to
/// be rewritten itself).
std::string rewrite(std::string_view text, const std::map<std::string, Target>& targets);

/// Pure. Whether two texts differ in nothing but host, port and dbname of entries and the spaces between an
/// entry's options.
bool same_except_targets(std::string_view a, std::string_view b);

/// A config file as found: bytes, hash, and what must survive a rewrite.
struct ConfigFile {
    std::string path;
    std::string text;
    std::string hash; ///< of text, hex
    unsigned mode = 0;
    unsigned owner = 0;
    unsigned group = 0;
};

/// Throws Error(file) when the file can't be read, is no regular file, or is a symlink (installing would
/// replace the link).
ConfigFile read_config(std::string path);

/// Writes `text` to a file beside `file.path` (with its owner, mode, ACL and extended attributes), fsyncs it
/// and the directory: done before the pause. Returns the staged path. An older staged file is replaced.
std::string stage_config(const ConfigFile& file, std::string_view text);
/// Puts the staged file in place: checks that the current file still has `expected_hash` (Error(conflict)
/// otherwise: someone else edited it), rename, fsync of the directory. After it, the path holds either the
/// old or the new file, whole, whatever crashes.
void install_staged(const std::string& staged, const std::string& path, const std::string& expected_hash);
/// Puts the file that install_staged replaced back, byte for byte, provided that its entries lead to
/// `targets` and that the current one differs from it in nothing but where they lead. False, and nothing
/// done, otherwise.
bool put_back(const std::string& path, const std::map<std::string, Target>& targets);
/// Removes what stage_config and install_staged left beside the config file `path`, if they did.
void discard_staged(const std::string& path);

std::string content_hash(std::string_view text);

} // namespace pgteal::pooler
