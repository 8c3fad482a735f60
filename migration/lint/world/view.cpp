#include "migration/lint/world/view.hpp"

#include <algorithm>

#include "migration/files/text.hpp"

namespace pgteal::migration::lint {

Finding View::finding(std::string rule, Level level, std::size_t at) const {
    Finding finding;
    finding.rule = std::move(rule);
    finding.level = level;
    finding.file = file.path;
    at = std::min(at, statement.text.size());
    const auto before = std::string_view(statement.text).substr(0, at);
    finding.line = statement.line + line_at(before, at) - 1;
    // Characters, not bytes, since the line's start.
    const std::string_view whole = file.text;
    const auto position = std::min(offset + at, whole.size());
    const auto line_start = whole.substr(0, position).find_last_of("\r\n");
    const auto begin = line_start == std::string_view::npos ? 0 : line_start + 1;
    finding.column =
        1 + static_cast<int>(std::count_if(whole.begin() + static_cast<std::ptrdiff_t>(begin),
                                           whole.begin() + static_cast<std::ptrdiff_t>(position), [](char c) {
                                               return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
                                           }));
    finding.statement = safe_excerpt(statement.text, 120);
    return finding;
}

} // namespace pgteal::migration::lint
