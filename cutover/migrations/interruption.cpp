#include "cutover/migrations/interruption.hpp"

#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/error.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto pause = std::chrono::milliseconds(100);

Task<void> end_sessions(postgres::Server* server, std::string database) {
    const postgres::Params name{database};
    co_await server->exec(
        "",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = "
        "session_user",
        name, after(std::chrono::seconds(10)));
}

} // namespace

struct Interruption::State {
    asio::signal_set signals;
    postgres::Server* server;
    std::string database;
    bool came = false;
    bool over = false;
    bool listening = true;

    State(const asio::any_io_executor& executor, postgres::Server* wanted)
        : signals(executor, SIGINT, SIGTERM, SIGHUP), server(wanted) {}
};

Interruption::Interruption(asio::any_io_executor executor, postgres::Server* server)
    : state_(std::make_shared<State>(executor, server)) {
    asio::co_spawn(executor, listen(state_), asio::detached);
}

Interruption::~Interruption() = default;

Task<void> Interruption::listen(std::shared_ptr<State> state) {
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await state->signals.async_wait(token);
    state->came = !error;
    // Again and again: what follows in the scratch database may just be connecting.
    while (state->came && !state->over) {
        if (!state->database.empty()) {
            try {
                co_await end_sessions(state->server, state->database);
            } catch (const Error& failed) {
                spdlog::debug("{}", failed.what());
            }
        }
        co_await sleep_for(pause);
    }
    state->listening = false;
}

void Interruption::works_in(std::string database) { state_->database = std::move(database); }

bool Interruption::came() const { return state_->came; }

Task<void> Interruption::settle() {
    state_->over = true;
    state_->signals.cancel();
    while (state_->listening) {
        co_await sleep_for(pause / 10);
    }
}

} // namespace pgteal::cutover
