// Small things that SQL for people is put together from. Pure.
#pragma once

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string>

namespace pgteal::migration::schema {

inline std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

/// Each line a comment.
inline std::string commented(const std::string& text) {
    std::string result;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        result += (result.empty() ? "-- " : "\n-- ") + line;
    }
    return result;
}

/// One below the other.
inline void add_line(std::string* text, const std::string& line) {
    if (!line.empty()) {
        *text += (text->empty() ? "" : "\n") + line;
    }
}

} // namespace pgteal::migration::schema
