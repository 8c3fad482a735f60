#include "pooler/login_guard.hpp"

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "pooler/console_tables.hpp"
#include "postgres/quote.hpp"

namespace pgteal::pooler {

using namespace std::chrono_literals;
using postgres::Result;

Task<void> LoginGuard::change(std::string key, std::string value, std::optional<std::string>* before,
                              Deadline deadline) {
    if (*before) {
        co_return;
    }
    const Result shown = co_await sessions_.command("SHOW CONFIG", deadline);
    const std::string now = read_config_table(shown)[key];
    if (now.empty() || now == value) {
        co_return; // an older version, or another entry's pause was first
    }
    const std::string command = "SET " + key + " = " + postgres::quote_literal(value);
    co_await sessions_.command(command, deadline);
    if (!*before) {
        *before = now;
    }
}

Task<void> LoginGuard::put_back(std::string key, std::optional<std::string>* before, Deadline deadline) {
    if (!*before) {
        co_return;
    }
    const std::string command = "SET " + key + " = " + postgres::quote_literal(**before);
    co_await sessions_.command(command, deadline);
    before->reset();
}

Task<void> LoginGuard::before_pause(std::string entry, Deadline deadline) {
    paused_.insert(entry);
    co_await change("min_pool_size", "0", &min_pool_size_, deadline);
    // A server that can't be reached keeps a login under way for good; PAUSE does not wait for it either.
    const Deadline enough = std::min(deadline, after(100ms));
    for (;;) {
        const Result pools = co_await sessions_.command("SHOW POOLS", deadline);
        if (count_logins(pools, entry) == 0 || Clock::now() >= enough) {
            co_return;
        }
        co_await sleep_for(1ms);
    }
}

Task<void> LoginGuard::before_resume(Deadline deadline) {
    co_await change("server_login_retry", "0.05", &login_retry_, deadline);
}

Task<void> LoginGuard::after_resume(std::string entry, Deadline deadline) {
    paused_.erase(entry);
    if (paused_.empty()) {
        co_await put_back("min_pool_size", &min_pool_size_, deadline);
    }
}

Task<void> LoginGuard::settle(Deadline deadline) {
    co_await put_back("min_pool_size", &min_pool_size_, deadline);
    co_await put_back("server_login_retry", &login_retry_, deadline);
}

void LoginGuard::reloaded() {
    min_pool_size_.reset();
    login_retry_.reset();
}

} // namespace pgteal::pooler
