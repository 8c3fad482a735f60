// One PostgreSQL server ("side") as pgteal talks to it: sessions that can write through our own fence, warmed
// ahead of need.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "postgres/connection.hpp"

namespace pgteal::postgres {

/// What a server says of itself.
struct ServerIdentity {
    std::string system_identifier; ///< pg_control_system(); tells two clusters apart for good
    int version = 0;               ///< 150020
    bool in_recovery = false;
    bool superuser = false; ///< of the role we log in as
    std::string role;
};

/// Opens sessions and keeps idle ones. What they all begin with is one list (postgres/startup.cpp): empty
/// search_path, nothing of ours in the server's log or statistics, no time-out but our own, values that print
/// alike on both sides, default_transaction_read_only = off (so that the fence does not stop us),
/// row_security = off (a policy raises an error instead of hiding rows).
class Server {
public:
    /// `name`: "blue" or "green", used in errors. `dsn` has no dbname.
    Server(std::string name, Dsn dsn);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// A session lent out; goes back to the idle ones on destruction if it is still usable and no transaction
    /// is open in it. The Server must outlive it.
    class Session {
    public:
        Session(Session&&) noexcept = default;
        Session& operator=(Session&&) noexcept; ///< what this one held goes home first
        ~Session();
        Connection& operator*() { return *connection_; }
        Connection* operator->() { return connection_.get(); }

    private:
        friend class Server;
        void go_home() noexcept;
        Session(Server* home, std::string database, std::unique_ptr<Connection> connection);
        Server* home_;
        std::string database_;
        std::unique_ptr<Connection> connection_;
        int pid_; // kept here: a closed connection has none
    };

    /// An idle session of that database or a new one. "" is the maintenance database, postgres.
    /// Throws Error(unreachable), DeadlinePassed.
    Task<Session> session(std::string database, Deadline deadline);
    /// Makes sure that at least `count` idle sessions of each database exist and answer: nothing is opened
    /// inside a pause.
    Task<void> warm(std::vector<std::string> databases, int count, Deadline deadline);
    /// A walsender session: simple protocol only (docs: "Streaming Replication Protocol"). Not kept.
    Task<Connection> replication(std::string database, Deadline deadline);

    /// Convenience: one statement on a session of `database`.
    Task<Result> exec(std::string database, std::string sql, Params params, Deadline deadline);
    Task<std::vector<Result>> script(std::string database, std::string sql, Deadline deadline);

    Task<ServerIdentity> identity(Deadline deadline);

    /// Backend pids of all sessions open now, lent or idle: the fence must not end these.
    [[nodiscard]] std::vector<int> pids() const;
    void close_idle();

    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] const Dsn& dsn() const;

private:
    struct Impl;
    Task<Session> open(std::string database, Deadline deadline);
    Task<void> warm_one(std::string database, int count, Deadline deadline);
    std::unique_ptr<Impl> impl_;
};

} // namespace pgteal::postgres
