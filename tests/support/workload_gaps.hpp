// How long clients waited: the longest time between two commits, and the slowest operation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/workload_log.hpp"

namespace pgteal::workload {

struct Window {
    std::string name;
    std::int64_t from_us = 0; // wall clock
    std::int64_t to_us = 0;
};

// NAME:FROM_US:TO_US
std::optional<Window> parse_window(std::string_view text);

struct Gap {
    std::string window;
    bool new_connections = false; // else the clients that keep theirs
    std::int64_t longest_us =
        0; // between consecutive acknowledged writes; counts in full when it touches the window
    std::int64_t longest_from_us = 0;
    std::int64_t max_latency_us = 0; // of operations under way in the window, the connection included
    std::int64_t p99_latency_us = 0;
    Id commits = 0; // acknowledged in the window
    Id errors = 0;  // failed, unknown, missing, or no connection
};

// For each window, and first for the whole log (`all`), one entry for each way to connect that was used.
std::vector<Gap> gaps(const Log& log, const std::vector<Window>& windows);

} // namespace pgteal::workload
