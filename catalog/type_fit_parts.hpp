// Types by their printed names, for type_fit().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/type_fit.hpp"

namespace pgteal::postgres::fit {

struct Type {
    std::string base; ///< without modifiers and brackets
    std::vector<int> modifiers;
    bool array = false;
    [[nodiscard]] std::optional<int> first() const {
        return modifiers.empty() ? std::nullopt : std::optional(modifiers.front());
    }
};

Type parse(std::string_view text);
std::string as_text(const Type& t);

inline constexpr std::string_view plain_time = "timestamp without time zone";
inline constexpr std::string_view zoned_time = "timestamp with time zone";
inline constexpr std::string_view plain_clock = "time without time zone";
inline constexpr std::string_view zoned_clock = "time with time zone";

/// What a range or multirange is made of; those of PostgreSQL itself only.
struct Span {
    Type element;
    bool multi = false, discrete = false;
};
std::optional<Span> span_of(const Type& t);

bool is_string(const Type& t);
/// Decimal digits that every value of the type fits into; nullopt: no integer type.
std::optional<int> integer_digits(const Type& t);
bool is_float(const Type& t);
bool is_json(const Type& t);
bool is_timestamp(const Type& t);
bool is_interval(const Type& t);
/// time and timetz.
bool is_clock(const Type& t);
/// The session's TimeZone decides what it prints.
bool is_zoned(const Type& t);

inline TypeFit stops(std::string when, bool always = false) { return {std::move(when), {}, always}; }
inline TypeFit differs(std::string when, bool always = false) { return {{}, std::move(when), always}; }

TypeFit between_intervals(const Type& from, const Type& to);
/// Both are timestamps or dates.
TypeFit between_times(const Type& from, const Type& to, bool utc);
/// time and timetz, and what they are cut out of.
TypeFit to_clock(const Type& from, const Type& to, bool utc);

} // namespace pgteal::postgres::fit
