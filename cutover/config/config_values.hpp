// Durations, sizes and near misses in the config. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace pgteal::cutover {

/// "250ms", "5s", "2min", "24h": a whole number and a unit. Nothing else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "512kB", "16MB", "64GB", "1TB", in powers of 1024 as in postgresql.conf; "B" too.
std::optional<Bytes> parse_size(std::string_view text);
/// The known word that `word` was probably meant to be, or "" when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

} // namespace pgteal::cutover
