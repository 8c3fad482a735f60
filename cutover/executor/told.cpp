// Statements whose failure somebody has to mend: the error says what was sent, where, and who or what was in
// its way.
#include <boost/asio/this_coro.hpp>

#include "base/error.hpp"
#include "cutover/executor/blocker.hpp"
#include "cutover/executor/executor.hpp"

namespace pgteal::cutover {

namespace {

constexpr int attempts = 5;

/// Another session changed the same row of a catalog and committed ("tuple concurrently updated"): the next
/// attempt sees it.
bool overtaken_in_catalog(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ServerError& failed) {
        return failed.sqlstate() == "XX000";
    } catch (...) {
        return false;
    }
}

[[noreturn]] void tell(const Sql& action, const std::optional<Refusal>& blocker,
                       const std::exception_ptr& error) {
    const auto side = to_string(action.side);
    const auto& database = action.statement.database;
    const auto where = side + (database.empty() ? "" : ", database " + database);
    const auto sent = "(" + where + ") " + action.statement.text.display();
    const std::string served = action.spared ? "" : ". Clients are served as before";
    const auto then = "; then run " + action.again + " again";
    try {
        std::rethrow_exception(error);
    } catch (const DeadlinePassed&) {
        if (blocker) {
            throw Error(ErrorCode::conflict, side,
                        blocker->message + " holds up what has to be done there: " + sent + served,
                        blocker->hint + then);
        }
        throw Error(ErrorCode::deadline, side, side + " did not answer in time: " + sent + served,
                    "see that it does" + then);
    } catch (const ServerError& failed) {
        const bool denied = failed.sqlstate() == "42501" && !action.lacking.empty();
        throw Error(failed.code(), side,
                    side + " refused what has to be done there: " + failed.what() + ": " + sent + served,
                    (denied ? "on " + where + ": BEGIN READ WRITE; " + action.lacking + "; COMMIT"
                            : "mend there what it says, or take back on " + to_string(other(action.side)) +
                                  " what it carries") +
                        then);
    }
}

} // namespace

Task<void> Executor::run_and_end(const Sql* action, Deadline deadline, std::shared_ptr<BlockerWatch> watch) {
    std::exception_ptr error;
    try {
        co_await run(action, deadline);
    } catch (...) {
        error = std::current_exception();
    }
    watch->over = true;
    watch->ended.cancel();
    if (error) {
        std::rethrow_exception(error);
    }
}

Task<void> Executor::run_told(const Sql* action, Deadline deadline) {
    const auto limit = std::min(deadline, after(action->limit));
    for (int attempt = 1;; ++attempt) {
        auto watch = std::make_shared<BlockerWatch>(co_await asio::this_coro::executor);
        std::vector<Task<void>> both;
        both.push_back(run_and_end(action, limit, watch));
        both.push_back(watch_blockers(&estate_.server(action->side), watch));
        const auto errors = co_await settle(std::move(both));
        if (!errors.front()) {
            co_return;
        }
        if (!overtaken_in_catalog(errors.front()) || attempt == attempts || Clock::now() >= limit) {
            tell(*action, watch->blocker, errors.front());
        }
        co_await sleep_for(std::chrono::milliseconds(100));
    }
}

} // namespace pgteal::cutover
