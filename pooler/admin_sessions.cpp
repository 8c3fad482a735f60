#include "pooler/admin_sessions.hpp"

#include "base/error.hpp"

namespace pgteal::pooler {

using postgres::Connection;
using postgres::Result;

AdminSessions::AdminSessions(std::string pooler, postgres::Dsn dsn)
    : pooler_(std::move(pooler)), dsn_(std::move(dsn)) {
    if (!dsn_.get("dbname")) {
        dsn_ = dsn_.with_database("pgbouncer");
    }
}

std::optional<Connection> AdminSessions::take_idle() {
    while (!idle_.empty()) {
        Connection session = std::move(idle_.back());
        idle_.pop_back();
        if (session.usable()) {
            return session;
        }
    }
    return std::nullopt;
}

void AdminSessions::put_back(Connection session) {
    if (session.usable()) {
        idle_.push_back(std::move(session));
    }
}

Task<void> AdminSessions::open_one(Deadline deadline) {
    Connection session = co_await Connection::open(dsn_, pooler_, deadline);
    put_back(std::move(session));
}

Task<void> AdminSessions::check_one(Deadline deadline) {
    std::optional<Connection> session = take_idle();
    if (!session) {
        co_return;
    }
    try {
        co_await session->script("SHOW VERSION", deadline);
    } catch (const ConnectionLost&) {
        co_return; // the pooler was restarted or closes idle clients; a new session tells which
    }
    put_back(std::move(*session));
}

Task<void> AdminSessions::warm(std::size_t count, Deadline deadline) {
    // Each check takes its session when it starts: they all start before the first comes back.
    std::vector<Task<void>> checks;
    for (std::size_t i = idle_.size(); i > 0; --i) {
        checks.push_back(check_one(deadline));
    }
    co_await all(std::move(checks));
    std::vector<Task<void>> opens;
    for (std::size_t have = idle_.size(); have < count; ++have) {
        opens.push_back(open_one(deadline));
    }
    co_await all(std::move(opens));
}

Task<Result> AdminSessions::command(std::string text, Deadline deadline) {
    for (;;) {
        std::optional<Connection> session = take_idle();
        const bool fresh = !session;
        if (fresh) {
            session = co_await Connection::open(dsn_, pooler_, deadline);
        }
        std::exception_ptr refusal;
        std::vector<Result> results;
        try {
            results = co_await session->script(text, deadline);
        } catch (const ConnectionLost&) {
            if (fresh) {
                throw;
            }
            continue;
        } catch (const ServerError&) {
            refusal = std::current_exception();
        }
        put_back(std::move(*session));
        if (refusal) {
            std::rethrow_exception(refusal);
        }
        co_return results.empty() ? Result() : results.front();
    }
}

Task<Connection> AdminSessions::send_only(std::string text, Deadline deadline) {
    for (;;) {
        std::optional<Connection> session = take_idle();
        const bool fresh = !session;
        if (fresh) {
            session = co_await Connection::open(dsn_, pooler_, deadline);
        }
        try {
            co_await session->send_only(text, deadline);
        } catch (const ConnectionLost&) {
            if (fresh) {
                throw;
            }
            continue;
        }
        co_return std::move(*session);
    }
}

} // namespace pgteal::pooler
