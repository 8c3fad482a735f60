// The HTTP endpoint: the only file that knows Boost.Beast.
#include <charconv>

#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "base/error.hpp"
#include "health/serve/metrics.hpp"

namespace pgteal::health {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr auto patience = std::chrono::seconds(5);
constexpr std::size_t most_clients = 64;
constexpr auto slow_answer = std::chrono::milliseconds(100);
constexpr auto slow_accept = std::chrono::milliseconds(5);
constexpr std::uint32_t most_header_bytes = 8192;

struct Answer {
    http::status status = http::status::ok;
    std::string type = "text/plain; charset=utf-8";
    std::string body;
};

tcp::endpoint parse_listen(const std::string& listen) {
    const auto colon = listen.rfind(':');
    std::string host = colon == std::string::npos ? "" : listen.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    boost::system::error_code bad_address;
    const auto address = asio::ip::make_address(host, bad_address);
    const std::string digits = colon == std::string::npos ? "" : listen.substr(colon + 1);
    unsigned short port = 0;
    const auto [end, bad_port] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (bad_address || bad_port != std::errc{} || end != digits.data() + digits.size()) {
        throw Error(ErrorCode::config, "controller",
                    "metrics listen is '" + listen + "', which is no address and port",
                    "write it as in: listen = \"127.0.0.1:9187\"");
    }
    return {address, port};
}

} // namespace

struct Endpoint::Impl : std::enable_shared_from_this<Impl> {
    Impl(const Executor& executor, std::function<std::string()> metrics_text,
         std::function<std::string()> status_text)
        : acceptor(executor), metrics(std::move(metrics_text)), status(std::move(status_text)) {}

    void listen(const std::string& text) {
        const auto where = parse_listen(text);
        boost::system::error_code error;
        acceptor.open(where.protocol(), error);
        if (!error) {
            acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        }
        if (!error) {
            acceptor.bind(where, error);
        }
        if (!error) {
            acceptor.listen(asio::socket_base::max_listen_connections, error);
        }
        if (error) {
            throw Error(ErrorCode::unreachable, "controller",
                        "metrics can't listen on " + text + ": " + error.message(),
                        "end what uses that address, or choose another: listen in [metrics] of pgteal.toml");
        }
    }

    /// Everything that waits wakes up with an error and ends; nothing calls back into the owner after this.
    void stop() {
        stopped = true;
        boost::system::error_code ignored;
        acceptor.close(ignored);
        for (auto* stream : streams) {
            stream->close();
        }
    }

    Answer answer(std::string_view target) {
        target = target.substr(0, target.find('?'));
        try {
            if (target == "/metrics") {
                return {http::status::ok, "text/plain; version=0.0.4; charset=utf-8", metrics()};
            }
            if (target == "/status") {
                return {http::status::ok, "application/json", status()};
            }
        } catch (const std::exception& error) {
            spdlog::warn("endpoint: {} could not be made: {}", std::string(target), error.what());
            return {http::status::internal_server_error, "text/plain; charset=utf-8", "not available now\n"};
        }
        return {http::status::not_found, "text/plain; charset=utf-8",
                "not found; there are /metrics and /status\n"};
    }

    tcp::acceptor acceptor;
    std::function<std::string()> metrics;
    std::function<std::string()> status;
    std::set<beast::tcp_stream*> streams;
    bool stopped = false;
    bool slow = false;
};

namespace {

template <typename Response>
void set_headers(Response& response, const Answer& answer, bool keep) {
    response.set(http::field::server, "pgteal");
    response.set(http::field::content_type, answer.type);
    response.set(http::field::cache_control, "no-store");
    if (answer.status == http::status::method_not_allowed) {
        response.set(http::field::allow, "GET, HEAD");
    }
    response.content_length(answer.body.size());
    response.keep_alive(keep);
}

Task<void> write_answer(beast::tcp_stream& stream, Answer answer, unsigned version, bool keep, bool head) {
    stream.expires_after(patience);
    if (head) {
        http::response<http::empty_body> response(answer.status, version);
        set_headers(response, answer, keep);
        co_await http::async_write(stream, response, asio::use_awaitable);
        co_return;
    }
    http::response<http::string_body> response(answer.status, version);
    set_headers(response, answer, keep);
    response.body() = std::move(answer.body);
    co_await http::async_write(stream, response, asio::use_awaitable);
}

/// One request and its answer; false when the connection has to end.
template <typename Owner>
Task<bool> serve_one(Owner& owner, beast::tcp_stream& stream, beast::flat_buffer& buffer) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(most_header_bytes);
    stream.expires_after(patience);
    co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
    if (owner->slow) {
        co_await sleep_for(slow_answer);
    }
    if (owner->stopped) {
        co_return false;
    }
    const auto& request = parser.get();
    const bool head = request.method() == http::verb::head;
    const bool allowed = head || request.method() == http::verb::get;
    // A body is never read, so a connection that sends one can't go on.
    const bool keep = allowed && parser.is_done() && request.keep_alive();
    Answer answer;
    if (allowed) {
        const std::string target(request.target());
        answer = owner->answer(target);
    } else {
        answer.status = http::status::method_not_allowed;
        answer.body = "only GET and HEAD\n";
    }
    const unsigned version = request.version();
    co_await write_answer(stream, std::move(answer), version, keep, head);
    co_return keep;
}

template <typename Owner>
Task<void> serve_client(Owner owner, tcp::socket client) {
    beast::tcp_stream stream(std::move(client));
    owner->streams.insert(&stream);
    beast::flat_buffer buffer(2 * most_header_bytes);
    try {
        bool more = true;
        while (more && !owner->stopped) {
            // NOLINTNEXTLINE(bugprone-use-after-move): clang-tidy 14 misreads the coroutine
            more = co_await serve_one(owner, stream, buffer);
        }
        boost::system::error_code ignored;
        stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    } catch (const boost::system::system_error&) {
        // Gone, too slow or not HTTP: dropped without a word.
        stream.close();
    }
    owner->streams.erase(&stream);
}

template <typename Owner>
Task<void> accept_clients(Owner owner) {
    while (!owner->stopped) {
        boost::system::error_code error;
        auto socket = co_await owner->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (owner->stopped) {
            break;
        }
        if (error) {
            // Out of file descriptors, most likely: a rest, so that this is no busy loop.
            co_await sleep_for(std::chrono::milliseconds(200));
            continue;
        }
        if (owner->slow) {
            co_await sleep_for(slow_accept);
            if (owner->stopped) {
                break;
            }
        }
        if (owner->streams.size() < most_clients) {
            asio::co_spawn(owner->acceptor.get_executor(), serve_client(owner, std::move(socket)),
                           asio::detached);
        }
    }
}

} // namespace

Endpoint::Endpoint(Executor executor, const std::string& listen, std::function<std::string()> metrics,
                   std::function<std::string()> status)
    : impl_(std::make_shared<Impl>(executor, std::move(metrics), std::move(status))) {
    impl_->listen(listen);
    asio::co_spawn(executor, accept_clients(impl_), asio::detached);
}

Endpoint::~Endpoint() { impl_->stop(); }

void Endpoint::slow(bool on) { impl_->slow = on; }

unsigned short Endpoint::port() const { return impl_->acceptor.local_endpoint().port(); }

} // namespace pgteal::health
