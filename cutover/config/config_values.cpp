#include "cutover/config/config_values.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

namespace pgteal::cutover {

namespace {

std::optional<std::int64_t> with_unit(std::string_view text,
                                      const std::vector<std::pair<std::string_view, std::int64_t>>& units) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0) {
        return std::nullopt;
    }
    auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    while (unit.starts_with(' ')) {
        unit.remove_prefix(1);
    }
    for (const auto& [name, factor] : units) {
        if (unit == name && number <= std::numeric_limits<std::int64_t>::max() / factor) {
            return number * factor;
        }
    }
    return std::nullopt;
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto ms = with_unit(
        text, {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}});
    constexpr std::int64_t ten_years = 315'360'000'000; // far below what a clock's nanoseconds can hold
    return ms && *ms <= ten_years ? std::optional(std::chrono::milliseconds(*ms)) : std::nullopt;
}

std::optional<Bytes> parse_size(std::string_view text) {
    const auto bytes = with_unit(text, {{"B", 1},
                                        {"kB", 1LL << 10},
                                        {"KB", 1LL << 10},
                                        {"MB", 1LL << 20},
                                        {"GB", 1LL << 30},
                                        {"TB", 1LL << 40}});
    return bytes ? std::optional(Bytes{*bytes}) : std::nullopt;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
    std::string_view best;
    std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const auto candidate : known) {
        if (const auto d = distance(word, candidate); d < least) {
            least = d;
            best = candidate;
        }
    }
    return best;
}

} // namespace pgteal::cutover
