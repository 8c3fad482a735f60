// Words for waiting: tasks, deadlines, and running several things at once.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.hpp"

namespace pgteal {

namespace asio = boost::asio;
using Executor = asio::any_io_executor;

/// A coroutine of ours. All run on one io_context with one thread; blocking work goes through run_blocking().
template <typename T>
using Task = asio::awaitable<T>;

Task<void> sleep_for(Clock::duration time);

/// Runs all tasks at once and waits until every one has settled, so that nothing goes on behind the caller's
/// back. Then throws the first error (in list order) if there was any, otherwise returns the results in list
/// order. Tasks must be made by named coroutine functions that take their arguments by value.
Task<void> all(std::vector<Task<void>> tasks);

/// Like all(), but returns each task's error (null when it succeeded) instead of throwing.
Task<std::vector<std::exception_ptr>> settle(std::vector<Task<void>> tasks);

namespace detail {
template <typename T>
Task<void> store(Task<T> task, std::optional<T>* place) {
    place->emplace(co_await std::move(task));
}
} // namespace detail

template <typename T>
Task<std::vector<T>> all(std::vector<Task<T>> tasks) {
    std::vector<std::optional<T>> places(tasks.size());
    std::vector<Task<void>> stores;
    stores.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        stores.push_back(detail::store(std::move(tasks[i]), &places[i]));
    }
    co_await all(std::move(stores));
    std::vector<T> results;
    results.reserve(places.size());
    for (auto& place : places) {
        results.push_back(std::move(*place));
    }
    co_return results;
}

/// Runs `work` on a worker thread (libpqxx, hashing files, …) and resumes here when it is done; its exception
/// is rethrown.
Task<void> run_blocking(std::function<void()> work);

/// Runs one task to its end on a fresh io_context: for main(), for worker threads and for tests.
void run_here(std::function<Task<void>()> make_task);

} // namespace pgteal
