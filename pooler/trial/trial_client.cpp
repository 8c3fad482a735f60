#include "pooler/trial/trial_client.hpp"

#include <algorithm>
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

namespace {

/// Type and body of one message; type 0 when the socket was closed.
struct Message {
    char type = '\0';
    std::string body;
};

Task<Message> next_message(TrialSocket* client) {
    constexpr std::size_t sane = 64UL * 1024;
    boost::system::error_code error;
    std::array<char, 5> head{};
    const auto into = asio::buffer(head);
    auto reading = asio::redirect_error(asio::use_awaitable, error);
    co_await asio::async_read(client->socket, into, reading);
    Message message;
    const auto size = length_of(head);
    if (error || size > sane) {
        co_return message;
    }
    message.body.assign(size, '\0');
    const auto rest = asio::buffer(message.body);
    auto more = asio::redirect_error(asio::use_awaitable, error);
    co_await asio::async_read(client->socket, rest, more);
    message.type = error ? '\0' : head[0];
    co_return message;
}

Task<bool> send(TrialSocket* client, std::string bytes) {
    boost::system::error_code error;
    const auto out = asio::buffer(bytes);
    auto writing = asio::redirect_error(asio::use_awaitable, error);
    co_await asio::async_write(client->socket, out, writing);
    co_return !error;
}

/// The first column of a DataRow.
std::string first_value(const std::string& row) {
    std::array<char, 5> head{};
    if (row.size() < 6) {
        return "";
    }
    std::copy_n(row.begin() + 2, 4, head.begin() + 1);
    const auto size = length_of(head) + 4;
    return row.size() == 6 + size ? row.substr(6) : "";
}

/// Whose names these are nobody's but the system's; without an operator.
Task<std::string> which_system(TrialSocket* client) {
    using namespace std::string_literals;
    const auto text = "SELECT system_identifier FROM pg_catalog.pg_control_system()\0"s;
    std::string system;
    const bool sent = co_await send(client, "Q" + number(static_cast<std::uint32_t>(text.size() + 4)) + text);
    while (sent) {
        const auto message = co_await next_message(client);
        if (message.type == 'D') {
            system = first_value(message.body);
        } else if (message.type == 'Z' || message.type == '\0') {
            break;
        }
    }
    co_return system;
}

} // namespace

Task<TrialAnswer> log_in(std::shared_ptr<TrialSocket> client, std::string user, std::string database) {
    TrialAnswer answer;
    bool talking = co_await send(client.get(), start_up(user, database));
    while (talking) {
        const auto message = co_await next_message(client.get());
        if (message.type == 'Z') {
            answer.open = true;
            answer.system = co_await which_system(client.get());
        } else if (message.type == 'E') {
            answer = refusal(message.body);
        }
        talking = message.type != 'Z' && message.type != 'E' && message.type != '\0';
    }
    co_return answer;
}

} // namespace pgteal::pooler
