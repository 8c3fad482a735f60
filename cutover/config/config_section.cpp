#include "cutover/config/config_section.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "cutover/config/config_values.hpp"

namespace pgteal::cutover {

Section::Section(const toml::table& table, std::string name, std::string path)
    : table_(table), name_(std::move(name)), path_(std::move(path)) {
    check_keys();
}

std::string Section::text(std::string_view key, std::string fallback) const {
    const auto* node = table_.get(key);
    return node == nullptr ? std::move(fallback) : want_text(*node, key);
}

std::string Section::required_text(std::string_view key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) {
        fail(table_, "[" + name_ + "] has no '" + std::string(key) + "'",
             "add it; docs/config.md lists every key");
    }
    auto value = want_text(*node, key);
    if (value.empty()) {
        fail(*node, "'" + std::string(key) + "' is empty", "");
    }
    return value;
}

int Section::number(std::string_view key, int fallback, int low, int high) const {
    const auto* node = table_.get(key);
    if (node == nullptr) {
        return fallback;
    }
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < low || *value > high) {
        fail(*node,
             "'" + std::string(key) + "' must be a whole number from " + std::to_string(low) + " to " +
                 std::to_string(high),
             "");
    }
    return static_cast<int>(*value);
}

std::chrono::milliseconds Section::duration(std::string_view key, std::chrono::milliseconds fallback) const {
    const auto* node = table_.get(key);
    if (node == nullptr) {
        return fallback;
    }
    const auto text = node->value_exact<std::string>();
    const auto value = text ? parse_duration(*text) : std::nullopt;
    if (!value) {
        fail(*node, "'" + std::string(key) + "' needs a duration with its unit, in quotes",
             "write it like " + std::string(key) + " = \"5s\" (ms, s, min, h)");
    }
    return *value;
}

Bytes Section::size(std::string_view key, Bytes fallback) const {
    const auto* node = table_.get(key);
    if (node == nullptr) {
        return fallback;
    }
    const auto text = node->value_exact<std::string>();
    const auto value = text ? parse_size(*text) : std::nullopt;
    if (!value) {
        fail(*node, "'" + std::string(key) + "' needs a size with its unit, in quotes",
             "write it like " + std::string(key) + " = \"16MB\" (kB, MB, GB)");
    }
    return *value;
}

std::vector<std::string> Section::list(std::string_view key) const {
    std::vector<std::string> values;
    const auto* node = table_.get(key);
    if (node == nullptr) {
        return values;
    }
    const auto* array = node->as_array();
    if (array == nullptr) {
        fail(*node, "'" + std::string(key) + "' must be a list of texts",
             "write it like " + std::string(key) + " = [\"app\"]");
    }
    for (const auto& item : *array) {
        values.push_back(want_text(item, key));
    }
    return values;
}

postgres::Dsn Section::dsn(std::string_view key, bool with_database) const {
    const auto text = required_text(key);
    try {
        auto parsed = postgres::Dsn::parse(text);
        if (!with_database && parsed.get("dbname")) {
            fail(*table_.get(key), "'" + std::string(key) + "' names a database",
                 "leave dbname out: pgteal adds it");
        }
        return parsed;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::config || std::string_view(error.what()).starts_with(path_)) {
            throw;
        }
        fail(*table_.get(key), "'" + std::string(key) + "': " + error.what(), error.hint());
    }
}

void Section::fail(const toml::node& node, const std::string& message, const std::string& hint) const {
    const auto line = node.source().begin.line; // 0 for a section that isn't there
    throw Error(ErrorCode::config, "", path_ + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + message,
                hint);
}

void Section::check_keys() const {
    std::vector<std::string_view> known;
    for (const auto& key : config_keys()) {
        if (key.table == name_ || key.table == "[" + name_ + "]") {
            known.push_back(key.key);
        }
    }
    for (const auto& [key, node] : table_) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
            const auto meant = nearest(key.str(), known);
            throw Error(ErrorCode::config, "",
                        path_ + ":" + std::to_string(key.source().begin.line) + ": unknown key '" +
                            std::string(key.str()) + "' in [" + name_ + "]",
                        meant.empty() ? "docs/config.md lists every key"
                                      : "did you mean '" + std::string(meant) + "'?");
        }
    }
}

std::string Section::want_text(const toml::node& node, std::string_view key) const {
    const auto value = node.value_exact<std::string>();
    if (!value) {
        fail(node, "'" + std::string(key) + "' must be a text in quotes", "");
    }
    return *value;
}

std::string Section::word(std::string_view key, std::string fallback,
                          const std::vector<std::string_view>& allowed) const {
    const auto* node = table_.get(key);
    if (node == nullptr) {
        return fallback;
    }
    auto value = want_text(*node, key);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
        std::string all;
        for (const auto one : allowed) {
            all += (all.empty() ? "" : ", ") + std::string(one);
        }
        const auto meant = nearest(value, allowed);
        fail(*node, "'" + std::string(key) + "' can't be '" + value + "'; it is one of " + all,
             meant.empty() ? "" : "did you mean '" + std::string(meant) + "'?");
    }
    return value;
}

} // namespace pgteal::cutover
