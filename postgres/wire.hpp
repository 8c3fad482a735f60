// Private to postgres/: a libpq connection whose waits go through Asio.
#pragma once

#include <libpq-fe.h>

#include <atomic>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "postgres/connection.hpp"

namespace pgteal::postgres {

using Handle = std::shared_ptr<PGresult>;
inline Result to_result(const Handle& handle) { return Result(std::shared_ptr<void>(handle)); }
inline bool is_error(const Handle& handle) {
    const auto status = PQresultStatus(handle.get());
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/// Every operation is: begin(deadline), send with libpq, flush(), then next()/collect(), which end() it. An
/// operation that does not get to end() leaves the wire unusable, also when its coroutine is destroyed in the
/// middle.
class Wire {
public:
    /// Takes over `connection`, whose connecting has been started.
    Wire(Executor executor, PGconn* connection, std::string label, std::string address);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// Runs the login to its end. Throws Error(unreachable), DeadlinePassed.
    Task<void> login(Deadline deadline);

    /// Arms the deadline and finds out whether the server ended the session while it was idle.
    void begin(Deadline deadline);
    void end();
    /// A new deadline for the operation under way (COPY: each piece of data earns a new one).
    void extend(Deadline deadline);

    /// Leaves the operation open without a deadline: its answer is looked for, not waited for.
    void stop_alarm() { disarm(); }

    /// For libpq's send functions, which return 0 when they could not even queue the command.
    void sent(int ok);
    /// Waits until libpq's output buffer is empty.
    Task<void> flush();
    /// The next result, null at the end of the operation. After a broken connection: what libpq still has,
    /// then null.
    Task<Handle> next();
    /// All results up to the end; throws for the first one that is an error.
    Task<std::vector<Result>> collect();
    /// Throws what an error result means: ServerError, or ConnectionLost when the connection died of it.
    [[noreturn]] void raise(const Handle& error);
    [[noreturn]] void raise_lost();

    Task<void> wait_readable();
    Task<void> wait_writable();
    /// Takes in what has arrived. False when the connection broke.
    bool consume();

    /// libpq does not look for an error while a COPY IN is fed, so a table of a terabyte would be sent to a
    /// server that gave up at its first row. Peeks into the socket for an ErrorResponse (docs: "Message
    /// Formats"). False when it can't tell: with TLS, or after libpq took in part of what the server said.
    [[nodiscard]] bool refused_early() const;
    void copy_in_started();
    /// consume() for a sender that was held up; leaves what refused_early() looks for. False when the
    /// connection broke.
    bool take_in_while_writing();

    /// Sends a cancel request from a thread of its own. The flag becomes true when that is done.
    std::shared_ptr<const std::atomic<bool>> start_cancel() const;

    [[nodiscard]] bool usable() const;
    [[nodiscard]] bool is_console() const { return console_; }
    void close();

    PGconn* pg() const { return pg_; }
    const std::string& label() const { return label_; }

    std::function<void(const Notice&)> on_notice;

private:
    struct Alarm;
    Task<void> wait(asio::posix::descriptor_base::wait_type what);
    Task<void> wait_for_login(PostgresPollingStatusType state);
    void arm(Deadline deadline);
    void disarm();
    [[noreturn]] void raise_deadline();
    static void receive_notice(void* self, const PGresult* notice);

    PGconn* pg_;
    std::string label_;
    std::string address_;
    asio::posix::stream_descriptor socket_;
    asio::steady_timer timer_;
    std::shared_ptr<Alarm> alarm_;
    Clock::duration allowed_{};
    bool logged_in_ = false;
    bool console_ = false;
    bool under_way_ = false;
    bool broken_ = false;
    bool aligned_ = false; // the next byte in the socket begins a message
    std::string farewell_; // of a server that ended the session: its FATAL message
};

} // namespace pgteal::postgres
