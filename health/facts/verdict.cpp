#include "health/facts/verdict.hpp"

#include <cmath>

namespace pgteal::health {

std::string to_string(Level level) {
    switch (level) {
    case Level::info:
        return "info";
    case Level::warning:
        return "warning";
    case Level::error:
        return "error";
    }
    return "error";
}

namespace {

/// 0 for a check with an error, 1 with a warning at most, 2 with infos only or nothing.
int rank(const CheckResult& result) {
    int best = 2;
    for (const auto& finding : result.findings) {
        best = std::min(best, finding.level == Level::error ? 0 : finding.level == Level::warning ? 1 : 2);
    }
    return best;
}

bool worse(const Finding& a, const Finding& b) {
    return static_cast<int>(a.level) > static_cast<int>(b.level);
}

} // namespace

std::vector<CheckResult> order(std::vector<CheckResult> results) {
    for (auto& result : results) {
        std::stable_sort(result.findings.begin(), result.findings.end(), worse);
    }
    std::stable_sort(results.begin(), results.end(),
                     [](const CheckResult& a, const CheckResult& b) { return rank(a) < rank(b); });
    return results;
}

void add(CheckResult& result, Level level, std::string side, std::string object, std::string message,
         std::string fix) {
    result.findings.push_back(
        {result.check, level, std::move(side), std::move(object), std::move(message), std::move(fix)});
}

CheckResult limited(CheckResult result) {
    if (result.findings.size() <= most_findings) {
        return result;
    }
    std::stable_sort(result.findings.begin(), result.findings.end(), worse);
    const std::size_t more = result.findings.size() - most_findings;
    Finding rest = result.findings[most_findings];
    rest.object = "";
    rest.message = "The same is true of " + std::to_string(more) +
                   " more. Mend those listed and run pgteal check again to see the rest.";
    rest.fix = "pgteal check";
    result.findings.erase(result.findings.begin() + static_cast<std::ptrdiff_t>(most_findings),
                          result.findings.end());
    result.findings.push_back(std::move(rest));
    return result;
}

std::string count_of(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string list_of(const std::vector<std::string>& names, std::size_t most) {
    std::string text;
    const std::size_t shown = std::min(names.size(), most);
    for (std::size_t i = 0; i < shown; ++i) {
        text += (i == 0 ? "" : ", ") + names[i];
    }
    if (names.size() > shown) {
        text += " and " + std::to_string(names.size() - shown) + " more";
    }
    return text;
}

std::string seconds_text(Clock::duration time) {
    const double seconds = to_seconds(time);
    if (seconds >= 60) {
        const long whole = std::lround(seconds);
        return std::to_string(whole / 60) + " m " + std::to_string(whole % 60) + " s";
    }
    const double tenths = std::round(seconds * 10) / 10;
    std::string text = std::to_string(static_cast<long>(tenths));
    const long tenth = std::lround((tenths - std::floor(tenths)) * 10);
    if (tenth != 0) {
        text += "." + std::to_string(tenth);
    }
    return text + " s";
}

std::string lower(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    return text;
}

bool among(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool accepted(const std::vector<std::string>& accept, std::string_view check) { return among(accept, check); }

} // namespace pgteal::health
