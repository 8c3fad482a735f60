// Where an entry leads is told without a login at an address that only a pooler's file names.
#include "cutover/estate/leads.hpp"

#include <thread>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "postgres/connection.hpp"
#include "tests/support/co_test.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;

/// For the other files of this executable too.
[[maybe_unused]] const auto* const lab_setup =
    testing::AddGlobalTestEnvironment(new support::SharedLab({"--databases", "app", "--scale", "0"}));

/// Answers at an address as a server that wants the password in clear would, and counts who comes.
class Listener {
public:
    Listener(const std::string& address, int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const int yes = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<std::uint16_t>(port));
        ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0) << address;
        EXPECT_EQ(::listen(socket_, 8), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~Listener() {
        stop_ = true;
        thread_.join();
        ::close(socket_);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    std::atomic<int> came = 0;

private:
    void serve() {
        while (!stop_) {
            pollfd ready{socket_, POLLIN, 0};
            if (::poll(&ready, 1, 20) > 0) {
                ++came;
                ::close(::accept(socket_, nullptr, nullptr));
            }
        }
    }
    int socket_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

/// Entry "e" with that host and port; where it leads.
Task<Spelled> lead(Estate* estate, std::string host, std::string port) {
    pooler::Entry entry;
    entry.name = "e";
    entry.host = std::move(host);
    entry.port = std::move(port);
    entry.database = "app";
    std::vector<pooler::Entry> entries{entry};
    Spelled spelled = co_await spell_as_config(estate, std::move(entries), after(std::chrono::seconds(20)));
    co_return spelled;
}

CO_TEST(Leads, nobody_is_logged_in_to_at_an_address_that_the_config_does_not_name) {
    auto config = load_config(support::shared_lab().config());
    const auto estate = co_await Estate::make(std::move(config));
    const std::string port = estate->config().blue.pooler_port;
    const Listener stranger("127.0.0.9", std::stoi(port));
    const auto near = co_await lead(estate.get(), "127.0.0.9", port);
    EXPECT_EQ(near.entries.at(0).host, "127.0.0.9") << "taken for a side";
    EXPECT_THAT(near.doubts.at("e"), HasSubstr("127.0.0.9:" + port + " is no address of blue in the config"));
    // Of the documentation's range: nobody is there.
    const auto far = co_await lead(estate.get(), "192.0.2.1", port);
    EXPECT_THAT(far.doubts.at("e"), HasSubstr("192.0.2.1"));
    EXPECT_EQ(stranger.came, 0);
}

CO_TEST(Leads, a_side_says_itself_where_on_this_machine_it_listens) {
    auto config = load_config(support::shared_lab().config());
    const auto estate = co_await Estate::make(std::move(config));
    const std::string host = estate->config().blue.pooler_host;
    const std::string port = estate->config().blue.pooler_port;
    const std::vector<std::string> ways{"localhost", "127.0.0.1", "::ffff:127.0.0.1",
                                        support::shared_lab().dir() + "/run"};
    for (const auto& way : ways) {
        const auto spelled = co_await lead(estate.get(), way, port);
        EXPECT_EQ(spelled.entries.at(0).host, host) << way;
        EXPECT_TRUE(spelled.doubts.empty()) << way;
    }
    const auto nowhere = co_await lead(estate.get(), "/nowhere", port);
    EXPECT_TRUE(nowhere.doubts.contains("e"));
    const auto other = co_await lead(estate.get(), "127.0.0.1", "1");
    EXPECT_TRUE(other.doubts.empty()) << "of no side's port";
}

/// A second address of the side: the one by which the other side, or pgteal, reaches it.
CO_TEST(Leads, every_address_that_the_config_names_counts) {
    auto config = load_config(support::shared_lab().config());
    config.blue.peer_dsn = config.blue.dsn.with("host", "192.0.2.7");
    const auto estate = co_await Estate::make(std::move(config));
    const auto spelled = co_await lead(estate.get(), "192.0.2.7", estate->config().blue.pooler_port);
    EXPECT_EQ(spelled.entries.at(0).host, estate->config().blue.pooler_host);
    EXPECT_TRUE(spelled.doubts.empty());
}

} // namespace
} // namespace pgteal::cutover
