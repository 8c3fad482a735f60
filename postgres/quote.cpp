#include "postgres/quote.hpp"

#include "base/error.hpp"

namespace pgteal::postgres {

namespace {

void refuse_nul(std::string_view text, const char* what) {
    if (text.find('\0') != std::string_view::npos) {
        throw Error(ErrorCode::internal, "", std::string("a NUL byte can't be part of ") + what);
    }
}

void append_doubled(std::string& out, std::string_view text, std::string_view doubled) {
    for (const char c : text) {
        if (doubled.find(c) != std::string_view::npos) {
            out += c;
        }
        out += c;
    }
}

} // namespace

std::string quote_identifier(std::string_view name) {
    refuse_nul(name, "an SQL identifier");
    std::string out = "\"";
    append_doubled(out, name, "\"");
    return out + '"';
}

std::string quote_qualified(std::string_view schema, std::string_view name) {
    return quote_identifier(schema) + '.' + quote_identifier(name);
}

std::string quote_literal(std::string_view value) {
    refuse_nul(value, "an SQL literal");
    // E'' reads a backslash the same way under either standard_conforming_strings. The space keeps E apart
    // from a word before it, as PQescapeLiteral does.
    std::string out = value.find('\\') == std::string_view::npos ? "'" : " E'";
    append_doubled(out, value, "'\\");
    return out + '\'';
}

std::string quote_literal_in_body(std::string_view value) {
    const std::string literal = quote_literal(value);
    if (value.find('$') == std::string_view::npos) {
        return literal;
    }
    std::string out = " E'";
    for (const char c : std::string_view(literal).substr(literal.starts_with(" E'") ? 3 : 1)) {
        out += c == '$' ? std::string("\\044") : std::string(1, c);
    }
    return out;
}

} // namespace pgteal::postgres
