// PgBouncer's ini grammar as a list of byte ranges, so that a rewrite can touch exactly what it means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::pooler::ini {

/// What PgBouncer's parser would hand on, in file order (source: lib/usual/cfparser.c of 1.18 to 1.25).
/// `begin` and `end` enclose the part that can be replaced: a setting's value, an include's path, a section's
/// name.
struct Item {
    enum class Kind { section, setting, include };
    Kind kind = Kind::setting;
    std::string section; ///< in force at this place; the new one for a section
    std::string key;     ///< of a setting
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t line = 0; ///< 1-based
};

/// Pure. Differences from what ini files usually are, all PgBouncer's own: a comment starts a line and
/// nothing else does; a value runs to the end of its line; a key may follow `]` on the same line; `[x]` may
/// come again. Names of letters, digits and _.-* stand bare, others in single quotes (from 1.25 on; double
/// quotes are documented but taken by no version). Throws Error(config) with the line for what makes
/// PgBouncer stop reading.
std::vector<Item> scan(std::string_view text);

/// C's isspace in the C locale, which is PgBouncer's.
[[nodiscard]] bool is_space(char c);

} // namespace pgteal::pooler::ini
