#include "migration/apply/lane_watch.hpp"

#include <cmath>
#include <map>

#include "migration/apply/job.hpp"
#include "migration/apply/sql.hpp"

namespace pgteal::migration {

namespace {

using namespace std::chrono_literals;

constexpr auto interval = 1s;
constexpr auto worth_a_word = std::chrono::seconds(1);

std::string seconds(Clock::duration time) { return std::to_string(std::lround(to_seconds(time))) + " s"; }

} // namespace

LaneWatch::LaneWatch(const postgres::Dsn& dsn, const Options& options, Session& control) : options_(options) {
    if (options.on_warning && control.run(std::string(sql::lanes_on)).at(0).at(0).as<bool>()) {
        thread_ = std::thread([this, dsn] { follow(dsn); });
    }
}

LaneWatch::~LaneWatch() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

bool LaneWatch::wait_for_the_end() {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, interval, [this] { return ended_; });
}

void LaneWatch::follow(const postgres::Dsn& dsn) {
    struct Wait {
        Clock::time_point since = Clock::now();
        bool said = false;
    };
    std::map<std::string, Wait> waits;
    try {
        Session session(dsn, "migrate watch", settings_of(options_));
        while (!wait_for_the_end()) {
            const auto found = session.run(std::string(sql::lanes_blocked));
            std::map<std::string, Wait> now;
            for (const auto& row : found) {
                const auto lane = row.at(0).as<std::string>();
                now[lane] = waits[lane];
            }
            for (auto& [lane, wait] : now) {
                if (!wait.said && Clock::now() - wait.since >= worth_a_word) {
                    wait.said = true;
                    options_.on_warning("lane " + lane + " waits for a lock of this migration and lags on " +
                                        options_.side + " until it is released");
                }
            }
            for (const auto& [lane, wait] : waits) {
                if (wait.said && !now.contains(lane)) {
                    options_.on_warning("lane " + lane + " goes on: it waited " +
                                        seconds(Clock::now() - wait.since));
                }
            }
            waits = std::move(now);
        }
    } catch (const std::exception& error) {
        // A look is not worth the migration.
        options_.on_warning("whether lanes wait for locks can't be seen any more: " +
                            read_server_message(error.what()).message);
    }
}

} // namespace pgteal::migration
