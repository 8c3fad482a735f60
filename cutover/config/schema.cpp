#include <fmt/format.h>

#include "cutover/config/config_values.hpp"
#include "cutover/config/keys.hpp"
#include "cutover/config/views.hpp"

namespace pgteal::cutover {

namespace json = boost::json;

namespace {

json::array list_of(const Words& words) {
    const auto names = names_of(words);
    return json::array(names.begin(), names.end());
}

json::object of_text(const std::string& pattern) {
    return {{"type", "string"}, {"pattern", "^(?:" + pattern + ")$"}};
}

json::object of_text(const Words& words) {
    return words.empty() ? json::object{{"type", "string"}} : json::object{{"enum", list_of(words)}};
}

json::object schema_of(const Limits<int>& limits) {
    return {{"type", "integer"}, {"minimum", limits.low}, {"maximum", limits.high}};
}

/// Of durations and sizes.
template <typename Value>
json::object schema_of(const Limits<Value>& limits) {
    return of_text(pattern_between(limits.low, limits.high));
}

json::object schema_of(const Limits<std::string>& limits) {
    auto schema = limits.pattern.empty() ? of_text(limits.words) : of_text(std::string(limits.pattern));
    if (limits.regex) {
        schema["format"] = "regex";
    }
    return schema;
}

json::object schema_of(const Limits<Texts>& limits) {
    return {{"type", "array"}, {"items", of_text(limits.words)}};
}

json::object schema_of(const Limits<postgres::Dsn>& /*limits*/) { return {{"type", "string"}}; }

template <typename Owner>
json::object schema_of(const Key<Owner>& key) {
    return std::visit(
        [&](const auto& field) {
            auto schema = schema_of(field.limits);
            schema["title"] = form(field.limits);
            auto meaning = key.meaning;
            if (key.unset.empty()) {
                schema["default"] = as_json(Owner().*field.member);
            } else if (key.unset != required) {
                meaning += fmt::format(" Default: {}.", key.unset);
            } else if (schema.contains("type")) {
                schema["minLength"] = 1;
            }
            schema["description"] = meaning;
            return schema;
        },
        key.field);
}

template <typename Owner>
json::object schema_of(const Section<Owner>& section) {
    json::object keys;
    json::array all_required;
    for (const auto& key : section.keys) {
        keys[key.name] = schema_of(key);
        if (key.unset == required) {
            all_required.push_back(json::value(key.name));
        }
    }
    json::object schema{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(keys)}};
    if (!all_required.empty()) {
        schema["required"] = std::move(all_required);
    }
    if (section.many == nullptr) {
        return schema;
    }
    return {{"type", "array"},
            {"description", fmt::format("One for each {}.", section.each)},
            {"minItems", 1},
            {"items", std::move(schema)}};
}

/// What doesn't fit a line has a line for each member; Boost.JSON writes all in one.
std::string pretty(const json::value& value, const std::string& indent = "\n") {
    constexpr std::size_t width = 120;
    const auto line = json::serialize(value);
    if (!value.is_object() || line.size() + indent.size() <= width) {
        return line;
    }
    std::string text;
    for (const auto& [key, member] : value.get_object()) {
        text += (text.empty() ? "{" : ",") + indent + "  " + json::serialize(json::value(key)) + ": " +
                pretty(member, indent + "  ");
    }
    return text + indent + "}";
}

} // namespace

std::string config_schema() {
    json::object sections;
    json::array all_required;
    for_each_section([&](const auto& one) {
        auto schema = schema_of(one);
        if (one.many != nullptr || schema.contains("required")) {
            all_required.push_back(json::value(one.name));
        }
        sections[one.name] = std::move(schema);
    });
    return pretty(
        json::object{{"$schema", "http://json-schema.org/draft-07/schema#"},
                     {"title", "pgteal.toml"},
                     {"description", "Made by pgteal docs schema; docs/config.md says it for people."},
                     {"type", "object"},
                     {"additionalProperties", false},
                     {"required", std::move(all_required)},
                     {"properties", std::move(sections)}});
}

} // namespace pgteal::cutover
