// File names and version numbers.
#include <algorithm>
#include <cctype>

#include "migration/find.hpp"
#include "migration/text.hpp"
#include "postgres/error.hpp"

namespace pgteal::migration {

namespace {

constexpr std::string_view two_forms = "Name it V<version>__<name>.sql, such as V2__add_total.sql, or "
                                       "YYYYMMDDHHMMSS_<name>.sql.";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void refuse(const std::string& script, const std::string& why,
                         std::string hint = std::string(two_forms)) {
    throw Error(ErrorCode::migration, "", excerpt(script, 120) + ": " + why, std::move(hint));
}

void refuse_other_kinds(const std::string& script) {
    if (script.ends_with(".down.sql") || script.ends_with(".up.sql")) {
        refuse(script,
               "pairs of .up.sql and .down.sql files are not supported: the way back is pgteal switch-back",
               "Give the forward file a versioned name and move the .down.sql file to another folder. " +
                   std::string(two_forms));
    }
    const bool flyway_other =
        script.size() > 1 && (script[0] == 'U' || script[0] == 'R' || script[0] == 'B') &&
        (is_digit(script[1]) || script[1] == '_') && script.find("__") != std::string::npos;
    if (flyway_other) {
        const std::string what = script[0] == 'U' ? "undo" : script[0] == 'R' ? "repeatable" : "baseline";
        refuse(script, what + " migrations are not supported, only versioned ones",
               "Move it to another folder, or give it a versioned name. " + std::string(two_forms));
    }
}

/// The next part of a dotted number, without leading zeros.
std::string_view take_part(std::string_view& rest) {
    const auto dot = std::min(rest.find('.'), rest.size());
    auto part = rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
    while (!part.empty() && part.front() == '0') {
        part.remove_prefix(1);
    }
    return part;
}

std::optional<std::string> flyway_version(std::string_view text) {
    std::string version;
    for (const char c : text) {
        const bool separator = c == '.' || c == '_';
        if (!separator && !is_digit(c)) {
            return std::nullopt;
        }
        if (separator && (version.empty() || version.back() == '.')) {
            return std::nullopt;
        }
        version += separator ? '.' : c;
    }
    if (version.empty() || version.back() == '.') {
        return std::nullopt;
    }
    return version;
}

} // namespace

FileName parse_file_name(const std::string& script) {
    for (const char c : script) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            refuse(script, "control characters in a file name");
        }
    }
    if (first_invalid_utf8(script)) {
        throw Error(ErrorCode::migration, "", "a migration's file name is not valid UTF-8",
                    std::string(two_forms));
    }
    refuse_other_kinds(script);
    if (!script.ends_with(".sql")) {
        refuse(script, "the ending has to be .sql in lower case");
    }
    const auto stem = script.substr(0, script.size() - 4);
    const auto digits =
        static_cast<std::size_t>(std::find_if_not(stem.begin(), stem.end(), is_digit) - stem.begin());
    if (digits > 0) {
        const auto name_at = stem.find_first_not_of('_', digits);
        if (digits != 14) {
            refuse(script, "a version by time has 14 digits, this one has " + std::to_string(digits));
        }
        if (name_at == digits || name_at == std::string::npos) {
            refuse(script, "after the version come an underscore and a name");
        }
        return {stem.substr(0, digits), stem.substr(name_at)};
    }
    if (stem.empty() || (stem[0] != 'V' && stem[0] != 'v')) {
        refuse(script, "is not named like a versioned migration");
    }
    if (stem[0] == 'v') {
        refuse(script, "the V in front of the version has to be upper case");
    }
    const auto gap = stem.find("__");
    if (gap == std::string::npos) {
        refuse(script, "two underscores have to stand between version and name");
    }
    const auto version = flyway_version(std::string_view(stem).substr(1, gap - 1));
    if (!version) {
        refuse(script, "the version has to be numbers separated by dots or underscores");
    }
    const auto name = stem.substr(gap + 2);
    if (name.empty()) {
        refuse(script, "the name is missing");
    }
    return {*version, name};
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
    while (!a.empty() || !b.empty()) {
        const auto x = take_part(a);
        const auto y = take_part(b);
        if (x.size() != y.size()) {
            return x.size() <=> y.size();
        }
        if (const auto order = x.compare(y); order != 0) {
            return order <=> 0;
        }
    }
    return std::strong_ordering::equal;
}

} // namespace pgteal::migration
