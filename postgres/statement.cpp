#include "postgres/statement.hpp"

#include "postgres/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::postgres {

namespace {

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The name in `:'name'` or `:"name"` at `at` (which is the colon); empty when there is none.
std::string_view variable_at(std::string_view text, std::size_t at) {
    if (at + 1 >= text.size() || (at > 0 && text[at - 1] == ':')) {
        return {};
    }
    const char quote = text[at + 1];
    if (quote != '\'' && quote != '"') {
        return {};
    }
    std::size_t end = at + 2;
    while (end < text.size() && is_name_char(text[end])) {
        ++end;
    }
    if (end >= text.size() || text[end] != quote) {
        return {};
    }
    return text.substr(at + 2, end - at - 2);
}

} // namespace

std::string bind(std::string_view text, const Bindings& bindings) {
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        const auto variable = text[at] == ':' ? variable_at(text, at) : std::string_view{};
        if (variable.empty()) {
            out += text[at++];
            continue;
        }
        const auto found = bindings.find(variable);
        if (found == bindings.end()) {
            throw Error(ErrorCode::internal, "",
                        "a statement needs the value '" + std::string(variable) +
                            "', which is not known yet");
        }
        out +=
            text[at + 1] == '"' ? quote_identifier(found->second.value) : quote_literal(found->second.value);
        at += variable.size() + 3;
    }
    return out;
}

} // namespace pgteal::postgres
