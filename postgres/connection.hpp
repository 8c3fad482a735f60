// An asynchronous connection to PostgreSQL or to PgBouncer's admin console.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.hpp"
#include "postgres/dsn.hpp"
#include "postgres/result.hpp"

namespace pgteal::postgres {

/// Parameters of a statement, in text format; nullopt is NULL.
using Params = std::vector<std::optional<std::string>>;

/// A NOTICE or WARNING of the server.
struct Notice {
    std::string severity;
    std::string sqlstate;
    std::string message;
};

class Wire; // libpq's side of it, private to postgres/

/// One connection, used by one coroutine at a time. Moving is cheap; closing never blocks.
/// After ConnectionLost or DeadlinePassed the connection is broken (usable() is false) and must be replaced.
class Connection {
public:
    /// Connects without blocking the loop: names are resolved by Asio and passed as hostaddr, since libpq
    /// resolves in the foreground (libpq docs, PQconnectStart). Several hosts in the DSN are tried in order.
    /// `label` names the side in errors. Throws Error(unreachable) with the server's reason (no secrets), or
    /// DeadlinePassed.
    static Task<Connection> open(Dsn dsn, std::string label, Deadline deadline);

    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// One statement with parameters (extended protocol). Throws ServerError, ConnectionLost, DeadlinePassed;
    /// at the deadline the server is also sent a cancel request, in the background (never PgBouncer's
    /// console). A deadline that had passed before the call leaves the connection as it was, with nothing
    /// sent.
    Task<Result> exec(std::string sql, Params params, Deadline deadline);
    Task<Result> exec(std::string sql, Deadline deadline); ///< without parameters

    /// Simple protocol: several commands in one round trip (and the only thing PgBouncer's console and a
    /// walsender take). Returns the result of each command. On an error the results before it are lost and
    /// ServerError is thrown.
    Task<std::vector<Result>> script(std::string sql, Deadline deadline);

    /// Sends a command without waiting for its answer (PgBouncer's PAUSE as a shield may never answer). The
    /// connection is good for nothing afterwards but answered() and being dropped.
    Task<void> send_only(std::string sql, Deadline deadline);
    /// Whether the answer to send_only() has arrived by now. Never waits.
    [[nodiscard]] bool answered();

    /// COPY … TO STDOUT: calls `sink` for each chunk (one row a chunk, valid during the call; the sink's
    /// return is awaited, which is the back-pressure). `stall`: give up when nothing arrives for that long.
    using Sink = std::function<Task<void>(std::string_view)>;
    Task<void> copy_out(std::string sql, Sink sink, Clock::duration stall);
    /// COPY … FROM STDIN: begin, then write as often as needed, then end (which returns the number of rows)
    /// or fail.
    Task<void> copy_in_begin(std::string sql, Deadline deadline);
    Task<void> copy_in_write(std::string_view chunk,
                             Deadline deadline); ///< chunk must stay valid until it returns
    Task<std::int64_t> copy_in_end(Deadline deadline);
    Task<void> copy_in_fail(std::string reason, Deadline deadline);

    /// Cancels what runs, through a second connection that is made without blocking the loop (PQcancel would
    /// block in libpq 15). Best effort: never throws for a cancel that came too late. Does nothing on
    /// PgBouncer's console, where a cancel would lift a global PAUSE.
    Task<void> cancel(Deadline deadline);

    void on_notice(std::function<void(const Notice&)> handler);

    [[nodiscard]] bool usable() const;
    /// Whether a transaction block is open (also a failed one), as far as the server's last answer told.
    [[nodiscard]] bool in_transaction() const;
    [[nodiscard]] int backend_pid() const;
    [[nodiscard]] int server_version() const; ///< as 150020; 0 for PgBouncer's console
    /// A parameter the server reported (server_version, in_hot_standby, …); "" when it did not.
    [[nodiscard]] std::string parameter(std::string_view name) const;
    [[nodiscard]] const std::string& label() const;
    void close(); ///< at once, without a goodbye that could block

private:
    explicit Connection(std::unique_ptr<Wire> wire);
    friend Task<std::int64_t> pipe_copy(Connection& from, std::string copy_out, Connection& to,
                                        std::string copy_in, Clock::duration stall,
                                        std::function<void(std::size_t)> progress);
    std::unique_ptr<Wire> wire_;
};

/// Streams a COPY from one server into another with back-pressure: rows are batched (about 64 kB a write) and
/// never more than a few hundred kB are held. `progress` is called with the bytes of each batch. Returns the
/// rows the target took. If either side fails both COPYs are ended; the error of the side that failed first
/// is thrown.
Task<std::int64_t> pipe_copy(Connection& from, std::string copy_out, Connection& to, std::string copy_in,
                             Clock::duration stall, std::function<void(std::size_t)> progress);

} // namespace pgteal::postgres
