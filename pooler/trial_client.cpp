#include "pooler/trial_client.hpp"

#include <array>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace pgteal::pooler {

namespace {

std::string number(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xFFU);
    }
    return bytes;
}

std::string start_up(const std::string& user, const std::string& database) {
    using namespace std::string_literals;
    const auto body = number(3U << 16U) + "user\0"s + user + "\0database\0"s + database + "\0\0"s;
    return number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}

std::size_t length_of(const std::array<char, 5>& head) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < head.size(); ++i) {
        length = length << 8U | static_cast<unsigned char>(head[i]);
    }
    return length < 4 ? 0 : length - 4;
}

/// Fields of an ErrorResponse: a letter and a text each.
TrialAnswer refusal(const std::string& body) {
    TrialAnswer answer;
    answer.refused = true;
    for (std::size_t at = 0; at < body.size() && body[at] != '\0';) {
        const char kind = body[at];
        const std::string text = body.c_str() + at + 1;
        if (kind == 'C') {
            answer.sqlstate = text;
        } else if (kind == 'M') {
            answer.message = text;
        }
        at += text.size() + 2;
    }
    return answer;
}

} // namespace

void close_at(const std::shared_ptr<TrialSocket>& client, Deadline when) {
    client->limit.expires_at(when);
    client->limit.async_wait([client](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            boost::system::error_code ignored;
            client->socket.close(ignored);
        }
    });
}

Task<bool> connect_to(std::shared_ptr<TrialSocket> client, std::string path) {
    boost::system::error_code error;
    const asio::local::stream_protocol::endpoint there(path);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await client->socket.async_connect(there, token);
    if (error) {
        boost::system::error_code ignored;
        client->socket.close(ignored);
    }
    co_return !error;
}

Task<TrialAnswer> log_in(std::shared_ptr<TrialSocket> client, std::string user, std::string database) {
    boost::system::error_code error;
    const auto request = start_up(user, database);
    const auto out = asio::buffer(request);
    auto writing = asio::redirect_error(asio::use_awaitable, error);
    co_await asio::async_write(client->socket, out, writing);
    constexpr std::size_t sane = 64UL * 1024;
    while (!error) {
        std::array<char, 5> head{};
        const auto into = asio::buffer(head);
        auto reading = asio::redirect_error(asio::use_awaitable, error);
        co_await asio::async_read(client->socket, into, reading);
        const auto size = length_of(head);
        if (error || size > sane) {
            break;
        }
        std::string body(size, '\0');
        const auto rest = asio::buffer(body);
        auto more = asio::redirect_error(asio::use_awaitable, error);
        co_await asio::async_read(client->socket, rest, more);
        if (!error && head[0] == 'Z') {
            TrialAnswer answer;
            answer.open = true;
            co_return answer;
        }
        if (!error && head[0] == 'E') {
            co_return refusal(body);
        }
    }
    co_return TrialAnswer{};
}

} // namespace pgteal::pooler
