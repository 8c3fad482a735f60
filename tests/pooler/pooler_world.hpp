// A pooler with servers behind it and clients in front, and the words to test it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.hpp"
#include "pooler/pooler.hpp"

namespace pgteal::pooler {

/// A pooler whose file has the entries app and other, both pointing at blue, a [pgbouncer] section, and
/// clients.
class PoolerWorld {
public:
    virtual ~PoolerWorld() = default;
    virtual Pooler& pooler() = 0;
    virtual Target blue() = 0;
    virtual Target green() = 0;
    virtual std::string config_text() = 0;
    virtual void install(const std::string& text) = 0;
    virtual void restart() = 0;
    /// A client's query through an entry, on a new connection: where it was answered; nothing when held
    /// longer than `patience`.
    virtual Task<std::optional<Target>> query(std::string entry, Clock::duration patience) = 0;
    virtual Task<void> begin_transaction(std::string entry) = 0;
    virtual Task<void> end_transaction(std::string entry) = 0;
    /// Ends all connections: they must not outlive the io_context.
    virtual void leave() { pooler().close(); }
};

using MakeWorld = std::function<std::unique_ptr<PoolerWorld>()>;

/// A query that goes on beside the test.
struct BesideQuery {
    bool done = false;
    std::optional<Target> answered_by;
    std::exception_ptr error;
    Clock::duration took{};
};

inline Task<void> query_beside(PoolerWorld* world, std::string entry, std::shared_ptr<BesideQuery> query) {
    const auto start = Clock::now();
    try {
        query->answered_by = co_await world->query(std::move(entry), std::chrono::seconds(20));
    } catch (...) {
        query->error = std::current_exception();
    }
    query->took = Clock::now() - start;
    query->done = true;
}

inline Task<std::shared_ptr<BesideQuery>> start_query(PoolerWorld* world, std::string entry) {
    auto query = std::make_shared<BesideQuery>();
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, query_beside(world, std::move(entry), query), asio::detached);
    co_return query;
}

inline Task<void> wait_done(std::shared_ptr<BesideQuery> query) {
    const auto deadline = after(std::chrono::seconds(25));
    while (!query->done && Clock::now() < deadline) {
        co_await sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(query->done);
}

/// The error of a call, or nothing.
inline Task<std::optional<ErrorCode>> refusal(Task<void> call) {
    try {
        co_await std::move(call);
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()), "");
        co_return error.code();
    }
    co_return std::nullopt;
}

/// Runs `test` to its end on an io_context of its own.
template <typename World>
void run_in(World& world, Task<void> (*test)(World*)) {
    struct Leave {
        World* world;
        ~Leave() { world->leave(); }
    };
    struct Inside {
        static Task<void> run(World* inside, Task<void> (*what)(World*)) {
            const Leave at_the_end{inside};
            co_await what(inside);
        }
    };
    run_here([&] { return Inside::run(&world, test); });
}

inline Entry find_entry(const std::vector<Entry>& entries, const std::string& name) {
    for (const Entry& entry : entries) {
        if (entry.name == name) {
            return entry;
        }
    }
    ADD_FAILURE() << "no entry " << name;
    return {};
}

inline Target target_of(const Entry& entry) { return {entry.host, entry.port, entry.database}; }
inline Deadline soon() { return after(std::chrono::seconds(5)); }

} // namespace pgteal::pooler
