// A blocking connection for the workload and its checker. They must not share code with what they check, so
// this is libpq itself and nothing of postgres/.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <libpq-fe.h>

namespace pgteal::workload {

using Id = std::int64_t;

// The check can't be made: a server that can't be reached, a log that can't be read.
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Reply {
public:
    // lost: the connection ended, or the deadline passed, before the server said how the statement ended.
    enum class End { ok, refused, lost };

    End end = End::lost;
    std::string sqlstate;
    std::string message;

    bool ok() const { return end == End::ok; }
    int rows() const { return PQntuples(result_.get()); }
    int columns() const { return PQnfields(result_.get()); }
    std::string_view text(int row, int column) const;
    Id number(int row, int column) const;
    std::string_view tag() const { return PQcmdStatus(result_.get()); }

private:
    friend class Session;
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

class Session {
public:
    // The deadline holds for each statement too. Ends any earlier connection. False: take_error() says why.
    bool connect(const std::string& dsn, std::chrono::seconds deadline);
    // Notices a connection that the other end has closed while nothing was going on.
    bool open();
    void close() { connection_.reset(); }
    std::string take_error() { return std::exchange(error_, {}); }

    // One statement in the extended protocol, unnamed, so that transaction pooling does not mind. `ok` means
    // that ReadyForQuery arrived: outside a transaction the commit comes after CommandComplete
    // (exec_execute_message in postgres.c).
    Reply run(const char* sql, std::span<const std::string> parameters = {});

private:
    Reply collect();
    // Empty when there's input, else what went wrong.
    std::string wait_for_input(std::chrono::steady_clock::time_point until);

    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    std::unique_ptr<PGconn, Finish> connection_;
    std::chrono::seconds deadline_{60};
    std::string error_;
};

// One line, so that it fits into the log.
std::string one_line(std::string_view text);

} // namespace pgteal::workload
