// Small pieces of SQL text: names as people write them, and parts of a statement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgteal::migration::lint {

/// As an identifier, quoted only when it has to be.
std::string ident(std::string_view name);
/// "schema.name" as two identifiers.
std::string qualified(std::string_view name);
/// "a, b".
std::string ident_list(const std::vector<std::string>& names);

/// The text inside the first pair of parentheses at or after `from`; "" when there is none. Quotes and
/// comments are honoured.
std::string inside_parentheses(std::string_view text, std::size_t from);

/// The expression that begins at `from`: up to a comma, a closing parenthesis, or a word that begins the next
/// part of a column's definition.
std::string expression_text(std::string_view text, std::size_t from);

/// The offset of `word` (any case, as a whole word) at or after `from`, outside quotes and comments; npos
/// when it isn't there. A quoted identifier of that name counts too.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0);

struct Comment {
    std::size_t begin = 0, end = 0; ///< bytes; without the line's end
};
/// Comments that begin with two dashes.
std::vector<Comment> line_comments(std::string_view text);

/// "12 MB", "3.4 GB".
std::string human_bytes(long long bytes);
/// "1,234,567".
std::string human_count(long long count);

} // namespace pgteal::migration::lint
