#include "migration/lint/world/sql_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "migration/files/text.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::lint {

namespace {

bool is_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Past the quoted string, identifier or dollar quote that begins at `at`; `at` when none does.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
    const char quote = text[at];
    if (quote == '\'' || quote == '"') {
        const bool escapes =
            quote == '\'' && at > 0 && lower(text[at - 1]) == 'e' && (at < 2 || !is_word(text[at - 2]));
        for (std::size_t i = at + 1; i < text.size(); ++i) {
            if (escapes && text[i] == '\\') {
                ++i;
            } else if (text[i] == quote) {
                return i + 1;
            }
        }
        return text.size();
    }
    if (quote == '$' && (at == 0 || !is_word(text[at - 1]))) {
        auto end = at + 1;
        while (end < text.size() && text[end] != '$' && is_word(text[end])) {
            ++end;
        }
        if (end < text.size() && text[end] == '$') {
            const auto tag = text.substr(at, end + 1 - at);
            const auto close = text.find(tag, end + 1);
            return close == std::string_view::npos ? text.size() : close + tag.size();
        }
    }
    return at;
}

/// Past a block comment, which nests in SQL.
std::size_t past_block_comment(std::string_view text, std::size_t at) {
    int depth = 0;
    while (at < text.size()) {
        const auto two = text.substr(at, 2);
        if (two == "/*" || two == "*/") {
            depth += two == "/*" ? 1 : -1;
            at += 2;
            if (depth == 0) {
                return at;
            }
        } else {
            ++at;
        }
    }
    return text.size();
}

/// Calls `visit(offset)` for each character that is code; stops when it answers false.
template <typename Visit>
void scan(std::string_view text, std::size_t from, const Visit& visit) {
    for (auto at = from; at < text.size();) {
        const auto two = text.substr(at, 2);
        if (two == "--" || two == "/*") {
            at = std::max(skip_blank(text, at), at + 1);
        } else if (const auto past = skip_quoted(text, at); past != at) {
            at = past;
        } else if (visit(at)) {
            ++at;
        } else {
            return;
        }
    }
}

} // namespace

std::string ident(std::string_view name) {
    // The reserved words of the grammar (parser/kwlist.h) that anybody might name something after.
    static const std::set<std::string_view> reserved{"all",
                                                     "analyse",
                                                     "analyze",
                                                     "and",
                                                     "any",
                                                     "array",
                                                     "as",
                                                     "asc",
                                                     "both",
                                                     "case",
                                                     "cast",
                                                     "check",
                                                     "collate",
                                                     "column",
                                                     "constraint",
                                                     "create",
                                                     "default",
                                                     "desc",
                                                     "distinct",
                                                     "do",
                                                     "else",
                                                     "end",
                                                     "except",
                                                     "false",
                                                     "fetch",
                                                     "for",
                                                     "foreign",
                                                     "from",
                                                     "grant",
                                                     "group",
                                                     "having",
                                                     "in",
                                                     "initially",
                                                     "intersect",
                                                     "into",
                                                     "lateral",
                                                     "leading",
                                                     "limit",
                                                     "not",
                                                     "null",
                                                     "offset",
                                                     "on",
                                                     "only",
                                                     "or",
                                                     "order",
                                                     "placing",
                                                     "primary",
                                                     "references",
                                                     "returning",
                                                     "select",
                                                     "some",
                                                     "symmetric",
                                                     "table",
                                                     "then",
                                                     "to",
                                                     "trailing",
                                                     "true",
                                                     "union",
                                                     "unique",
                                                     "user",
                                                     "using",
                                                     "variadic",
                                                     "when",
                                                     "where",
                                                     "window",
                                                     "with",
                                                     "authorization",
                                                     "binary",
                                                     "concurrently",
                                                     "cross",
                                                     "freeze",
                                                     "full",
                                                     "ilike",
                                                     "inner",
                                                     "is",
                                                     "isnull",
                                                     "join",
                                                     "left",
                                                     "like",
                                                     "natural",
                                                     "notnull",
                                                     "outer",
                                                     "overlaps",
                                                     "right",
                                                     "similar",
                                                     "verbose",
                                                     "tablesample"};
    const bool plain = !name.empty() &&
                       (std::islower(static_cast<unsigned char>(name[0])) != 0 || name[0] == '_') &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                           return std::islower(static_cast<unsigned char>(c)) != 0 ||
                                  std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '_';
                       });
    return plain && !reserved.contains(name) ? std::string(name) : postgres::quote_identifier(name);
}

std::string qualified(std::string_view name) {
    const auto dot = name.find('.');
    return dot == std::string_view::npos ? ident(name)
                                         : ident(name.substr(0, dot)) + "." + ident(name.substr(dot + 1));
}

std::string ident_list(const std::vector<std::string>& names) {
    std::string result;
    for (const auto& name : names) {
        result += (result.empty() ? "" : ", ") + ident(name);
    }
    return result;
}

std::string inside_parentheses(std::string_view text, std::size_t from) {
    int depth = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    scan(text, from, [&](std::size_t at) {
        if (text[at] == '(' && ++depth == 1) {
            begin = at + 1;
        } else if (text[at] == ')' && --depth == 0) {
            end = at;
        }
        return end == 0 && depth >= 0;
    });
    return end > begin ? std::string(text.substr(begin, end - begin)) : std::string();
}

std::string expression_text(std::string_view text, std::size_t from) {
    static const std::set<std::string> next{"NOT",        "NULL",       "CHECK",     "UNIQUE",  "PRIMARY",
                                            "REFERENCES", "CONSTRAINT", "GENERATED", "COLLATE", "DEFAULT"};
    int depth = 0;
    auto end = text.size();
    scan(text, from, [&](std::size_t at) {
        const char c = text[at];
        depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
        const bool begins_word = at > from && is_word(c) && !is_word(text[at - 1]);
        if (depth < 0 ||
            (depth == 0 && (c == ',' || c == ';' || (begins_word && next.contains(word_at(text, at)))))) {
            end = at;
            return false;
        }
        return true;
    });
    auto found = text.substr(std::min(from, end), end - std::min(from, end));
    while (!found.empty() && std::isspace(static_cast<unsigned char>(found.back())) != 0) {
        found.remove_suffix(1);
    }
    return std::string(found);
}

std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
    auto found = std::string_view::npos;
    const auto quoted = "\"" + std::string(word) + "\"";
    const auto in_quotes = text.find(quoted, std::min(from, text.size()));
    scan(text, from, [&](std::size_t at) {
        if (is_word(text[at]) && (at == 0 || !is_word(text[at - 1])) &&
            same_word(text.substr(at, word.size()), word) &&
            (at + word.size() >= text.size() || !is_word(text[at + word.size()]))) {
            found = at;
            return false;
        }
        return true;
    });
    return std::min(found, in_quotes);
}

std::vector<Comment> line_comments(std::string_view text) {
    std::vector<Comment> result;
    for (std::size_t at = 0; at < text.size();) {
        const auto two = text.substr(at, 2);
        if (two == "--") {
            const auto end = std::min(text.find_first_of("\r\n", at), text.size());
            result.push_back({at, end});
            at = end;
        } else if (two == "/*") {
            at = std::max(past_block_comment(text, at), at + 1);
        } else {
            at = std::max(skip_quoted(text, at), at + 1);
        }
    }
    return result;
}

std::string human_bytes(long long bytes) {
    constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
    constexpr double step = 1024;
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= step && unit + 1 < units.size()) {
        value /= step;
        ++unit;
    }
    const auto tenths = static_cast<long long>(value * 10);
    const bool whole = tenths >= 100 || unit == 0;
    return std::to_string(tenths / 10) + (whole ? "" : "." + std::to_string(tenths % 10)) + " " +
           units.at(unit);
}

std::string human_count(long long count) {
    auto digits = std::to_string(count);
    for (auto at = static_cast<long>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits;
}

} // namespace pgteal::migration::lint
