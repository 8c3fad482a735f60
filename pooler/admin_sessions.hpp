// Sessions on PgBouncer's admin console: opened ahead, lent for one command, replaced when a restarted pooler
// has closed them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/connection.hpp"

namespace pgteal::pooler {

class AdminSessions {
public:
    AdminSessions(std::string pooler, postgres::Dsn dsn);

    /// Afterwards at least `count` idle sessions exist, each of which has just answered.
    Task<void> warm(std::size_t count, Deadline deadline);

    /// One command on a session of its own, so that commands may run side by side and one that waits holds up
    /// none. When an idle session turns out to be closed the command is sent again on a new one: only for
    /// commands that may be repeated, which all of ours are. Throws ServerError with the console's words,
    /// ConnectionLost, DeadlinePassed, Error(unreachable).
    Task<postgres::Result> command(std::string text, Deadline deadline);

    /// Sends a command and returns the session, whose answer may never come.
    Task<postgres::Connection> send_only(std::string text, Deadline deadline);

    void close() { idle_.clear(); }

private:
    Task<void> open_one(Deadline deadline);
    /// Answers or is dropped.
    Task<void> check_one(Deadline deadline);
    std::optional<postgres::Connection> take_idle();
    void put_back(postgres::Connection session);

    std::string pooler_;
    postgres::Dsn dsn_;
    std::vector<postgres::Connection> idle_;
};

} // namespace pgteal::pooler
