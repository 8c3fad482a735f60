#include "migration/rehearse/watcher.hpp"

#include <algorithm>

namespace pgteal::migration::rehearse {

namespace {

using namespace std::chrono_literals;

/// Planned once: the answer has to come quickly, for locks that are held for a moment.
constexpr const char* prepare =
    "PREPARE pgteal_watch (pg_catalog.int4) AS SELECT l.relation::pg_catalog.int8, l.mode FROM "
    "pg_catalog.pg_locks l "
    "WHERE l.pid = $1 AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384";
constexpr auto shortest_pause = 1ms;
constexpr auto longest_pause = 50ms;

} // namespace

Watcher::Watcher(Session& session, int pid) : session_(session) {
    pqxx::nontransaction work(session_.connection());
    work.exec("DEALLOCATE ALL");
    work.exec(prepare);
    look_ = "EXECUTE pgteal_watch(" + std::to_string(pid) + ")";
    work.exec(look_);
    thread_ = std::thread([this] { poll(); });
}

Watcher::~Watcher() { stop(); }

void Watcher::poll() {
    std::chrono::milliseconds pause = shortest_pause;
    try {
        while (!stopping_) {
            pqxx::nontransaction work(session_.connection());
            const auto locks = work.exec(look_);
            const auto now = Clock::now();
            for (const auto& row : locks) {
                const auto oid = row[0].as<std::int64_t>();
                const auto mode = lint::lock_of_mode(row[1].as<std::string>()).value_or(lint::Lock::none);
                auto& sighting = seen_.try_emplace(oid, Sighting{mode, now, now}).first->second;
                sighting.mode = std::max(sighting.mode, mode);
                sighting.last = now;
            }
            std::this_thread::sleep_for(pause);
            pause =
                std::min<std::chrono::milliseconds>(pause + 1ms, longest_pause); // long ones need no hurry
        }
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): the statement itself will say
    }
}

std::map<std::int64_t, Sighting> Watcher::stop() {
    stopping_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
    return std::move(seen_);
}

} // namespace pgteal::migration::rehearse
