// A client that logs in and asks where it is, nothing more: libpq would keep the SQLSTATE of a refused login
// to itself, and the server's words are in its own language.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/async.hpp"

namespace pgteal::pooler {

struct TrialSocket {
    explicit TrialSocket(const Executor& executor) : socket(executor), limit(executor) {}
    asio::local::stream_protocol::socket socket;
    asio::steady_timer limit;
};
/// Closes it then, unless another time is set first: whoever waits for it is told.
void close_at(const std::shared_ptr<TrialSocket>& client, Deadline when);

struct TrialAnswer {
    bool open = false;    ///< ready for a query
    bool refused = false; ///< an ErrorResponse came
    std::string system;   ///< of an open one: pg_control_system()'s identifier; "" when it was not told
    std::string sqlstate, message;
};

/// Whether somebody listens at `path`.
Task<bool> connect_to(std::shared_ptr<TrialSocket> client, std::string path);
/// Protocol version 3 without a password (docs: "Message Flow", "Start-up"). Asks an open session which
/// server it is on, and ends with the answer, when it is refused, or the socket is closed.
Task<TrialAnswer> log_in(std::shared_ptr<TrialSocket> client, std::string user, std::string database);

} // namespace pgteal::pooler
