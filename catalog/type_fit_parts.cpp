#include "catalog/type_fit_parts.hpp"

#include <charconv>
#include <map>

namespace pgteal::postgres::fit {

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

bool is_string(const Type& t) {
    return t.base == "text" || t.base == "character varying" || t.base == "character" || t.base == "bpchar" ||
           t.base == "name" || t.base == "citext" || t.base.ends_with(".citext");
}

std::optional<Span> span_of(const Type& t) {
    static const std::map<std::string, std::pair<std::string_view, bool>, std::less<>> elements{
        {"int4", {"integer", true}}, {"int8", {"bigint", true}},  {"num", {"numeric", false}},
        {"date", {"date", true}},    {"ts", {plain_time, false}}, {"tstz", {zoned_time, false}}};
    for (const std::string_view kind : {"multirange", "range"}) {
        if (t.base.ends_with(kind)) {
            const auto found = elements.find(t.base.substr(0, t.base.size() - kind.size()));
            if (found != elements.end()) {
                return Span{{std::string(found->second.first), {}, false},
                            kind == "multirange",
                            found->second.second};
            }
        }
    }
    return std::nullopt;
}

bool is_zoned(const Type& t) {
    const auto span = span_of(t);
    return t.base == zoned_time || (span && span->element.base == zoned_time);
}

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

bool is_clock(const Type& t) { return t.base == plain_clock || t.base == zoned_clock; }
bool is_interval(const Type& t) { return t.base == "interval" || t.base.starts_with("interval "); }

} // namespace pgteal::postgres::fit
