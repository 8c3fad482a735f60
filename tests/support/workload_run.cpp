#include "tests/support/workload_run.hpp"

#include <signal.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "tests/support/workload_client.hpp"

namespace pgteal::workload {

using std::chrono::steady_clock;

namespace {

// A newcomer waits for its turn: with enough of them, a pause of half a second still leaves some to arrive in
// it.
constexpr double newcomer_rate = 8;
constexpr int most_newcomers = 48;
constexpr int most_clients = 200; // the log's ids have eight bits for a client

class Pace {
public:
    Pace(double per_second, double phase)
        : every_(std::chrono::duration_cast<steady_clock::duration>(
              std::chrono::duration<double>(1 / per_second))),
          next_(steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(every_ * phase)) {}

    // False: told to stop. What was missed while an operation was held is not made up for: no burst
    // afterwards.
    bool wait(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, stop, next_, [] { return false; });
        next_ = std::max(next_ + every_, steady_clock::now());
        return !stop.stop_requested();
    }

private:
    steady_clock::duration every_;
    steady_clock::time_point next_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
};

void wait_for_signal(std::chrono::seconds duration) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    const timespec limit{duration.count(), 0};
    const auto until = steady_clock::now() + duration;
    while (duration.count() == 0 ? sigwaitinfo(&signals, nullptr) < 0
                                 : sigtimedwait(&signals, nullptr, &limit) < 0) {
        if (duration.count() != 0 && steady_clock::now() >= until) {
            return;
        }
    }
}

void block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

template <class Member>
void work(Member& member, double rate, double phase, const std::stop_token& stop) {
    Pace pace(rate, phase);
    while (pace.wait(stop)) {
        member.run_one();
    }
}

} // namespace

void run(const RunOptions& options) {
    const int newcomers =
        options.probe_rate > 0
            ? std::clamp(static_cast<int>(std::ceil(options.probe_rate / newcomer_rate)), 4, most_newcomers)
            : 0;
    if (options.dsns.empty() || options.clients < 0 || options.clients > most_clients ||
        options.clients + newcomers == 0) {
        throw Failure("wants at least one --dsn and between 1 and " + std::to_string(most_clients) +
                      " clients");
    }
    if (options.rate <= 0) {
        throw Failure("the rate must be above zero");
    }
    block_signals();
    LogWriter log(options.log);
    std::vector<std::jthread> threads;
    for (int i = 0; i < options.clients; ++i) {
        threads.emplace_back([&, i](const std::stop_token& stop) {
            Client client(log, i, options.dsns, options.deadline);
            work(client, options.rate / options.clients, static_cast<double>(i) / options.clients, stop);
        });
    }
    for (int i = 0; i < newcomers; ++i) {
        threads.emplace_back([&, i](const std::stop_token& stop) {
            Newcomer newcomer(log, most_clients + i, options.dsns, options.deadline);
            work(newcomer, options.probe_rate / newcomers, static_cast<double>(i) / newcomers, stop);
        });
    }
    wait_for_signal(options.duration);
    for (auto& thread : threads) {
        thread.request_stop();
    }
    threads.clear();
    log.drained();
}

} // namespace pgteal::workload
