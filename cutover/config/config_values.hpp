// Durations, sizes and words of the config as text. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace pgteal::cutover {

/// "250ms", "5s", "2min", "24h", "1d": a whole number and a unit. Nothing else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "512kB", "16MB", "64GB", "1TB", in powers of 1024 as in postgresql.conf; "B" too.
std::optional<Bytes> parse_size(std::string_view text);

/// As they are parsed, in the largest unit that tells it exactly.
std::string in_units(std::chrono::milliseconds duration);
std::string in_units(Bytes size);

/// A regular expression for whatever is parsed to a value from `low` to `high`.
std::string pattern_between(std::chrono::milliseconds low, std::chrono::milliseconds high);
std::string pattern_between(Bytes low, Bytes high);

/// The known word that `word` was probably meant to be, or "" when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

} // namespace pgteal::cutover
