#include "migration/server_message.hpp"

#include <algorithm>
#include <charconv>

#include "migration/text.hpp"

namespace pgteal::migration {

namespace {

constexpr std::size_t message_length = 500;

bool all_upper(std::string_view word) {
    return !word.empty() && word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

/// "DETAIL:  text" gives "DETAIL" and cuts it off; "" when the line has no such label.
std::string_view take_label(std::string_view& line) {
    const auto colon = line.find(":  ");
    if (colon == std::string_view::npos || !all_upper(line.substr(0, colon))) {
        return {};
    }
    const auto label = line.substr(0, colon);
    line.remove_prefix(colon + 3);
    return label;
}

int line_number(std::string_view line) {
    int number = 0;
    if (line.starts_with("LINE ")) {
        std::from_chars(line.data() + 5, line.data() + line.size(), number);
    }
    return number;
}

} // namespace

ServerMessage read_server_message(std::string_view text) {
    ServerMessage result;
    std::string message;
    std::string detail;
    std::string ignored;
    std::string* place = &message;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (const int number = line_number(line); number > 0 && result.line == 0) {
            result.line = number;
            place = &ignored;
            continue;
        }
        if (const auto label = take_label(line); label == "DETAIL" || label == "HINT") {
            place = &detail;
        } else if (label == "CONTEXT" || label == "QUERY" || label == "STATEMENT" || label == "LOCATION") {
            place = &ignored;
        }
        *place += line;
        *place += '\n';
    }
    result.message = excerpt(message, message_length);
    result.detail = excerpt(detail, message_length);
    return result;
}

} // namespace pgteal::migration
