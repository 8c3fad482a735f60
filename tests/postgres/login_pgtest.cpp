// Getting in, and being told why not.
#include <fstream>

#include <boost/asio/ip/tcp.hpp>

#include "base/error.hpp"
#include "tests/postgres/shared.hpp"

namespace pgteal::postgres {
namespace {

/// Nothing if it was let in.
Task<std::optional<Error>> refused_login(Dsn dsn) {
    try {
        co_await Connection::open(std::move(dsn), "blue", after(10s));
    } catch (const Error& error) {
        co_return error;
    }
    co_return std::nullopt;
}

Task<std::optional<Error>> login_error(Dsn dsn) {
    auto error = co_await refused_login(std::move(dsn));
    if (!error) {
        throw std::runtime_error("the login did not fail");
    }
    co_return error;
}

void expect_error(const std::optional<Error>& error, const std::string& words) {
    const std::string text = error ? error->what() : "";
    EXPECT_EQ(error.value().code(), ErrorCode::unreachable);
    EXPECT_EQ(error->side(), "blue");
    EXPECT_NE(text.find(words), std::string::npos) << text;
    EXPECT_NE(text.find("127.0.0.1:"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_EQ(text.find("LOCATION"), std::string::npos) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_FALSE(error->hint().empty());
}

Dsn blue() { return support::shared_lab().dsn("blue").with_database("app"); }

/// A port on which nobody listens.
std::string free_port() {
    asio::io_context context;
    const asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    return std::to_string(acceptor.local_endpoint().port());
}

std::string read_file(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

CO_TEST(Login, WrongPassword) {
    const auto error = co_await login_error(blue().with("password", "hunter2"));
    expect_error(error, "password authentication failed");
    EXPECT_NE(error->hint().find("password"), std::string::npos);
}

CO_TEST(Login, NoPassword) {
    const auto error = co_await login_error(blue().with("passfile", "/dev/null"));
    expect_error(error, "no password supplied");
}

CO_TEST(Login, NoSuchDatabase) {
    const auto error = co_await login_error(blue().with_database("nosuch"));
    expect_error(error, "\"nosuch\" does not exist");
    EXPECT_NE(error->hint().find("database"), std::string::npos);
}

CO_TEST(Login, NobodyListens) {
    const auto error = co_await login_error(blue().with("port", free_port()));
    expect_error(error, "Connection refused");
}

CO_TEST(Login, NameThatDoesNotResolve) {
    const auto error = co_await login_error(blue().with("host", "no-such-host.invalid"));
    EXPECT_EQ(error->code(), ErrorCode::unreachable);
    EXPECT_NE(std::string(error->what()).find("no-such-host.invalid"), std::string::npos);
}

CO_TEST(Login, NotLetInByPgHba) {
    Connection admin = co_await open_on("blue");
    const std::string rules = support::shared_lab().value("BLUE_DATA") + "/pg_hba.conf";
    const auto before = read_file(rules);
    std::ofstream(rules) << "host all app 127.0.0.1/32 reject\n" << before;
    co_await admin.exec("SELECT pg_reload_conf()", after(5s));
    // The postmaster reads its files again in its own time.
    std::optional<Error> error;
    for (int attempt = 0; attempt < 100 && !error; ++attempt) {
        error = co_await refused_login(blue().with("user", "app"));
        co_await sleep_for(100ms);
    }
    std::ofstream(rules) << before;
    co_await admin.exec("SELECT pg_reload_conf()", after(5s));
    expect_error(error, "pg_hba.conf rejects");
    EXPECT_NE(error.value().hint().find("pg_hba.conf"), std::string::npos);
}

CO_TEST(Login, TriesTheHostsInOrder) {
    const std::string port = support::shared_lab().port("blue");
    Dsn dsn = blue().with("host", "127.0.0.1,localhost").with("port", free_port() + "," + port);
    dsn = dsn.with("password",
                   ""); // the passfile knows 127.0.0.1 only: the second host must not be asked for one
    const auto error = co_await login_error(dsn);
    EXPECT_NE(std::string(error->what()).find("localhost:" + port), std::string::npos) << error->what();
    Dsn good = blue().with("host", "127.0.0.1,127.0.0.1").with("port", free_port() + "," + port);
    Connection connection = co_await Connection::open(std::move(good), "blue", after(5s));
    EXPECT_TRUE(connection.usable());
}

CO_TEST(Login, ThroughTheSocketAndAName) {
    Dsn socket = blue().with("host", support::shared_lab().dir() + "/run").with("passfile", "/dev/null");
    Connection local = co_await Connection::open(std::move(socket), "blue", after(5s));
    EXPECT_TRUE(local.usable());
    EXPECT_GT(local.backend_pid(), 0);
    EXPECT_GE(local.server_version(), 130000);
    EXPECT_EQ(local.parameter("in_hot_standby"), "off");
    EXPECT_EQ(local.parameter("nosuch"), "");
}

Task<void> swallow(asio::ip::tcp::acceptor& acceptor) {
    auto silent = co_await acceptor.async_accept(asio::use_awaitable);
    co_await sleep_for(300ms);
}

Task<void> open_silent(std::string port, bool* late) {
    try {
        Dsn dsn = blue().with("port", port);
        co_await Connection::open(std::move(dsn), "blue", after(100ms));
    } catch (const DeadlinePassed& error) {
        *late = error.side() == "blue" && !error.hint().empty();
    }
}

CO_TEST(Login, DeadlineAgainstASilentServer) {
    const Executor executor = co_await asio::this_coro::executor;
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), 0);
    asio::ip::tcp::acceptor acceptor(executor, endpoint);
    bool late = false;
    std::vector<Task<void>> tasks;
    tasks.push_back(swallow(acceptor));
    tasks.push_back(open_silent(std::to_string(acceptor.local_endpoint().port()), &late));
    co_await all(std::move(tasks));
    EXPECT_TRUE(late);
}

} // namespace
} // namespace pgteal::postgres
