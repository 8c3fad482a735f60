#include "postgres/type_fit.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

namespace pgteal::postgres {

namespace {

struct Type {
    std::string base; ///< without modifiers and brackets
    std::vector<int> modifiers;
    bool array = false;
    [[nodiscard]] std::optional<int> first() const {
        return modifiers.empty() ? std::nullopt : std::optional(modifiers.front());
    }
};

Type parse(std::string_view text) {
    Type type;
    while (text.ends_with("[]")) {
        type.array = true;
        text.remove_suffix(2);
    }
    const auto open = text.find('(');
    const auto close = text.find(')', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
        type.base = text;
        return type;
    }
    type.base = std::string(text.substr(0, open)) + std::string(text.substr(close + 1));
    for (std::size_t at = open + 1; at < close;) {
        int value = 0;
        const auto end = std::min(text.find(',', at), close);
        std::from_chars(text.data() + at, text.data() + end, value);
        type.modifiers.push_back(value);
        at = end + 1;
    }
    return type;
}

constexpr std::string_view plain_time = "timestamp without time zone";
constexpr std::string_view zoned_time = "timestamp with time zone";

bool is_string(const Type& t) {
    return t.base == "text" || t.base == "character varying" || t.base == "character" || t.base == "bpchar" ||
           t.base == "name" || t.base == "citext" || t.base.ends_with(".citext");
}

/// Decimal digits that every value of the type fits into; nullopt: no integer type.
std::optional<int> integer_digits(const Type& t) {
    static const std::map<std::string, int, std::less<>> digits{
        {"smallint", 5}, {"integer", 10}, {"bigint", 19}};
    const auto found = digits.find(t.base);
    return found == digits.end() ? std::nullopt : std::optional(found->second);
}

bool is_float(const Type& t) { return t.base == "real" || t.base == "double precision"; }
bool is_json(const Type& t) { return t.base == "json" || t.base == "jsonb"; }
bool is_timestamp(const Type& t) { return t.base == plain_time || t.base == zoned_time; }

std::string as_text(const Type& t) {
    std::string text = t.base;
    if (!t.modifiers.empty()) {
        text += '(';
        for (std::size_t i = 0; i < t.modifiers.size(); ++i) {
            text += (i == 0 ? "" : ",") + std::to_string(t.modifiers[i]);
        }
        text += ')';
    }
    return text;
}

TypeFit stops(std::string when, bool always = false) { return {std::move(when), {}, always}; }
TypeFit differs(std::string when, bool always = false) { return {{}, std::move(when), always}; }

TypeFit to_string_type(const Type& from, const Type& to, bool utc) {
    TypeFit fit;
    const auto limit = to.base == "text" ? std::nullopt : to.first();
    const auto length = is_string(from) && from.base != "text" ? from.first() : std::nullopt;
    static const std::map<std::string, int, std::less<>> widest{
        {"smallint", 6}, {"integer", 11}, {"bigint", 20}, {"boolean", 1}, {"uuid", 36}, {"date", 13}};
    const auto wide = widest.find(from.base);
    const bool short_enough = (length && *length <= limit.value_or(0)) ||
                              (wide != widest.end() && wide->second <= limit.value_or(0));
    if (limit && !short_enough) {
        fit.stops_when = "a value has more than " + std::to_string(*limit) + " characters";
    }
    const bool padded = from.base == "character" && to.base != "character";
    if (padded && from.first().value_or(1) > 1) {
        fit.differs_when = "a value is shorter than " + std::to_string(*from.first()) +
                           " characters: it arrives padded with blanks";
    } else if (from.base == "boolean") {
        fit = differs("any value is written: 't' arrives where a cast gives 'true'", true);
    } else if (from.base == zoned_time && !utc) {
        fit.differs_when = "a value is written: it arrives in the time zone of the publisher's walsender";
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
    return is_float(from) ? stops(outside + " or has decimals")
                          : stops("a value is not the text of a number that fits " + to.base);
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
                          : stops("a value is not the text of a number");
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
    return stops("a value is not the text of a number");
}

/// Fractional seconds: 6 unless said otherwise.
TypeFit coarser(const Type& from, const Type& to) {
    const int digits = to.first().value_or(6);
    return from.first().value_or(6) > digits ? differs("a value has more than " + std::to_string(digits) +
                                                       " digits of a second: it is rounded")
                                             : TypeFit{};
}

/// The place of an interval's last field: "interval day to minute" keeps what is left of it too
/// (timestamp.c, AdjustIntervalForTypmod).
int last_field(const Type& t) {
    static const std::vector<std::string_view> fields{"year", "month", "day", "hour", "minute", "second"};
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (t.base.ends_with(fields[i])) {
            return static_cast<int>(i);
        }
    }
    return static_cast<int>(fields.size()) - 1;
}

bool is_interval(const Type& t) { return t.base == "interval" || t.base.starts_with("interval "); }

TypeFit between_intervals(const Type& from, const Type& to) {
    constexpr int seconds = 5;
    if (last_field(from) > last_field(to)) {
        return differs("a value has parts that " + as_text(to) + " doesn't keep: they are cut off");
    }
    return last_field(from) == seconds ? coarser(from, to) : TypeFit{};
}

TypeFit between_times(const Type& from, const Type& to, bool utc) {
    if (to.base == "date") {
        return from.base == "date" ? TypeFit{} : differs("a value is not midnight: its time is dropped");
    }
    if ((from.base == zoned_time) != (to.base == zoned_time) && !utc) {
        return differs(from.base == zoned_time
                           ? "any value is written: the publisher's TimeZone decides which clock time arrives"
                           : "any value is written: it is read in the TimeZone of the subscriber's worker",
                       true);
    }
    return from.base == "date" ? TypeFit{} : coarser(from, to);
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

TypeFit scalar_fit(const Type& from, const Type& to, bool utc) {
    if (is_string(to)) {
        return to_string_type(from, to, utc);
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
    if (from.base == to.base) {
        return coarser(from, to); // time and timetz; others have no modifiers
    }
    if (from.base == "json" && to.base == "jsonb") {
        return differs(
            "a value repeats a key, or has blanks or an order of keys of its own: only jsonb's form "
            "of it arrives");
    }
    if ((from.base == "cidr" && to.base == "inet") || (is_json(from) && is_json(to))) {
        return {};
    }
    if (from.base == "inet" && to.base == "cidr") {
        return stops("a value has bits to the right of its netmask");
    }
    return stops("the text of a value is not accepted by " + as_text(to));
}

} // namespace

TypeFit type_fit(std::string_view from, std::string_view to, bool utc) {
    if (from == to) {
        return {};
    }
    const Type left = parse(from);
    const Type right = parse(to);
    if (left.array != right.array) {
        return is_string(right) && !right.array
                   ? to_string_type({"array", {}, false}, right, utc)
                   : stops(left.array ? "any value is written: it is the text of an array"
                                      : "a value is not the text of an array",
                           left.array);
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
