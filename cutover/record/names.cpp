#include "cutover/record/names.hpp"

#include <clocale>
#include <cstdlib>
#include <cwctype>

#include "base/error.hpp"
#include "migration/files/text.hpp"

namespace pgteal::cutover {

namespace {

constexpr std::size_t longest = 100;

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::usage, "", "--as " + why, "pgteal approve --as \"Ada Lovelace\"");
}

/// What reorders or hides other characters: a name must be read as it is stored.
bool is_deceptive(char32_t c) {
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
           c == 0xFEFF;
}

/// The character that begins at `at`, which is moved past it. The text is valid UTF-8.
char32_t take(const std::string& text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    char32_t c = more == 0 ? lead : lead & (0x3FU >> static_cast<unsigned>(more));
    for (int i = 0; i < more; ++i) {
        c = (c << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    }
    return c;
}

void put(std::string& text, char32_t c) {
    const auto byte = [&text](char32_t value) { text += static_cast<char>(value); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xC0U | (c >> 6U));
        byte(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        byte(0xE0U | (c >> 12U));
        byte(0x80U | ((c >> 6U) & 0x3FU));
        byte(0x80U | (c & 0x3FU));
    } else {
        byte(0xF0U | (c >> 18U));
        byte(0x80U | ((c >> 12U) & 0x3FU));
        byte(0x80U | ((c >> 6U) & 0x3FU));
        byte(0x80U | (c & 0x3FU));
    }
}

bool is_space(char32_t c) {
    return c == ' ' || c == '\t' || c == 0xA0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200A);
}

} // namespace

std::string clean_name(const std::string& name) {
    if (migration::first_invalid_utf8(name)) {
        refuse("is not valid UTF-8");
    }
    std::string clean;
    bool gap = false;
    for (std::size_t at = 0; at < name.size();) {
        const auto c = take(name, at);
        if (is_space(c)) {
            gap = !clean.empty();
            continue;
        }
        if (c < 0x20 || (c >= 0x7F && c < 0xA0) || is_deceptive(c)) {
            refuse("has a character in it that a terminal would not show");
        }
        if (gap) {
            clean += ' ';
            gap = false;
        }
        put(clean, c);
    }
    if (clean.empty()) {
        refuse("needs a name");
    }
    if (clean.size() > longest) {
        refuse("is longer than " + std::to_string(longest) + " bytes");
    }
    return clean;
}

std::string folded(const std::string& name) {
    // glibc's own tables, whatever the operator's locale is.
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    std::string lower;
    for (std::size_t at = 0; at < name.size();) {
        const auto c = take(name, at);
        const auto low = locale == nullptr
                             ? (c >= 'A' && c <= 'Z' ? c + 0x20 : c)
                             : static_cast<char32_t>(::towlower_l(static_cast<wint_t>(c), locale));
        put(lower, low);
    }
    return lower;
}

} // namespace pgteal::cutover
