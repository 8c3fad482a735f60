#include "migration/files/text.hpp"

#include <algorithm>
#include <cctype>

namespace pgteal::migration {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The length of a well-formed character, 0 when there is none.
std::size_t character_length(std::string_view s) {
    auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
    auto follows = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
    const unsigned first = byte(0);
    const unsigned second = byte(1);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return follows(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const bool in_range =
            second >= (first == 0xE0 ? 0xA0U : 0x80U) && second <= (first == 0xED ? 0x9FU : 0xBFU);
        return in_range && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool in_range =
            second >= (first == 0xF0 ? 0x90U : 0x80U) && second <= (first == 0xF4 ? 0x8FU : 0xBFU);
        return in_range && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// Past a block comment, which nests in SQL.
std::size_t skip_block_comment(std::string_view text, std::size_t at) {
    int depth = 0;
    while (at < text.size()) {
        const auto two = text.substr(at, 2);
        if (two == "/*") {
            ++depth;
            at += 2;
        } else if (two == "*/") {
            at += 2;
            if (--depth == 0) {
                return at;
            }
        } else {
            ++at;
        }
    }
    return text.size();
}

} // namespace

std::string_view without_bom(std::string_view bytes) {
    return bytes.starts_with("\xEF\xBB\xBF") ? bytes.substr(3) : bytes;
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto length = character_length(text.substr(at));
        if (length == 0) {
            return at;
        }
        at += length;
    }
    return std::nullopt;
}

int line_at(std::string_view text, std::size_t offset) {
    int line = 1;
    const auto end = std::min(offset, text.size());
    for (std::size_t i = 0; i < end; ++i) {
        const bool lone_return = text[i] == '\r' && (i + 1 >= text.size() || text[i + 1] != '\n');
        line += text[i] == '\n' || lone_return ? 1 : 0;
    }
    return line;
}

int LineCounter::at(std::size_t offset) {
    line_ += line_at(text_.substr(counted_), offset - counted_) - 1;
    counted_ = offset;
    return line_;
}

std::size_t byte_of_character(std::string_view text, std::size_t n) {
    std::size_t at = 0;
    for (; n > 0 && at < text.size(); --n) {
        at += std::max<std::size_t>(1, character_length(text.substr(at)));
    }
    return std::min(at, text.size());
}

std::size_t skip_blank(std::string_view text, std::size_t from) {
    auto at = from;
    while (at < text.size()) {
        if (is_space(text[at])) {
            ++at;
        } else if (text.substr(at, 2) == "--") {
            at = std::min(text.find_first_of("\r\n", at), text.size());
        } else if (text.substr(at, 2) == "/*") {
            at = skip_block_comment(text, at);
        } else {
            break;
        }
    }
    return std::min(at, text.size());
}

std::vector<LineComment> line_comments(std::string_view text, std::size_t begin, std::size_t end) {
    constexpr std::size_t longest = 1000;
    std::vector<LineComment> found;
    for (auto at = begin; at < end;) {
        if (text.substr(at, 2) == "--") {
            const auto stop = std::min(text.find_first_of("\r\n", at), end);
            found.push_back({at, excerpt(text.substr(at + 2, stop - at - 2), longest)});
            at = stop;
        } else if (text.substr(at, 2) == "/*") {
            at = skip_block_comment(text, at);
        } else {
            ++at;
        }
    }
    return found;
}

std::string word_at(std::string_view text, std::size_t offset) {
    std::string word;
    for (auto i = offset; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x80 || !(std::isalnum(c) || c == '_' || c == '$')) {
            break;
        }
        word += static_cast<char>(std::toupper(c));
    }
    return word;
}

std::string excerpt(std::string_view text, std::size_t length) {
    std::string line;
    for (const char c : text) {
        const bool space = is_space(c);
        if (!space) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
        if (line.size() >= length + 8) {
            break;
        }
    }
    while (!line.empty() && line.back() == ' ') {
        line.pop_back();
    }
    if (line.size() <= length) {
        return line;
    }
    auto cut = length;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U) {
        --cut;
    }
    return line.substr(0, cut) + "…";
}

std::string safe_excerpt(std::string_view statement, std::size_t length) {
    std::string upper(statement);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    const auto secret = std::min(upper.find("PASSWORD"), upper.find("CONNECTION"));
    return secret == std::string::npos ? excerpt(statement, length)
                                       : excerpt(statement.substr(0, secret), length) + " …";
}

} // namespace pgteal::migration
