#include "cutover/config/read_values.hpp"

#include <algorithm>
#include <optional>
#include <regex>

#include <fmt/format.h>

#include "base/error.hpp"
#include "cutover/config/config_values.hpp"

namespace pgteal::cutover {

namespace {

[[noreturn]] void fail_form(const Spot& spot, const std::string& form, const std::string& hint = {}) {
    spot.fail(fmt::format("'{}' must be a {}", spot.key, form), hint);
}

/// Longer than any name, path or DSN; std::regex takes stack for each letter.
constexpr std::size_t longest = 4096;

std::string text_of(const Spot& spot) {
    auto text = spot.node.value_exact<std::string>();
    if (!text) {
        fail_form(spot, "text in quotes");
    }
    if (text->size() > longest) {
        spot.fail(fmt::format("'{}' has {} letters; a text may have {}", spot.key, text->size(), longest),
                  "docs/config.md lists what each key may be");
    }
    return *std::move(text);
}

void check_word(const Spot& spot, const std::string& text, const Words& words) {
    const auto known = names_of(words);
    if (!known.empty() && std::find(known.begin(), known.end(), text) == known.end()) {
        spot.fail(fmt::format("'{}' can't be '{}'; it is one of {}", spot.key, text, fmt::join(known, ", ")),
                  meant(text, known));
    }
}

/// Durations and sizes.
template <typename Value>
Value read_units(const Spot& spot, const Limits<Value>& limits,
                 std::optional<Value> (*parse)(std::string_view), std::string_view example) {
    const auto text = spot.node.value_exact<std::string>();
    const auto value = text ? parse(*text) : std::nullopt;
    if (!value || *value < limits.low || limits.high < *value) {
        fail_form(spot, form(limits) + ", with its unit, in quotes",
                  fmt::format("write it like {} = {}", spot.key, example));
    }
    return *value;
}

} // namespace

void Spot::fail(const std::string& message, const std::string& hint) const {
    const auto line = node.source().begin.line; // 0 for a section that isn't there
    throw Error(ErrorCode::config, "",
                line == 0 ? fmt::format("{}: {}", path, message)
                          : fmt::format("{}:{}: {}", path, line, message),
                hint);
}

int read(const Spot& spot, const Limits<int>& limits) {
    const auto value = spot.node.value_exact<std::int64_t>();
    if (!value || *value < limits.low || *value > limits.high) {
        fail_form(spot, form(limits));
    }
    return static_cast<int>(*value);
}

Duration read(const Spot& spot, const Limits<Duration>& limits) {
    return read_units(spot, limits, parse_duration, "\"5s\" (ms, s, min, h, d)");
}

Bytes read(const Spot& spot, const Limits<Bytes>& limits) {
    return read_units(spot, limits, parse_size, "\"16MB\" (B, kB, MB, GB, TB)");
}

std::string read(const Spot& spot, const Limits<std::string>& limits) {
    auto text = text_of(spot);
    check_word(spot, text, limits.words);
    if (!limits.pattern.empty() && !std::regex_match(text, std::regex(std::string(limits.pattern)))) {
        spot.fail(fmt::format("'{}' can't be '{}'; it may {}", spot.key, text, limits.may));
    }
    if (limits.regex) {
        try {
            static_cast<void>(std::regex(text));
        } catch (const std::regex_error&) {
            spot.fail(fmt::format("'{}' is no regular expression: {}", spot.key, text),
                      "write it like \"^[a-z_]+$\"");
        }
    }
    return text;
}

Texts read(const Spot& spot, const Limits<Texts>& limits) {
    const auto* array = spot.node.as_array();
    if (array == nullptr) {
        fail_form(spot, "list of texts", fmt::format("write it like {} = [\"app\"]", spot.key));
    }
    Texts texts;
    for (const auto& node : *array) {
        const Spot item{spot.path, spot.key, node};
        check_word(item, texts.emplace_back(text_of(item)), limits.words);
    }
    return texts;
}

postgres::Dsn read(const Spot& spot, const Limits<postgres::Dsn>& limits) {
    const auto text = text_of(spot);
    if (text.empty()) {
        return {};
    }
    postgres::Dsn dsn;
    try {
        dsn = postgres::Dsn::parse(text);
    } catch (const Error& error) {
        spot.fail(fmt::format("'{}': {}", spot.key, error.what()), error.hint());
    }
    if (!limits.dbname && dsn.get("dbname")) {
        spot.fail(fmt::format("'{}' names a database", spot.key), "leave dbname out: pgteal adds it");
    }
    return dsn;
}

std::string meant(std::string_view word, const std::vector<std::string_view>& known) {
    const auto near = nearest(word, known);
    return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

} // namespace pgteal::cutover
