// File names and version numbers.
#include <algorithm>
#include <cctype>

#include "base/error.hpp"
#include "migration/files/find.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

constexpr std::string_view two_forms = "Name it V<version>__<name>.sql, such as V2__add_total.sql, or "
                                       "YYYYMMDDHHMMSS_<name>.sql.";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void refuse(const std::string& script, const std::string& why,
                         std::string hint = std::string(two_forms)) {
    throw Error(ErrorCode::migration, "", excerpt(script, 120) + ": " + why, std::move(hint));
}

bool is_number(std::string_view version) {
    return !version.empty() &&
           std::all_of(version.begin(), version.end(), [](char c) { return is_digit(c) || c == '.'; });
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

/// Without its ending; the ending says whether it goes back.
std::string stem_of(const std::string& script, bool& down) {
    for (const std::string_view ending : {".down.sql", ".up.sql", ".sql"}) {
        if (script.ends_with(ending)) {
            down = ending == ".down.sql";
            return script.substr(0, script.size() - ending.size());
        }
    }
    refuse(script, "the ending has to be .sql in lower case");
}

FileName by_time(const std::string& script, const std::string& stem, std::size_t digits) {
    const auto name_at = stem.find_first_not_of("_-", digits);
    if (digits != 14) {
        refuse(script, "a version by time has 14 digits, this one has " + std::to_string(digits));
    }
    if (name_at == digits || name_at == std::string::npos) {
        refuse(script, "after the version come an underscore and a name");
    }
    return {stem.substr(0, digits), stem.substr(name_at)};
}

FileName by_prefix(const std::string& script, const std::string& stem) {
    const char prefix = stem.empty() ? ' ' : stem[0];
    if (prefix == 'v' || prefix == 'u' || prefix == 'r') {
        refuse(script, "the letter in front of the version has to be upper case: V, U or R");
    }
    if (prefix == 'B') {
        refuse(script, "baseline migrations are not supported, only V, U and R",
               "Move it to another folder, or give it a versioned name. " + std::string(two_forms));
    }
    if (prefix != 'V' && prefix != 'U' && prefix != 'R') {
        refuse(script, "is not named like a versioned migration, and others of its folder are");
    }
    const auto gap = stem.find("__");
    if (gap == std::string::npos) {
        refuse(script, "two underscores have to stand between version and name");
    }
    auto name = stem.substr(gap + 2);
    if (name.empty()) {
        refuse(script, "the name is missing");
    }
    const auto between = std::string_view(stem).substr(1, gap - 1);
    if (prefix == 'R') {
        if (!between.empty()) {
            refuse(
                script, "a repeatable migration has no version",
                "Name it R__<name>.sql, such as R__views.sql; versioned ones are such as V2__add_total.sql.");
        }
        return {"", std::move(name), true};
    }
    auto version = flyway_version(between);
    if (!version) {
        refuse(script, "the version has to be numbers separated by dots or underscores");
    }
    return {std::move(*version), std::move(name), false, prefix == 'U'};
}

/// Letters of Flyway with a version or two underscores: a versioned name, or meant as one.
bool looks_versioned(const std::string& script) {
    const auto digits =
        static_cast<std::size_t>(std::find_if_not(script.begin(), script.end(), is_digit) - script.begin());
    if (digits == 14) {
        return true;
    }
    if (script.size() < 2 || std::string_view("VURBvur").find(script[0]) == std::string_view::npos) {
        return false;
    }
    const auto after = script.find_first_not_of("0123456789._", 1);
    const auto between = std::string_view(script).substr(1, after == std::string::npos ? after : after - 1);
    return between.ends_with("__") || (script[0] == 'V' && is_digit(script[1]));
}

/// 001_x, 1.2-x, 2026-01-31-x: the number in front; without one the whole name orders.
FileName plain_name(const std::string& script, const std::string& stem, bool down) {
    if (stem.empty()) {
        refuse(script, "the name is missing");
    }
    std::string version;
    std::size_t at = 0;
    auto number_end = [&stem](std::size_t from) {
        const auto end = stem.find_first_not_of("0123456789", from);
        return end == std::string::npos ? stem.size() : end;
    };
    auto ends_part = [&stem](std::size_t end) {
        return end == stem.size() || std::string_view("_-. ").find(stem[end]) != std::string_view::npos;
    };
    for (auto end = number_end(at); end > at && ends_part(end); end = number_end(at)) {
        version += (version.empty() ? "" : ".") + stem.substr(at, end - at);
        const bool goes_on = end + 1 < stem.size() && (stem[end] == '-' || stem[end] == '.');
        at = goes_on ? end + 1 : end;
        if (!goes_on) {
            break;
        }
    }
    if (version.empty()) {
        return {stem, stem, false, down};
    }
    const auto name_at = stem.find_first_not_of("_-. ", at);
    return {version, name_at == std::string::npos ? stem : stem.substr(name_at), false, down};
}

void refuse_unreadable(const std::string& script) {
    for (const char c : script) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            refuse(script, "control characters in a file name");
        }
    }
    if (first_invalid_utf8(script)) {
        throw Error(ErrorCode::migration, "", "a migration's file name is not valid UTF-8",
                    std::string(two_forms));
    }
}

} // namespace

FileName parse_file_name(const std::string& script, Naming naming) {
    refuse_unreadable(script);
    bool down = false;
    const auto stem = stem_of(script, down);
    if (naming == Naming::plain) {
        return plain_name(script, stem, down);
    }
    const auto digits =
        static_cast<std::size_t>(std::find_if_not(stem.begin(), stem.end(), is_digit) - stem.begin());
    auto name = digits > 0 ? by_time(script, stem, digits) : by_prefix(script, stem);
    if (name.repeatable && down) {
        refuse(script, "a repeatable migration has no down script",
               "Remove it, or give both a version, such as V2__add_total.up.sql.");
    }
    name.down = name.down || down;
    return name;
}

Naming naming_of(const std::vector<std::string>& scripts) {
    return std::any_of(scripts.begin(), scripts.end(), looks_versioned) ? Naming::versioned : Naming::plain;
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
    const bool numbers[] = {a.empty() || is_number(a), b.empty() || is_number(b)};
    if (!numbers[0] || !numbers[1]) {
        return numbers[0] != numbers[1] ? numbers[1] <=> numbers[0] : a.compare(b) <=> 0;
    }
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

std::vector<std::string> gaps(const std::vector<File>& files) {
    constexpr std::size_t shortest_date = 8;
    std::vector<std::string> found;
    const File* before = nullptr;
    unsigned long last = 0;
    for (const auto& file : files) {
        const auto first = file.version.substr(0, file.version.find('.'));
        if (file.repeatable || !is_number(file.version) || first.size() >= shortest_date) {
            continue;
        }
        const auto now = std::stoul(first);
        if (before != nullptr && now > last + 1) {
            found.push_back(before->script + " is followed by " + file.script);
        }
        before = &file;
        last = now;
    }
    return found;
}

std::string_view to_string(Phase phase) { return phase == Phase::expand ? "expand" : "contract"; }

} // namespace pgteal::migration
