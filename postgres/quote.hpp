// The one place where names and values become SQL text.
#pragma once

#include <string>
#include <string_view>

namespace pgteal::postgres {

/// `name` as a double-quoted identifier, always quoted. Throws Error(internal) on a NUL byte.
std::string quote_identifier(std::string_view name);

/// `schema.name`, both quoted.
std::string quote_qualified(std::string_view schema, std::string_view name);

/// `value` as a string literal that means the same whatever standard_conforming_strings says (E'' when it
/// holds a backslash).
std::string quote_literal(std::string_view value);

/// The same without a dollar sign, for a dollar-quoted body: nothing in it is taken for the body's end.
std::string quote_literal_in_body(std::string_view value);

} // namespace pgteal::postgres
