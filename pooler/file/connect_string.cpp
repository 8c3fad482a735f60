#include "pooler/file/connect_string.hpp"

#include <algorithm>
#include <stdexcept>

#include "pooler/file/ini.hpp"

namespace pgteal::pooler {

namespace {

std::size_t skip_spaces(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(' ', at), text.size());
}

std::size_t read_key(std::string_view text, ConnectPair& pair) {
    const std::size_t end = std::min(text.find_first_of("= ", pair.begin), text.size());
    pair.key = text.substr(pair.begin, end - pair.begin);
    const std::size_t equals = skip_spaces(text, end);
    if (pair.key.empty() || equals == text.size() || text[equals] != '=') {
        throw std::invalid_argument("expected key=value pairs with spaces between them");
    }
    // Every key of every version is such a word; anything else makes PgBouncer refuse the file.
    if (!std::all_of(pair.key.begin(), pair.key.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })) {
        throw std::invalid_argument("a key with a character that no key has (a tab does not separate pairs)");
    }
    return equals + 1;
}

std::size_t read_quoted(std::string_view text, ConnectPair& pair) {
    for (std::size_t at = pair.value_begin + 1; at < text.size(); ++at) {
        if (text[at] == '\'') {
            if (at + 1 >= text.size() || text[at + 1] != '\'') {
                return at + 1;
            }
            ++at;
        }
        pair.value += text[at];
    }
    throw std::invalid_argument("the value of " + pair.key + " has no closing quote");
}

// Returns where the next pair may begin.
std::size_t read_value(std::string_view text, ConnectPair& pair) {
    if (pair.value_begin < text.size() && text[pair.value_begin] == '\'') {
        pair.end = read_quoted(text, pair);
    } else {
        pair.end = std::min(text.find(' ', pair.value_begin), text.size());
        pair.value = text.substr(pair.value_begin, pair.end - pair.value_begin);
    }
    if (pair.value.empty()) {
        throw std::invalid_argument("the value of " + pair.key + " is empty");
    }
    return std::min(pair.end + 1, text.size());
}

} // namespace

std::vector<ConnectPair> parse_connect_string(std::string_view text) {
    std::vector<ConnectPair> pairs;
    for (std::size_t at = skip_spaces(text, 0); at < text.size(); at = skip_spaces(text, at)) {
        ConnectPair pair;
        pair.begin = at;
        pair.value_begin = skip_spaces(text, read_key(text, pair));
        at = read_value(text, pair);
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

std::string quote_option(std::string_view value, bool always) {
    if (value.empty() || value.find_first_of(std::string_view("\n\0", 2)) != std::string_view::npos) {
        throw std::invalid_argument("a value is empty or holds a line end or NUL byte");
    }
    if (!always && value.front() != '\'' && std::none_of(value.begin(), value.end(), ini::is_space)) {
        return std::string(value);
    }
    std::string quoted = "'";
    for (const char c : value) {
        quoted.append(c == '\'' ? 2 : 1, c);
    }
    return quoted + "'";
}

std::string set_option(std::string text, std::string_view key, std::string_view value) {
    const auto pairs = parse_connect_string(text);
    bool found = false;
    for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair) {
        if (pair->key == key) {
            const bool quoted = text[pair->value_begin] == '\'';
            text.replace(pair->value_begin, pair->end - pair->value_begin, quote_option(value, quoted));
            found = true;
        }
    }
    if (!found) {
        text += (pairs.empty() ? "" : " ") + std::string(key) + "=" + quote_option(value, false);
    }
    return text;
}

std::string remove_option(std::string text, std::string_view key) {
    for (;;) {
        const auto pairs = parse_connect_string(text);
        const auto pair =
            std::find_if(pairs.begin(), pairs.end(), [&](const auto& p) { return p.key == key; });
        if (pair == pairs.end()) {
            return text;
        }
        const bool first = pair == pairs.begin();
        const bool last = std::next(pair) == pairs.end();
        const std::size_t begin = first ? pair->begin : std::prev(pair)->end;
        const std::size_t end = last ? pair->end : std::next(pair)->begin;
        text.replace(begin, end - begin, first || last ? "" : " ");
    }
}

} // namespace pgteal::pooler
