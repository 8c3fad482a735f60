// The one clock, and instants and times by it.
#pragma once

#include <chrono>

namespace pgteal {

using Clock = std::chrono::steady_clock;

/// The instant after which a wait is given up. Never optional: no call in pgteal waits for ever.
using Deadline = Clock::time_point;

[[nodiscard]] inline Deadline after(Clock::duration time) { return Clock::now() + time; }

/// For documents, metrics and what servers and poolers say in numbers.
[[nodiscard]] inline double to_ms(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}
[[nodiscard]] inline double to_seconds(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
}
[[nodiscard]] inline Clock::duration from_seconds(double count) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

} // namespace pgteal
