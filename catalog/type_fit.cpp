#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "catalog/type_fit_parts.hpp"

namespace pgteal::postgres {

using namespace fit;

namespace {

/// The text of something else, read by a type that has a form of its own for each value. Input functions take
/// more than output functions print: 007, capitals, blanks, a time that a date has no place for.
TypeFit read_as(const Type& to, std::string refused = {}) {
    TypeFit fit;
    fit.stops_when =
        refused.empty() ? "the text of a value is not accepted by " + as_text(to) : std::move(refused);
    if (to.base != "json") { // which keeps the text
        fit.differs_when = "a value is not written as " + as_text(to) +
                           " writes it and is accepted all the same: what it takes it for arrives";
    }
    return fit;
}

/// name and "char" cut without a word (PostgreSQL source: name.c, namein; char.c, charin).
TypeFit to_cut_type(const Type& from, const Type& to) {
    constexpr int bytes_of_a_character = 4;
    constexpr int longest_name = 63;
    static const std::vector<std::string_view> unlimited{
        "text", "array", "character varying", "bpchar", "numeric", "json", "jsonb",
        "xml",  "bytea", "bit varying"};
    if (to.base == "name") {
        const bool may_be_long =
            from.first()
                ? from.first().value_or(0) * (is_string(from) ? bytes_of_a_character : 1) > longest_name
                : std::ranges::find(unlimited, from.base) != unlimited.end() ||
                      from.base.find('.') != std::string::npos;
        return may_be_long ? differs("a value has more than 63 bytes: the rest is cut off") : TypeFit{};
    }
    return from.base == "boolean" ? TypeFit{}
                                  : differs("a value has more than one byte: only the first arrives");
}

TypeFit to_string_type(const Type& from, const Type& to, bool utc) {
    TypeFit fit = to.base == "name" ? to_cut_type(from, to) : TypeFit{};
    const auto limit = to.base == "text" ? std::nullopt : to.first();
    const auto length = is_string(from) && from.base != "text" ? from.first() : std::nullopt;
    static const std::map<std::string, int, std::less<>> widest{
        {"smallint", 6}, {"integer", 11}, {"bigint", 20}, {"boolean", 1},
        {"uuid", 36},    {"date", 13},    {"name", 63}};
    const auto wide = widest.find(from.base);
    const bool short_enough = (length && *length <= limit.value_or(0)) ||
                              (wide != widest.end() && wide->second <= limit.value_or(0));
    if (limit && !short_enough) {
        fit.stops_when = "a value has more than " + std::to_string(*limit) + " characters" +
                         (is_string(from) ? " (blanks behind them are cut off in silence)" : "");
    }
    if (to.base == "character" && is_string(from) && from.base != "character" && from.base != "name") {
        fit.differs_when = "a value ends in blanks: they don't count there";
    }
    const bool padded = from.base == "character" && to.base != "character";
    if (padded && from.first().value_or(1) > 1) {
        fit.differs_when = "a value is shorter than " + std::to_string(*from.first()) +
                           " characters: it arrives padded with blanks";
    } else if (from.base == "boolean") {
        fit = differs("any value is written: 't' arrives where a cast gives 'true'", true);
    } else if (is_zoned(from) && !utc) {
        fit.differs_when = "a value is written: it arrives in the time zone of the publisher's walsender";
        fit.always = fit.stops_when.empty();
    }
    return fit;
}

TypeFit numeric_to_numeric(const Type& from, const Type& to) {
    TypeFit fit;
    if (to.modifiers.empty()) {
        return fit;
    }
    const int scale = to.modifiers.size() > 1 ? to.modifiers[1] : 0;
    const int whole = to.modifiers[0] - scale;
    const bool known = !from.modifiers.empty();
    const int from_scale = from.modifiers.size() > 1 ? from.modifiers[1] : 0;
    if (!known || from_scale > scale) {
        fit.differs_when = "a value has more than " + std::to_string(scale) + " decimals: it is rounded";
    }
    if (!known || from.modifiers[0] - from_scale > whole) {
        fit.stops_when = "a value has more than " + std::to_string(whole) + " digits before the point";
    }
    return fit;
}

TypeFit to_integer(const Type& from, const Type& to) {
    const std::string outside = "a value is outside " + to.base;
    if (const auto digits = integer_digits(from)) {
        return *digits > *integer_digits(to) ? stops(outside) : TypeFit{};
    }
    if (from.base == "numeric") {
        // A scale is printed even where it is zero ("5.00"), and no integer type reads that.
        if (from.modifiers.size() > 1 && from.modifiers[1] > 0) {
            return stops("any value is written: it arrives with decimals", true);
        }
        const bool fits = !from.modifiers.empty() && from.modifiers[0] < *integer_digits(to);
        return fits ? TypeFit{} : stops(outside + (from.modifiers.empty() ? " or has decimals" : ""));
    }
    if (from.base == "oid") {
        return to.base == "bigint" ? TypeFit{} : stops(outside);
    }
    return is_float(from) ? stops(outside + " or has decimals")
                          : read_as(to, "a value is not the text of a number that fits " + to.base);
}

TypeFit to_numeric(const Type& from, const Type& to) {
    if (from.base == "numeric") {
        return numeric_to_numeric(from, to);
    }
    if (const auto digits = integer_digits(from)) {
        const int scale = to.modifiers.size() > 1 ? to.modifiers[1] : 0;
        const bool fits = to.modifiers.empty() || to.modifiers[0] - scale >= *digits;
        return fits ? TypeFit{} : stops("a value is outside " + as_text(to));
    }
    return is_float(from) ? numeric_to_numeric({"numeric", {}, false}, to)
                          : read_as(to, "a value is not the text of a number");
}

TypeFit to_float(const Type& from, const Type& to) {
    const bool narrow = to.base == "real";
    if (from.base == "real" || (from.base == "double precision" && !narrow) || from.base == "smallint" ||
        (from.base == "integer" && !narrow)) {
        return {};
    }
    if (is_float(from) || integer_digits(from) || from.base == "numeric") {
        TypeFit fit = differs(std::string("a value has more than ") + (narrow ? "6" : "15") +
                              " significant digits: it is rounded");
        if (is_float(from) || from.base == "numeric") {
            fit.stops_when = "a value is out of range for " + to.base;
        }
        return fit;
    }
    return read_as(to, "a value is not the text of a number");
}

TypeFit between_bits(const Type& from, const Type& to) {
    const int from_length = from.first().value_or(from.base == "bit" ? 1 : 0);
    const int to_length = to.first().value_or(to.base == "bit" ? 1 : 0);
    if (to.base == "bit") {
        if (from.base == "bit") {
            return from_length == to_length ? TypeFit{}
                                            : stops("any value is written: its length differs", true);
        }
        return stops("a value has not exactly " + std::to_string(to_length) + " bits");
    }
    const bool fits = to_length == 0 || (from_length != 0 && from_length <= to_length);
    return fits ? TypeFit{} : stops("a value has more than " + std::to_string(to_length) + " bits");
}

TypeFit scalar_fit(const Type& from, const Type& to, bool utc);

TypeFit between_spans(const Span& from, const Span& to, bool utc) {
    if (from.multi != to.multi) {
        return stops("any value is written: a range's text is no multirange's", true);
    }
    TypeFit fit = scalar_fit(from.element, to.element, utc);
    if (to.discrete && !from.discrete) {
        fit.differs_when = "a value's bounds are not [a,b): the next whole ones arrive";
    }
    return fit;
}

TypeFit scalar_fit(const Type& from, const Type& to, bool utc) {
    if (is_string(to)) {
        return to_string_type(from, to, utc);
    }
    if (to.base == "\"char\"") {
        return from.base == to.base ? TypeFit{} : to_cut_type(from, to);
    }
    if (integer_digits(to)) {
        return from.base == "boolean" ? stops("any value is written: 't' is no number", true)
                                      : to_integer(from, to);
    }
    if (to.base == "numeric") {
        return from.base == "boolean" ? stops("any value is written: 't' is no number", true)
                                      : to_numeric(from, to);
    }
    if (is_float(to)) {
        return to_float(from, to);
    }
    const bool from_time = is_timestamp(from) || from.base == "date";
    if (from_time && (is_timestamp(to) || to.base == "date")) {
        return between_times(from, to, utc);
    }
    const auto is_bits = [](const Type& t) { return t.base == "bit" || t.base == "bit varying"; };
    if (is_bits(from) && is_bits(to)) {
        return between_bits(from, to);
    }
    if (is_interval(from) && is_interval(to)) {
        return between_intervals(from, to);
    }
    if (is_clock(to) && (is_clock(from) || is_timestamp(from))) {
        return to_clock(from, to, utc);
    }
    if (from.base == to.base) {
        return {}; // others have no modifiers, or none that is known here
    }
    const auto from_span = span_of(from);
    const auto to_span = span_of(to);
    if (from_span && to_span) {
        return between_spans(*from_span, *to_span, utc);
    }
    if (from.base == "json" && to.base == "jsonb") {
        return differs(
            "a value repeats a key, or has blanks or an order of keys of its own: only jsonb's form "
            "of it arrives");
    }
    if ((from.base == "cidr" && to.base == "inet") || (is_json(from) && is_json(to)) ||
        (from.base == "macaddr" && to.base == "macaddr8") ||
        (is_clock(from) && is_interval(to) && from.base == plain_clock)) {
        return {}; // what arrives is what a cast gives
    }
    if (integer_digits(from) && to.base == "oid" && from.base != "bigint") {
        return differs("a value is negative: it is taken for one above 2147483647");
    }
    if (integer_digits(from) && (to.base == "boolean" || is_json(to))) {
        return is_json(to) ? TypeFit{} : stops("a value is neither 0 nor 1");
    }
    if (from.base == "inet" && to.base == "cidr") {
        return stops("a value has bits to the right of its netmask");
    }
    if (from.base == "macaddr8" && to.base == "macaddr") {
        return stops("any value is written: it is longer", true);
    }
    return read_as(to);
}

/// One of the two is an array.
TypeFit array_fit(const Type& from, const Type& to, bool utc) {
    if (is_string(to) && !to.array) {
        TypeFit fit = to_string_type({"array", {}, false}, to, utc);
        if (is_zoned(from) && !utc) {
            fit.differs_when = "a value is written: it arrives in the time zone of the publisher's walsender";
            fit.always = fit.stops_when.empty();
        }
        return fit;
    }
    static const std::vector<std::string_view> strict{"boolean", "uuid",     "date",   "inet",
                                                      "cidr",    "interval", "macaddr"};
    const auto is_strict = [](const Type& t) {
        return integer_digits(t) || t.base == "numeric" || is_float(t) || is_timestamp(t) || is_clock(t) ||
               std::ranges::find(strict, t.base) != strict.end();
    };
    const Type& scalar = from.array ? to : from;
    if (is_strict(scalar)) {
        return stops(from.array ? "any value is written: it is the text of an array"
                                : "any value is written: it is not the text of an array",
                     true);
    }
    return read_as(to, from.array ? "" : "a value is not the text of an array");
}

} // namespace

TypeFit type_fit(std::string_view from, std::string_view to, bool utc) {
    if (from == to) {
        return {};
    }
    const Type left = parse(from);
    const Type right = parse(to);
    if (left.array != right.array) {
        return array_fit(left, right, utc);
    }
    return scalar_fit(left, right, utc);
}

bool is_utc(std::string_view time_zone) {
    static const std::vector<std::string_view> names{"UTC", "Etc/UTC", "GMT",  "Etc/GMT",
                                                     "UCT", "Etc/UCT", "Zulu", "Etc/Zulu"};
    return std::ranges::find(names, time_zone) != names.end();
}

bool same_binary(std::string_view from, std::string_view to) {
    const Type left = parse(from);
    const Type right = parse(to);
    const auto texts = [](const Type& t) {
        return is_string(t) && t.base != "name" && !t.base.ends_with(".citext");
    };
    // An array's binary form names its elements' type, so that a text[] is no varchar[].
    return left.array == right.array &&
           (left.base == right.base || (is_interval(left) && is_interval(right)) ||
            (!left.array && texts(left) && texts(right)));
}

bool lacks_equality(std::string_view type) {
    static const std::vector<std::string> without{"json", "xml",       "point",        "line",
                                                  "lseg", "box",       "polygon",      "circle",
                                                  "path", "refcursor", "txid_snapshot"};
    return std::ranges::find(without, parse(type).base) != without.end();
}

} // namespace pgteal::postgres
