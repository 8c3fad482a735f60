// Watching from another session which locks a backend holds, while it runs what can't be in a transaction.
#pragma once

#include <atomic>
#include <map>
#include <thread>

#include "base/async.hpp"
#include "migration/rehearse/relations.hpp"

namespace pgteal::migration::rehearse {

struct Sighting {
    lint::Lock mode = lint::Lock::none;
    Clock::time_point first, last;
};

/// Polls until stop(). The session is the watcher's alone meanwhile.
class Watcher {
public:
    Watcher(Session& session, int pid);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    /// By oid. Nothing more is seen after the session broke.
    std::map<std::int64_t, Sighting> stop();

private:
    void poll();

    Session& session_;
    std::string look_;
    std::atomic<bool> stopping_ = false;
    std::map<std::int64_t, Sighting> seen_;
    std::thread thread_;
};

} // namespace pgteal::migration::rehearse
