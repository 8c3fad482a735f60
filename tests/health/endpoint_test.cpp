#include "health/serve/metrics.hpp"

#include <thread>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace pgteal::health {
namespace {

using tcp = asio::ip::tcp;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// An endpoint whose loop runs on a thread of its own, so that the tests' clients may block.
class EndpointTest : public ::testing::Test {
protected:
    EndpointTest() {
        endpoint_ = std::make_unique<Endpoint>(
            io_.get_executor(), "127.0.0.1:0", [] { return std::string("pgteal_epoch 2\n"); },
            [this] {
                if (broken_) {
                    throw std::runtime_error("secret details");
                }
                return std::string("{\"serving\":\"green\"}");
            });
        port_ = endpoint_->port();
        thread_ = std::thread([this] { io_.run(); });
    }
    ~EndpointTest() override {
        asio::post(io_, [this] { endpoint_.reset(); });
        thread_.join(); // run() returns once the endpoint has let go of everything
    }

    tcp::socket connect() {
        tcp::socket socket(client_);
        socket.connect({asio::ip::make_address("127.0.0.1"), port_});
        return socket;
    }
    static std::string read_all(tcp::socket& socket) {
        std::string text;
        boost::system::error_code error;
        asio::read(socket, asio::dynamic_buffer(text), error);
        return text;
    }
    /// One request on a connection that the server is asked to close.
    std::string ask(const std::string& line) {
        auto socket = connect();
        asio::write(socket, asio::buffer(line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        return read_all(socket);
    }

    asio::io_context io_;
    asio::io_context client_;
    std::atomic<bool> broken_{false};
    std::unique_ptr<Endpoint> endpoint_;
    unsigned short port_ = 0;
    std::thread thread_;
};

TEST_F(EndpointTest, AnswersSlowlyWhileClientsAreHeld) {
    asio::post(io_, [this] { endpoint_->slow(true); });
    const auto began = std::chrono::steady_clock::now();
    auto socket = connect();
    const std::string request = "GET /status HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::string last = "GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    asio::write(socket, asio::buffer(request + request + last));
    const auto text = read_all(socket);
    EXPECT_THAT(text, HasSubstr("{\"serving\":\"green\"}"));
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(290))
        << "three answers on one connection";
}

TEST_F(EndpointTest, tells_metrics_and_status) {
    const auto metrics = ask("GET /metrics");
    EXPECT_THAT(metrics, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4"));
    EXPECT_THAT(metrics, HasSubstr("\r\n\r\npgteal_epoch 2\n"));
    const auto status = ask("GET /status?pretty=1");
    EXPECT_THAT(status, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(status, HasSubstr("Content-Type: application/json"));
    EXPECT_THAT(status, HasSubstr("\r\n\r\n{\"serving\":\"green\"}"));
}

TEST_F(EndpointTest, head_tells_the_length_only) {
    const auto answer = ask("HEAD /metrics");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 15\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("pgteal_epoch")));
}

TEST_F(EndpointTest, refuses_what_it_does_not_know) {
    EXPECT_THAT(ask("GET /nope"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
    const auto answer = ask("POST /metrics");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST_F(EndpointTest, keeps_a_connection_for_the_next_request) {
    auto socket = connect();
    for (int i = 0; i < 3; ++i) {
        asio::write(socket, asio::buffer(std::string("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")));
        std::string text;
        const std::string end = "pgteal_epoch 2\n";
        while (text.find(end) == std::string::npos) {
            char some[512];
            const auto got = socket.read_some(asio::buffer(some));
            text.append(some, got);
        }
        EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK\r\n"));
    }
}

TEST_F(EndpointTest, a_failing_status_is_a_500_without_its_reason) {
    broken_ = true;
    const auto answer = ask("GET /status");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(answer, Not(HasSubstr("secret details")));
}

TEST_F(EndpointTest, drops_silent_clients_and_endless_headers_while_serving_others) {
    auto silent = connect();
    const auto begun = Clock::now();
    auto chatty = connect();
    const std::string endless = "GET /metrics HTTP/1.1\r\nX: " + std::string(20000, 'x');
    boost::system::error_code ignored;
    asio::write(chatty, asio::buffer(endless), ignored);
    EXPECT_EQ(read_all(chatty).find("200 OK"), std::string::npos);
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(4)) << "refused for its size, not for its slowness";
    EXPECT_THAT(ask("GET /metrics"), HasSubstr("200 OK"));
    EXPECT_EQ(read_all(silent), "");
    const auto waited = Clock::now() - begun;
    EXPECT_GT(waited, std::chrono::seconds(4));
    EXPECT_LT(waited, std::chrono::seconds(40));
}

TEST_F(EndpointTest, goes_at_once_while_clients_are_connected) {
    auto idle = connect();
    EXPECT_THAT(ask("GET /metrics"), HasSubstr("200 OK"));
    const auto begun = Clock::now();
    asio::post(io_, [this] { endpoint_.reset(); });
    EXPECT_EQ(read_all(idle), "");
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(30));
    boost::system::error_code error;
    tcp::socket late(client_);
    late.connect({asio::ip::make_address("127.0.0.1"), port_}, error);
    EXPECT_TRUE(error) << "nothing listens any more";
}

TEST_F(EndpointTest, a_taken_port_is_an_error_that_names_it) {
    const std::string taken = "127.0.0.1:" + std::to_string(port_);
    asio::io_context io;
    try {
        Endpoint second(
            io.get_executor(), taken, [] { return std::string(); }, [] { return std::string(); });
        FAIL() << "two endpoints on one port";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unreachable);
        EXPECT_THAT(error.what(), HasSubstr(taken));
        EXPECT_FALSE(error.hint().empty());
    }
}

TEST(EndpointListen, an_address_that_is_none_is_a_config_error) {
    for (const char* listen : {"", "9187", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999",
                               "127.0.0.1:80x", "somewhere:80"}) {
        asio::io_context io;
        try {
            Endpoint endpoint(
                io.get_executor(), listen, [] { return std::string(); }, [] { return std::string(); });
            ADD_FAILURE() << listen;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::config) << listen;
        }
    }
    asio::io_context io;
    Endpoint six(
        io.get_executor(), "[::1]:0", [] { return std::string(); }, [] { return std::string(); });
    EXPECT_GT(six.port(), 0);
}

} // namespace
} // namespace pgteal::health
