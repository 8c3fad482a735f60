#include "postgres/hosts.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"

namespace pgteal::postgres {

namespace {

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts(1);
    for (const char c : list) {
        if (c == ',') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

/// The hosts of the DSN, as libpq pairs them up (docs: "Specifying Multiple Hosts").
std::vector<Host> hosts_of(const Dsn& dsn) {
    const auto hosts = split(dsn.get("host").value_or(""));
    const auto addresses = split(dsn.get("hostaddr").value_or(""));
    const auto ports = split(dsn.port());
    const auto count = std::max(hosts.size(), addresses.size());
    std::vector<Host> found(count);
    for (std::size_t i = 0; i < count; ++i) {
        found[i].host = i < hosts.size() ? hosts[i] : "";
        found[i].hostaddr = i < addresses.size() ? addresses[i] : "";
        found[i].port = ports.size() == 1 ? ports[0] : i < ports.size() ? ports[i] : "";
    }
    return found;
}

bool needs_resolving(const Host& host) {
    const bool socket = host.host.empty() || host.host.front() == '/' || host.host.front() == '@';
    boost::system::error_code not_numeric;
    asio::ip::make_address(host.host, not_numeric);
    return host.hostaddr.empty() && !socket && not_numeric;
}

/// Shared with the resolver's thread, which can't be interrupted and may answer after we have gone.
struct Resolution {
    explicit Resolution(const Executor& executor) : resolver(executor), done(executor) {}
    asio::ip::tcp::resolver resolver;
    asio::steady_timer done;
    bool answered = false;
    boost::system::error_code error;
    std::vector<std::string> addresses;
};

Task<std::vector<std::string>> resolve(std::string host, std::string label, Deadline deadline) {
    const Executor executor = co_await asio::this_coro::executor;
    const auto resolution = std::make_shared<Resolution>(executor);
    resolution->done.expires_at(deadline);
    auto store = [resolution](const boost::system::error_code& error,
                              const asio::ip::tcp::resolver::results_type& found) {
        resolution->answered = true;
        resolution->error = error;
        for (const auto& entry : found) {
            resolution->addresses.push_back(entry.endpoint().address().to_string());
        }
        resolution->done.cancel();
    };
    resolution->resolver.async_resolve(host, "", std::move(store));
    boost::system::error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await resolution->done.async_wait(token);
    const std::string hint = "Check the name in the config, and this machine's resolver.";
    if (!resolution->answered) {
        resolution->resolver.cancel();
        throw DeadlinePassed(label, "the name " + host + " was not resolved in time", hint);
    }
    if (resolution->error || resolution->addresses.empty()) {
        throw Error(ErrorCode::unreachable, label,
                    "the name " + host + " can't be resolved: " + resolution->error.message(), hint);
    }
    co_return resolution->addresses;
}

} // namespace

Task<std::vector<Host>> addresses_of(Dsn dsn, std::string label, Deadline deadline) {
    const std::vector<Host> hosts = hosts_of(dsn);
    std::vector<Host> found;
    std::exception_ptr error;
    for (const auto& host : hosts) {
        if (!needs_resolving(host)) {
            found.push_back(host);
            continue;
        }
        try {
            const std::vector<std::string> addresses = co_await resolve(host.host, label, deadline);
            for (const auto& address : addresses) {
                found.push_back({host.host, address, host.port});
            }
        } catch (const Error&) {
            error = std::current_exception();
        }
    }
    if (found.empty()) {
        std::rethrow_exception(error);
    }
    co_return found;
}

} // namespace pgteal::postgres
