#include "base/async.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pgteal {

Task<void> sleep_for(Clock::duration time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

namespace {

/// What settle() and the tasks it started share.
struct Join {
    Join(const Executor& executor, std::size_t count)
        : errors(count), signals(count), left(count), done(executor) {
        done.expires_at(Clock::time_point::max());
    }
    std::vector<std::exception_ptr> errors;
    std::deque<asio::cancellation_signal> signals;
    std::size_t left;
    asio::steady_timer done;
};

struct Settled {
    std::shared_ptr<Join> join;
    std::size_t index;
    void operator()(std::exception_ptr error) const {
        join->errors[index] = std::move(error);
        if (--join->left == 0) {
            join->done.cancel();
        }
    }
};

} // namespace

Task<std::vector<std::exception_ptr>> settle(std::vector<Task<void>> tasks) {
    const Executor executor = co_await asio::this_coro::executor;
    const auto join = std::make_shared<Join>(executor, tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        auto handler = asio::bind_cancellation_slot(join->signals[i].slot(), Settled{join, i});
        asio::co_spawn(executor, std::move(tasks[i]), std::move(handler));
    }
    // A cancellation of this coroutine is handed down, and the tasks are still waited for: they write into
    // our caller.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (join->left > 0) {
        boost::system::error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await join->done.async_wait(token);
        if (join->left > 0) {
            for (auto& signal : join->signals) {
                signal.emit(asio::cancellation_type::terminal);
            }
        }
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return std::move(join->errors);
}

Task<void> all(std::vector<Task<void>> tasks) {
    const std::vector<std::exception_ptr> errors = co_await settle(std::move(tasks));
    for (const auto& error : errors) {
        if (error) {
            std::rethrow_exception(error);
        }
    }
}

namespace {

asio::thread_pool& workers() {
    static asio::thread_pool pool(2);
    return pool;
}

/// Counts the jobs that will still post their end to an io_context, which must not go away before they did.
class BlockingJobs : public asio::execution_context::service {
public:
    using key_type = BlockingJobs;
    static inline asio::execution_context::id id;
    explicit BlockingJobs(asio::execution_context& context) : asio::execution_context::service(context) {}

    void begin() {
        const std::lock_guard lock(mutex_);
        ++running_;
    }
    void end() {
        const std::lock_guard lock(mutex_);
        --running_;
        changed_.notify_all();
    }

private:
    void shutdown() override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return running_ == 0; });
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    int running_ = 0;
};

/// One run_blocking(): the worker fills in `error` and then wakes the coroutine on its own executor.
struct Job {
    Job(const Executor& e, std::function<void()> w) : executor(e), work(std::move(w)), done(e) {
        done.expires_at(Clock::time_point::max());
    }
    Executor executor;
    std::function<void()> work;
    asio::steady_timer done;
    std::exception_ptr error;
    bool finished = false;
};

/// Lets go of the job before jobs.end(): after that the io_context and its timers may be gone.
void run_job(std::shared_ptr<Job> job, BlockingJobs& jobs) {
    try {
        job->work();
    } catch (...) {
        job->error = std::current_exception();
    }
    job->work = nullptr;
    const Executor executor = job->executor;
    auto wake = [job = std::move(job)] {
        job->finished = true;
        job->done.cancel();
    };
    asio::post(executor, std::move(wake));
    jobs.end();
}

} // namespace

Task<void> run_blocking(std::function<void()> work) {
    const Executor executor = co_await asio::this_coro::executor;
    auto& context = asio::query(executor, asio::execution::context);
    auto& jobs = asio::use_service<BlockingJobs>(context);
    const auto job = std::make_shared<Job>(executor, std::move(work));
    jobs.begin();
    auto run = [job, &jobs]() mutable { run_job(std::move(job), jobs); };
    asio::post(workers(), std::move(run));
    // The work can't be stopped and may use the caller's objects: a cancelled wait goes on waiting.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!job->finished) {
        boost::system::error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await job->done.async_wait(token);
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (job->error) {
        std::rethrow_exception(job->error);
    }
}

void run_here(std::function<Task<void>()> make_task) {
    asio::io_context context(1);
    std::exception_ptr error;
    bool ended = false;
    asio::co_spawn(context, make_task(), [&](std::exception_ptr e) {
        error = std::move(e);
        ended = true;
        context.stop();
    });
    context.run();
    if (error) {
        std::rethrow_exception(error);
    }
    if (!ended) {
        throw std::logic_error("run_here: the task waits for something that can't happen any more");
    }
}

} // namespace pgteal
