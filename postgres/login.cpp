// Getting connected, and what a refused login means.
#include "postgres/login.hpp"
#include "base/error.hpp"
#include "postgres/hosts.hpp"
#include "postgres/wire.hpp"

namespace pgteal::postgres {

namespace {

struct Refusal {
    std::string sqlstate; ///< "" when no server answered
    std::string message;
};

/// Reads libpq's text of a failed login, which PQERRORS_VERBOSE makes
/// `connection to server at "h", port 1 failed: FATAL:  28P01: password authentication failed …\nLOCATION:
/// …`. The code does not depend on the server's language; the words do.
Refusal read_refusal(std::string_view text) {
    const auto failed = text.rfind(" failed: ");
    if (failed != std::string_view::npos) {
        text.remove_prefix(failed + 9);
    }
    Refusal refusal;
    std::string_view line = text.substr(0, text.find('\n'));
    const auto code = line.find(":  ");
    if (code != std::string_view::npos && line.size() > code + 8 && line.substr(code + 8, 2) == ": ") {
        refusal.sqlstate = line.substr(code + 3, 5);
        line.remove_prefix(code + 10);
    }
    refusal.message = line;
    return refusal;
}

std::string hint_for(const Refusal& refusal, const std::string& address) {
    const auto& code = refusal.sqlstate;
    if (code == "28P01" || refusal.message.find("no password supplied") != std::string::npos) {
        return "Check user and password for " + address +
               " in the config, or the line for it in the passfile.";
    }
    if (code == "28000") {
        return "Check pg_hba.conf on " + address +
               ": it must let this user in from this machine, to every database and for "
               "replication.";
    }
    if (code == "3D000") {
        return "Check the database's name, or create it on " + address + ".";
    }
    if (code == "53300") {
        return "Raise max_connections on " + address + " or end some sessions.";
    }
    if (code == "57P03") {
        return "Wait until the server at " + address + " has started, then try again.";
    }
    if (!code.empty()) {
        return "See the server log of " + address + ".";
    }
    return "Check that a server listens at " + address + " and that this machine may reach it.";
}

/// Keepalives notice a dead peer within half a minute; a statement's own deadline is usually sooner.
Dsn with_keepalives(Dsn dsn) {
    static const std::map<std::string, std::string> defaults{{"keepalives_idle", "10"},
                                                             {"keepalives_interval", "5"},
                                                             {"keepalives_count", "3"},
                                                             {"tcp_user_timeout", "25000"},
                                                             {"fallback_application_name", "pgteal"}};
    for (const auto& [keyword, value] : defaults) {
        if (!dsn.get(keyword)) {
            dsn = dsn.with(keyword, value);
        }
    }
    return dsn;
}

Task<std::unique_ptr<Wire>> log_in_at(Host at, Dsn dsn, std::string label, Deadline deadline) {
    const Executor executor = co_await asio::this_coro::executor;
    const auto address = dsn.with("host", at.host)
                             .with("hostaddr", at.host.empty() ? at.hostaddr : "")
                             .with("port", at.port)
                             .address();
    dsn = dsn.with("host", at.host).with("hostaddr", at.hostaddr).with("port", at.port);
    PGconn* connection = PQconnectStart(with_keepalives(std::move(dsn)).conninfo().c_str());
    if (connection == nullptr) {
        throw std::bad_alloc();
    }
    auto wire = std::make_unique<Wire>(executor, connection, label, address);
    co_await wire->login(deadline);
    co_return wire;
}

} // namespace

// libpq may replace the socket at any turn, and under the same number: it is registered anew for every wait.
Task<void> Wire::wait_for_login(PostgresPollingStatusType state) {
    const int fd = PQsocket(pg_);
    if (fd < 0) {
        co_return;
    }
    socket_.assign(fd);
    std::exception_ptr error;
    try {
        if (state == PGRES_POLLING_READING) {
            co_await wait_readable();
        } else {
            co_await wait_writable();
        }
    } catch (...) {
        error = std::current_exception();
    }
    socket_.release();
    if (error) {
        std::rethrow_exception(error);
    }
}

Task<void> Wire::login(Deadline deadline) {
    PQsetErrorVerbosity(pg_, PQERRORS_VERBOSE);
    allowed_ = std::max(deadline - Clock::now(), Clock::duration::zero());
    arm(deadline);
    auto state = PQstatus(pg_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        co_await wait_for_login(state);
        state = PQconnectPoll(pg_);
    }
    disarm();
    if (state == PGRES_POLLING_FAILED) {
        const auto refusal = read_refusal(PQerrorMessage(pg_));
        const auto message = (refusal.sqlstate.empty() ? "can't connect to " : "no login at ") + address_ +
                             ": " + refusal.message;
        broken_ = true;
        if (refusal.sqlstate.empty()) {
            throw Error(ErrorCode::unreachable, label_, message, hint_for(refusal, address_));
        }
        throw LoginRefused(refusal.sqlstate, label_, message, hint_for(refusal, address_));
    }
    socket_.assign(PQsocket(pg_));
    PQsetnonblocking(pg_, 1);
    PQsetErrorVerbosity(pg_, PQERRORS_DEFAULT);
    const char* version = PQparameterStatus(pg_, "server_version");
    console_ = version != nullptr && std::string_view(version).find("bouncer") != std::string_view::npos;
    logged_in_ = true;
}

Task<Connection> Connection::open(Dsn dsn, std::string label, Deadline deadline) {
    const std::vector<Host> hosts = co_await addresses_of(dsn, label, deadline);
    std::exception_ptr error;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const auto now = Clock::now();
        const auto share = now + (deadline - now) / static_cast<long>(hosts.size() - i);
        try {
            Host host = hosts[i];
            std::unique_ptr<Wire> wire = co_await log_in_at(std::move(host), dsn, label, share);
            co_return Connection(std::move(wire));
        } catch (const LoginRefused&) {
            throw;
        } catch (const Error&) {
            error = std::current_exception();
        }
    }
    std::rethrow_exception(error);
}

} // namespace pgteal::postgres
