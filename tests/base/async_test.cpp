#include <atomic>
#include <stdexcept>
#include <thread>

#include "base/async.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal {
namespace {

using namespace std::chrono_literals;

Task<int> later(int value, Clock::duration time) {
    co_await sleep_for(time);
    co_return value;
}

Task<void> note(std::vector<int>* order, int value, Clock::duration time) {
    co_await sleep_for(time);
    order->push_back(value);
}

Task<void> count_up(std::atomic<int>* counter, Clock::duration time) {
    co_await sleep_for(time);
    ++*counter;
}

Task<void> fail(std::string what, Clock::duration time) {
    co_await sleep_for(time);
    throw std::runtime_error(what);
}

/// `value` once all are under way at the same time; 0 when they never are.
Task<int> meet(int* here, int everybody, int value) {
    ++*here;
    for (int i = 0; i < 10'000 && *here < everybody; ++i) {
        co_await sleep_for(1ms);
    }
    co_return *here == everybody ? value : 0;
}

CO_TEST(All, ReturnsResultsInListOrder) {
    std::vector<Task<int>> tasks;
    tasks.push_back(later(1, 30ms));
    tasks.push_back(later(2, 1ms));
    tasks.push_back(later(3, 10ms));
    const std::vector<int> results = co_await all(std::move(tasks));
    const std::vector<int> expected{1, 2, 3};
    EXPECT_EQ(results, expected);
}

CO_TEST(All, RunsThemAtOnceAndNotOneAfterTheOther) {
    int here = 0;
    std::vector<Task<int>> tasks;
    tasks.push_back(meet(&here, 2, 1));
    tasks.push_back(meet(&here, 2, 2));
    const std::vector<int> results = co_await all(std::move(tasks));
    const std::vector<int> expected{1, 2};
    EXPECT_EQ(results, expected);
}

CO_TEST(All, WaitsForTheOthersBeforeItThrowsTheFirstError) {
    std::vector<int> order;
    std::vector<Task<void>> tasks;
    tasks.push_back(note(&order, 1, 30ms));
    tasks.push_back(fail("second in the list", 20ms));
    tasks.push_back(fail("first in time", 1ms));
    std::string what;
    try {
        co_await all(std::move(tasks));
    } catch (const std::runtime_error& error) {
        what = error.what();
    }
    EXPECT_EQ(what, "second in the list");
    EXPECT_EQ(order.size(), 1U);
}

CO_TEST(All, TakesAnEmptyList) {
    std::vector<Task<void>> none;
    co_await all(std::move(none));
    std::vector<Task<int>> no_results;
    const std::vector<int> results = co_await all(std::move(no_results));
    EXPECT_TRUE(results.empty());
}

CO_TEST(Settle, TellsEachError) {
    std::vector<int> order;
    std::vector<Task<void>> tasks;
    tasks.push_back(fail("x", 1ms));
    tasks.push_back(note(&order, 1, 1ms));
    const std::vector<std::exception_ptr> errors = co_await settle(std::move(tasks));
    EXPECT_EQ(errors.size(), 2U);
    EXPECT_TRUE(errors[0]);
    EXPECT_FALSE(errors[1]);
}

CO_TEST(RunBlocking, LeavesTheLoopFree) {
    std::atomic<int> others{0};
    int others_at_the_end = -1;
    const auto main_thread = std::this_thread::get_id();
    std::thread::id worker_thread;
    std::function<void()> work = [&] {
        std::this_thread::sleep_for(40ms);
        worker_thread = std::this_thread::get_id();
        others_at_the_end = others;
    };
    std::vector<Task<void>> tasks;
    tasks.push_back(run_blocking(std::move(work)));
    tasks.push_back(count_up(&others, 1ms));
    co_await all(std::move(tasks));
    EXPECT_EQ(others_at_the_end, 1);
    EXPECT_NE(worker_thread, main_thread);
    EXPECT_EQ(std::this_thread::get_id(), main_thread);
}

CO_TEST(RunBlocking, RethrowsHere) {
    std::function<void()> work = [] { throw std::invalid_argument("bad file"); };
    std::string what;
    try {
        co_await run_blocking(std::move(work));
    } catch (const std::invalid_argument& error) {
        what = error.what();
    }
    EXPECT_EQ(what, "bad file");
}

Task<void> abandon(std::shared_ptr<std::atomic<bool>> done) {
    std::vector<Task<void>> tasks;
    std::function<void()> work = [done] {
        std::this_thread::sleep_for(50ms);
        *done = true;
    };
    asio::co_spawn(co_await asio::this_coro::executor, run_blocking(std::move(work)),
                   [](std::exception_ptr) {});
    co_await sleep_for(5ms);
    throw std::runtime_error("gave up");
}

TEST(RunBlocking, IsWaitedForWhenTheLoopGoesAway) {
    const auto done = std::make_shared<std::atomic<bool>>(false);
    EXPECT_THROW(run_here([&] { return abandon(done); }), std::runtime_error);
    EXPECT_TRUE(*done) << "the loop was destroyed under a running job";
}

TEST(RunHere, RethrowsAndEndsWithItsTask) {
    EXPECT_THROW(run_here([] { return fail("x", 1ms); }), std::runtime_error);
}

} // namespace
} // namespace pgteal
