#include "catalog/setting_text.hpp"

#include <algorithm>
#include <array>

#include "postgres/quote.hpp"

namespace pgteal::postgres {

namespace {

// GUC_LIST_QUOTE variables of PostgreSQL 13-18 (source: dumputils.c, variable_is_guc_list_quote).
constexpr std::array<std::string_view, 6> lists{"local_preload_libraries",   "search_path",
                                                "session_preload_libraries", "shared_preload_libraries",
                                                "temp_tablespaces",          "unix_socket_directories"};

bool is_list(std::string name) {
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return std::ranges::find(lists, name) != lists.end();
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\n\r\f\v");
    if (first == std::string_view::npos) {
        return {};
    }
    return std::string(text.substr(first, text.find_last_not_of(" \t\n\r\f\v") - first + 1));
}

} // namespace

std::vector<std::string> split_list(std::string_view value) {
    std::vector<std::string> elements;
    std::string element;
    bool quoted = false;     // inside double quotes
    bool was_quoted = false; // this element had them: it may be empty, and its blanks count
    const auto end_element = [&] {
        std::string text = was_quoted ? element : trimmed(element);
        if (was_quoted || !text.empty()) {
            elements.push_back(std::move(text));
        }
        element.clear();
        was_quoted = false;
    };
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == '"' && quoted && i + 1 < value.size() && value[i + 1] == '"') {
            element += '"';
            ++i;
        } else if (c == '"') {
            if (!quoted) {
                element.clear();
                was_quoted = true;
            }
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            end_element();
        } else if (quoted || !was_quoted) {
            element += c;
        }
    }
    end_element();
    return elements;
}

SqlText setting_text(const std::string& name, const std::string& value) {
    SqlText text = quote_identifier(name) + " TO ";
    if (name.find('.') != std::string::npos) {
        return text + hidden_literal("value", value);
    }
    if (!is_list(name)) {
        return text + quote_literal(value);
    }
    const auto elements = split_list(value);
    if (elements.empty()) {
        return text + "''";
    }
    for (std::size_t i = 0; i < elements.size(); ++i) {
        text += (i == 0 ? "" : ", ") + quote_literal(elements[i]);
    }
    return text;
}

} // namespace pgteal::postgres
