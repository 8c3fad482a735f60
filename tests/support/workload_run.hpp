// The load itself: threads that send at a steady pace until they are told to stop.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace pgteal::workload {

struct RunOptions {
    std::vector<std::string> dsns; // one a pooler; client i uses i modulo their number, newcomers all in turn
    std::filesystem::path log;
    int clients = 8;                   // that keep their connections
    double rate = 300;                 // operations a second of all of them together
    double probe_rate = 0;             // inserts a second, each over a new connection
    std::chrono::seconds deadline{60}; // for a connection and for a statement; also bounds the drain
    std::chrono::seconds duration{0};  // zero: until SIGTERM or SIGINT
};

// Blocks SIGTERM and SIGINT in the calling thread, ends what is under way when one arrives, and marks the log
// as drained.
void run(const RunOptions& options);

} // namespace pgteal::workload
