#include "cutover/config/config_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace pgteal::cutover {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array<Unit, 5> durations{
    {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 5> sizes{
    {{"B", 1}, {"kB", 1LL << 10}, {"MB", 1LL << 20}, {"GB", 1LL << 30}, {"TB", 1LL << 40}}};

std::optional<std::int64_t> parse(std::string_view text, const std::array<Unit, 5>& units) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || text.front() == '-') {
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

std::string print(std::int64_t value, const std::array<Unit, 5>& units) {
    const auto unit = std::find_if(units.rbegin(), units.rend() - 1, [value](const Unit& one) {
        return value >= one.factor && value % one.factor == 0;
    });
    return std::to_string(value / unit->factor) + std::string(unit->name);
}

/// The numbers from `low` to `high`, which have as many digits.
std::string digits_between(const std::string& low, const std::string& high) {
    if (low.empty()) {
        return "";
    }
    const std::string zeros(low.size() - 1, '0');
    const std::string nines(low.size() - 1, '9');
    char first = low.front();
    char last = high.front();
    const auto low_rest = low.substr(1);
    const auto high_rest = high.substr(1);
    if (first == last) {
        return first + digits_between(low_rest, high_rest);
    }
    std::vector<std::string> either;
    if (low_rest != zeros) {
        either.push_back(first++ + digits_between(low_rest, nines));
    }
    const auto above = high_rest == nines ? "" : last-- + digits_between(zeros, high_rest);
    if (first <= last) {
        either.push_back((first == last ? std::string(1, first) : fmt::format("[{}-{}]", first, last)) +
                         (zeros.empty() ? "" : fmt::format("[0-9]{{{}}}", zeros.size())));
    }
    if (!above.empty()) {
        either.push_back(above);
    }
    return either.size() == 1 ? either.front() : fmt::format("(?:{})", fmt::join(either, "|"));
}

std::string numbers_between(std::int64_t low, std::int64_t high) {
    const auto to = std::to_string(high);
    std::vector<std::string> either;
    for (auto from = std::to_string(low); from.size() <= to.size();) {
        std::string up_to(from.size(), '9');
        if (from.size() < to.size() && from == "1" + std::string(from.size() - 1, '0')) {
            up_to.resize(to.size() - 1, '9');
            either.push_back(fmt::format("[1-9][0-9]{{{},{}}}", from.size() - 1, up_to.size() - 1));
        } else {
            either.push_back(digits_between(from, up_to.size() < to.size() ? up_to : to));
        }
        from = "1" + std::string(up_to.size(), '0');
    }
    return fmt::format("{}", fmt::join(either, "|"));
}

std::string pattern(std::int64_t low, std::int64_t high, const std::array<Unit, 5>& units) {
    std::vector<std::string> either;
    for (const auto& [name, factor] : units) {
        const auto least = (low + factor - 1) / factor;
        if (least <= high / factor) {
            either.push_back(fmt::format("(?:{}) *{}", numbers_between(least, high / factor), name));
        }
    }
    return fmt::format("0*(?:{})", fmt::join(either, "|"));
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
    const auto ms = parse(text, durations);
    return ms ? std::optional(std::chrono::milliseconds(*ms)) : std::nullopt;
}

std::optional<Bytes> parse_size(std::string_view text) {
    const auto bytes = parse(text, sizes);
    return bytes ? std::optional(Bytes{*bytes}) : std::nullopt;
}

std::string in_units(std::chrono::milliseconds duration) { return print(duration.count(), durations); }
std::string in_units(Bytes size) { return print(size.count, sizes); }

std::string pattern_between(std::chrono::milliseconds low, std::chrono::milliseconds high) {
    return pattern(low.count(), high.count(), durations);
}

std::string pattern_between(Bytes low, Bytes high) { return pattern(low.count, high.count, sizes); }

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
