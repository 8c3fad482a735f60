#include "tests/support/workload_gaps.hpp"

#include <algorithm>
#include <charconv>

namespace pgteal::workload {

namespace {

// The commits' times, ended by the log's end: a stall that nobody came out of is a gap too.
std::vector<std::int64_t> commit_times(const Log& log, bool new_connections) {
    std::vector<std::int64_t> times;
    for (const auto& op : log.ops) {
        if (op.new_connection == new_connections && op.acknowledged() && op.writes()) {
            times.push_back(op.done_us);
        }
    }
    std::ranges::sort(times);
    if (times.empty()) {
        times.push_back(log.from_us);
    }
    times.push_back(std::max(log.to_us, times.back()));
    return times;
}

Gap measure(const Log& log, const std::vector<std::int64_t>& times, const Window& window,
            bool new_connections) {
    Gap gap{window.name, new_connections, 0, 0, 0, 0, 0, 0};
    for (std::size_t i = 1; i < times.size(); ++i) {
        const bool touches = times[i] >= window.from_us && times[i - 1] <= window.to_us;
        if (touches && times[i] - times[i - 1] > gap.longest_us) {
            gap.longest_us = times[i] - times[i - 1];
            gap.longest_from_us = times[i - 1];
        }
    }
    std::vector<std::int64_t> latencies;
    for (const auto& op : log.ops) {
        if (op.new_connection != new_connections) {
            continue;
        }
        const bool ended = op.done_us != 0;
        const auto until = ended ? op.done_us : log.to_us;
        if (until < window.from_us || op.sent_us > window.to_us) {
            continue;
        }
        gap.errors += !op.acknowledged();
        gap.commits += op.acknowledged() && op.writes() && op.done_us <= window.to_us;
        latencies.push_back(until - op.sent_us);
    }
    for (const auto& error : log.connect_errors) {
        gap.errors += error.new_connection == new_connections && error.at_us >= window.from_us &&
                      error.at_us <= window.to_us;
    }
    if (!latencies.empty()) {
        std::ranges::sort(latencies);
        gap.max_latency_us = latencies.back();
        gap.p99_latency_us = latencies[(latencies.size() - 1) * 99 / 100];
    }
    return gap;
}

} // namespace

std::optional<Window> parse_window(std::string_view text) {
    const auto second = text.rfind(':');
    const auto first = second == std::string_view::npos || second == 0 ? second : text.rfind(':', second - 1);
    if (first == std::string_view::npos || first == second || first == 0) {
        return std::nullopt;
    }
    const auto number = [](std::string_view digits, std::int64_t& value) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc{} && end == digits.data() + digits.size();
    };
    Window window{std::string(text.substr(0, first)), 0, 0};
    if (!number(text.substr(first + 1, second - first - 1), window.from_us) ||
        !number(text.substr(second + 1), window.to_us) || window.to_us < window.from_us) {
        return std::nullopt;
    }
    return window;
}

std::vector<Gap> gaps(const Log& log, const std::vector<Window>& windows) {
    std::vector<Window> all{{"all", log.from_us, log.to_us}};
    all.insert(all.end(), windows.begin(), windows.end());
    std::array<std::vector<std::int64_t>, 2> times;
    std::array<bool, 2> used{};
    for (const bool fresh : {false, true}) {
        used[fresh] = std::ranges::any_of(log.ops, [&](const Op& op) { return op.new_connection == fresh; });
        times[fresh] = commit_times(log, fresh);
    }
    std::vector<Gap> found;
    for (const auto& window : all) {
        for (const bool fresh : {false, true}) {
            if (used[fresh]) {
                found.push_back(measure(log, times[fresh], window, fresh));
            }
        }
    }
    return found;
}

} // namespace pgteal::workload
