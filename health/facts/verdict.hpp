// Small words that every check uses to put its result together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/finding.hpp"

namespace pgteal::health {

/// Adds a finding of `result`'s check.
void add(CheckResult& result, Level level, std::string side, std::string object, std::string message,
         std::string fix = {});

/// A check that finds a thousand tables shows this many and then says how many more there are (findings are
/// sorted worst first).
inline constexpr std::size_t most_findings = 20;
CheckResult limited(CheckResult result);

/// "1 table", "3 tables".
std::string count_of(std::size_t count, std::string_view noun);
/// "a, b, c and 4 more".
std::string list_of(const std::vector<std::string>& names, std::size_t most = 5);
/// "3 s", "1.5 s", "8 m 12 s".
std::string seconds_text(Clock::duration time);

/// ASCII letters only, as the server compares names of settings.
std::string lower(std::string text);

[[nodiscard]] bool among(const std::vector<std::string>& names, std::string_view name);
[[nodiscard]] bool accepted(const std::vector<std::string>& accept, std::string_view check);

/// Errors first, then warnings, then the rest; stable.
std::vector<CheckResult> order(std::vector<CheckResult> results);

} // namespace pgteal::health
