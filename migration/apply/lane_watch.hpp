// Lanes that are on while a migration takes strong locks.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "migration/apply/apply.hpp"
#include "migration/apply/session.hpp"

namespace pgteal::migration {

/// Looks once a second, on a thread and a session of its own, whether an apply worker of this database waits
/// for a lock of the migration, and says so through Options::on_warning: its lane lags as long. Does nothing
/// where no subscription is enabled. Never fails the migration.
class LaneWatch {
public:
    LaneWatch(const postgres::Dsn& dsn, const Options& options, Session& control);
    ~LaneWatch();
    LaneWatch(const LaneWatch&) = delete;
    LaneWatch& operator=(const LaneWatch&) = delete;

private:
    void follow(const postgres::Dsn& dsn);
    bool wait_for_the_end();

    const Options& options_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ended_ = false;
    std::thread thread_;
};

} // namespace pgteal::migration
