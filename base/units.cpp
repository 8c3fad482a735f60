#include "base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace pgteal {

std::string to_string(Bytes bytes) {
    static constexpr std::array<const char*, 5> names{"bytes", "kB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes.count);
    std::size_t unit = 0;
    while (std::abs(value) >= 1024.0 && unit + 1 < names.size()) {
        value /= 1024.0;
        ++unit;
    }
    const bool whole = unit == 0 || std::abs(value) >= 100.0 || std::abs(value - std::round(value)) < 0.05;
    std::array<char, 64> text{};
    const int length =
        std::snprintf(text.data(), text.size(), whole ? "%.0f %s" : "%.1f %s", value, names[unit]);
    return {text.data(), static_cast<std::size_t>(length)};
}

namespace {

std::optional<std::uint64_t> parse_half(std::string_view digits) {
    std::uint32_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value, 16);
    if (digits.empty() || digits.size() > 8 || error != std::errc{} || stopped != end) {
        return std::nullopt;
    }
    return value;
}

} // namespace

std::optional<Lsn> Lsn::parse(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto high = parse_half(text.substr(0, slash));
    const auto low = parse_half(text.substr(slash + 1));
    if (!high || !low) {
        return std::nullopt;
    }
    return Lsn{*high << 32U | *low};
}

std::string to_string(Lsn lsn) {
    std::array<char, 32> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%X/%X", static_cast<unsigned>(lsn.value >> 32U),
                      static_cast<unsigned>(lsn.value & 0xFFFFFFFFU));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string duration_text(Clock::duration time) {
    const double ms = to_ms(time);
    if (ms < 10) {
        return fmt::format("{:.1f} ms", ms);
    }
    if (ms < 1000) {
        return fmt::format("{:.0f} ms", ms);
    }
    if (ms < 120'000) {
        return fmt::format("{:.1f} s", ms / 1000);
    }
    const auto seconds = static_cast<long>(ms / 1000);
    return seconds < 7200 ? fmt::format("{} min {} s", seconds / 60, seconds % 60)
                          : fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

} // namespace pgteal
