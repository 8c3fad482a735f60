// Reading a file's bytes as lines of UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::migration {

/// Without the UTF-8 byte order mark.
std::string_view without_bom(std::string_view bytes);

/// The offset of the first byte that is no UTF-8 (Unicode standard, table 3-7: no overlong forms, no
/// surrogates).
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// 1-based; \n, \r\n and \r each end a line, as libpq counts them.
int line_at(std::string_view text, std::size_t offset);

/// line_at() for offsets that only grow, each byte counted once: a file may hold a hundred thousand
/// statements.
class LineCounter {
public:
    explicit LineCounter(std::string_view text) : text_(text) {}
    int at(std::size_t offset);

private:
    std::string_view text_;
    std::size_t counted_ = 0;
    int line_ = 1;
};

/// The byte at which the nth character starts (n from 0); the end when there are fewer.
std::size_t byte_of_character(std::string_view text, std::size_t n);

/// The first offset from `from` on that is neither space nor comment; the end when there is none.
std::size_t skip_blank(std::string_view text, std::size_t from = 0);

/// A comment that begins with `--`, without these, trimmed and on one line.
struct LineComment {
    std::size_t offset = 0;
    std::string said;
};
/// Those of a stretch of text that holds nothing but space, comments and semicolons.
std::vector<LineComment> line_comments(std::string_view text, std::size_t begin, std::size_t end);

/// The unquoted word that begins there, in upper case; "" when there is none.
std::string word_at(std::string_view text, std::size_t offset);

/// `text` on one line, shortened to about `length` bytes.
std::string excerpt(std::string_view text, std::size_t length = 80);

/// excerpt() for messages, cut before anything that may be a password.
std::string safe_excerpt(std::string_view statement, std::size_t length = 80);

} // namespace pgteal::migration
