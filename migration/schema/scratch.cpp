#include "migration/schema/scratch.hpp"

#include <random>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::schema {

namespace {

constexpr std::string_view prefix = "pgteal_drift_";

/// Key of the lock; the first number is "pgdr".
std::string lock_call(const std::string& function) {
    return "SELECT pg_catalog." + function + "(1885824114, pg_catalog.hashtext($1))";
}

std::string new_name() {
    std::random_device random;
    return fmt::format("{}{}_{:08x}", prefix, ::getpid(), static_cast<std::uint32_t>(random()));
}

Task<bool> call_lock(postgres::Connection& session, std::string function, std::string name,
                     Deadline deadline) {
    auto text = lock_call(function);
    postgres::Params params{std::move(name)};
    const auto result = co_await session.exec(std::move(text), std::move(params), deadline);
    co_return !result.empty() && result.text(0, 0) == "t";
}

/// `ours`: this process made it, and sessions of its own may be left there; anybody else's make the server
/// refuse.
Task<void> drop_database(postgres::Connection& session, std::string name, bool ours, Deadline deadline) {
    if (ours) {
        std::string end =
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE "
            "datname = $1 AND usename = session_user AND pid <> pg_catalog.pg_backend_pid()";
        postgres::Params params{name};
        co_await session.exec(std::move(end), std::move(params), deadline);
    }
    auto text = "DROP DATABASE IF EXISTS " + postgres::quote_identifier(name);
    co_await session.exec(std::move(text), deadline);
}

} // namespace

bool is_scratch_name(std::string_view name) {
    if (!name.starts_with(prefix)) {
        return false;
    }
    name.remove_prefix(prefix.size());
    const auto digits = std::min(name.find_first_not_of("0123456789"), name.size());
    const auto rest = name.substr(digits);
    return digits > 0 && rest.size() == 9 && rest.front() == '_' &&
           rest.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

Scratch::Scratch(postgres::Server& server, CreateStatements create)
    : server_(server), create_(std::move(create)), name_(new_name()) {}

Task<void> Scratch::make(Deadline deadline) {
    if (made_) {
        co_return;
    }
    if (!lock_) {
        auto session = co_await server_.session("", deadline);
        co_await call_lock(*session, "pg_try_advisory_lock", name_, deadline);
        lock_.emplace(std::move(session));
    }
    const auto statements = co_await create_(name_);
    made_ = true; // from here on there may be something to drop
    for (const auto& statement : statements) {
        co_await server_.exec("", statement, {}, deadline);
    }
}

Task<void> Scratch::drop(Deadline deadline) {
    if (made_) {
        auto session = co_await server_.session("", deadline);
        co_await drop_database(*session, name_, true, deadline);
        made_ = false;
    }
    if (lock_) {
        // Not back among the idle sessions: it would go on holding the lock.
        (*lock_)->close();
        lock_.reset();
    }
}

Task<void> Scratch::make_again(Deadline deadline) {
    co_await drop(deadline);
    co_await make(deadline);
}

Task<Swept> sweep(postgres::Server& server, Deadline deadline) {
    Swept swept;
    auto session = co_await server.session("", deadline);
    std::string list =
        "SELECT datname::text FROM pg_catalog.pg_database WHERE datname LIKE 'pgteal\\_drift\\_%'";
    const auto found = co_await session->exec(std::move(list), deadline);
    for (int row = 0; row < found.rows(); ++row) {
        const auto name = found.get<std::string>(row, 0);
        if (!is_scratch_name(name)) {
            continue;
        }
        const bool orphan = co_await call_lock(*session, "pg_try_advisory_lock", name, deadline);
        if (!orphan) {
            continue; // its maker is at work
        }
        std::string sqlstate;
        try {
            co_await drop_database(*session, name, false, deadline);
        } catch (const ServerError& error) {
            if (error.sqlstate() != "55006") { // object_in_use
                throw;
            }
            sqlstate = error.sqlstate();
        }
        co_await call_lock(*session, "pg_advisory_unlock", name, deadline);
        (sqlstate.empty() ? swept.dropped : swept.in_use).push_back(name);
    }
    co_return swept;
}

} // namespace pgteal::migration::schema
