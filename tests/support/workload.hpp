// The workload for tests and scenarios: the program pgteal-workload as a child process, so that it can be
// killed like any client and shares no thread with the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

#include "tests/support/checker.hpp"
#include "tests/support/workload_run.hpp"

namespace pgteal::workload {

class Workload {
public:
    // Starts it, and waits until the first operation was acknowledged. Throws Failure when that takes longer
    // than 30 s. The schema must have been made before: init(), of workload_schema.hpp.
    explicit Workload(RunOptions options);
    // Kills what still runs.
    ~Workload();
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;

    // SIGTERM, and the drain: every attempt has its outcome then. Throws Failure if it ended badly. Once
    // stopped, no effect.
    Summary stop();
    // SIGKILL: what is under way stays unknown.
    void kill();
    pid_t pid() const { return pid_; }
    const std::filesystem::path& file() const { return options_.log; }

    // The log so far.
    Log log() const;
    // Until `enough` says so of the log so far. False: the deadline passed before.
    bool wait_until(const std::function<bool(const Log&)>& enough, std::chrono::seconds deadline) const;
    // Until so many more operations were acknowledged than were when it was called.
    bool wait_acknowledged(Id more, std::chrono::seconds deadline) const;

    // Stops it, and checks. `request.logs` may name earlier runs against the same tables; this one's log is
    // added.
    CheckReport check(CheckRequest request);

private:
    void end(int signal);

    RunOptions options_;
    pid_t pid_ = -1;
    int status_ = 0;
};

// Now, by the wall clock that windows use.
std::int64_t now_us();

} // namespace pgteal::workload
