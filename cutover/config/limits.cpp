#include "cutover/config/limits.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pgteal::cutover {

namespace json = boost::json;

std::vector<std::string_view> names_of(const Words& words) {
    std::vector<std::string_view> names;
    for (const auto& one : words) {
        names.push_back(one.word);
    }
    return names;
}

std::string explained(const Words& words) {
    std::vector<std::string> all;
    for (const auto& [word, meaning] : words) {
        all.push_back(meaning.empty() ? std::string(word) : fmt::format("{} ({})", word, meaning));
    }
    const bool any =
        std::any_of(words.begin(), words.end(), [](const Word& one) { return !one.meaning.empty(); });
    return any ? fmt::format(": {}.", fmt::join(all, ", ")) : "";
}

std::string form(const Limits<int>& limits) {
    return fmt::format("whole number from {} to {}", limits.low, limits.high);
}

std::string form(const Limits<Duration>& limits) {
    return fmt::format("duration from {} to {}", in_units(limits.low), in_units(limits.high));
}

std::string form(const Limits<Bytes>& limits) {
    return fmt::format("size from {} to {}", in_units(limits.low), in_units(limits.high));
}

std::string form(const Limits<std::string>& limits) {
    if (!limits.words.empty()) {
        return fmt::format("one of {}", fmt::join(names_of(limits.words), ", "));
    }
    const auto* const kind = limits.regex ? "regular expression" : limits.path ? "path" : "text";
    return limits.may.empty() ? kind : fmt::format("{}; it may {}", kind, limits.may);
}

std::string form(const Limits<Texts>& limits) { return limits.ordered ? "program and arguments" : "list"; }

std::string form(const Limits<postgres::Dsn>& limits) { return limits.dbname ? "DSN" : "DSN without dbname"; }

json::value as_json(const postgres::Dsn& value) {
    json::object object;
    for (const char* key : {"host", "hostaddr", "port", "user", "dbname", "service"}) {
        if (const auto part = value.get(key)) {
            object[key] = *part;
        }
    }
    return object;
}

} // namespace pgteal::cutover
