// The two sides. The names never swap; which one serves does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgteal::cutover {

enum class Side { blue, green };

[[nodiscard]] inline Side other(Side side) { return side == Side::blue ? Side::green : Side::blue; }
[[nodiscard]] inline std::string to_string(Side side) { return side == Side::blue ? "blue" : "green"; }
[[nodiscard]] inline std::optional<Side> parse_side(std::string_view text) {
    if (text == "blue") {
        return Side::blue;
    }
    if (text == "green") {
        return Side::green;
    }
    return std::nullopt;
}

/// One switchover: `from` serves, `to` stands. Both directions are this and nothing else.
struct Move {
    Side from = Side::blue;
    Side to = Side::green;
    std::int64_t epoch = 2; ///< that `to` will have
};

} // namespace pgteal::cutover
