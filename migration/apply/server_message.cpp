#include "migration/apply/server_message.hpp"

#include <charconv>

#include "migration/files/text.hpp"
#include "postgres/server_words.hpp"

namespace pgteal::migration {

namespace {

constexpr std::size_t message_length = 500;

/// Of the first "LINE n: " that begins a line.
int line_number(std::string_view text) {
    int number = 0;
    const auto at = text.starts_with("LINE ") ? 0 : text.find("\nLINE ");
    if (at != std::string_view::npos) {
        const auto digits = text.substr(text.find_first_of("0123456789", at));
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    }
    return number;
}

} // namespace

ServerMessage read_server_message(std::string_view text, const std::string& sqlstate) {
    const auto words = postgres::without_values(postgres::read_error_text(text, sqlstate));
    ServerMessage result;
    result.message = excerpt(words.message, message_length);
    result.detail = excerpt(words.detail + "\n" + words.hint, message_length);
    result.line = line_number(text);
    return result;
}

} // namespace pgteal::migration
