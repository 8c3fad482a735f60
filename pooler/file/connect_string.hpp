// The right side of an entry: host=… port=… as PgBouncer reads it, with byte ranges.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::pooler {

/// One key=value of an entry. Offsets count from the start of the connect string.
struct ConnectPair {
    std::string key;
    std::string value; ///< without quotes
    std::size_t begin = 0;
    std::size_t value_begin = 0; ///< at the opening quote if there is one
    std::size_t end = 0;         ///< behind the closing quote
};

/// Pure. Not libpq's grammar (PgBouncer source: loader.c, cstr_get_pair): only a space separates, so a tab
/// belongs to a bare value;
/// '' inside quotes is one quote, backslashes mean nothing; the one character behind a closing quote is
/// skipped, whatever it is; no value is empty. Throws std::invalid_argument, without any value in its text.
std::vector<ConnectPair> parse_connect_string(std::string_view text);

/// Pure. `text` with every `key` set to `value`, each in the quoting style it has if that can hold the value;
/// appended when absent.
std::string set_option(std::string text, std::string_view key, std::string_view value);

/// Pure. `text` without `key`.
std::string remove_option(std::string text, std::string_view key);

/// Pure. `value` as it has to be written. Throws std::invalid_argument for what a line cannot hold.
std::string quote_option(std::string_view value, bool always);

} // namespace pgteal::pooler
