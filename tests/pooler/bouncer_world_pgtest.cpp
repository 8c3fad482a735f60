#include "tests/pooler/bouncer_world.hpp"

#include <fstream>

#include "tests/pooler/pooler_contract.hpp"

namespace pgteal::pooler {

namespace {

using namespace std::chrono_literals;
using postgres::Connection;

// Both run in this order.
const auto* const lab_setup = ::testing::AddGlobalTestEnvironment(new support::SharedLab({"--scale", "0"}));
const auto* const green_setup = ::testing::AddGlobalTestEnvironment(new GreenDatabase);

std::string password_of(const std::string& role, const std::string& port) {
    std::ifstream file(support::shared_lab().value("PASSFILE"));
    const std::string head = "127.0.0.1:" + port + ":*:" + role + ":";
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(head)) {
            return line.substr(head.size());
        }
    }
    throw std::runtime_error("no password of " + role + " in the lab's passfile");
}

Task<void> make_green(support::Lab* lab) {
    Connection green =
        co_await Connection::open(lab->dsn("green").with_database("postgres"), "green", soon());
    const std::string password = postgres::quote_literal(password_of("app", lab->port("blue")));
    co_await green.script("CREATE ROLE app LOGIN PASSWORD " + password, soon());
    co_await green.script("CREATE DATABASE app OWNER app", after(30s));
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

} // namespace

void GreenDatabase::SetUp() {
    run_here([] { return make_green(&support::shared_lab()); });
}

BouncerWorld::BouncerWorld(std::string databases, const std::string& settings)
    : path_(lab().value("PGB1_INI")), original_(config_text()),
      pooler_(make_pgbouncer("pgb1", lab().admin_dsn())) {
    replace_all(databases, "BLUE", lab().port("blue"));
    replace_all(databases, "GREEN", lab().port("green"));
    install("[databases]\n" + databases + original_.substr(original_.find("[pgbouncer]")) + "\n" + settings);
    restart();
}

BouncerWorld::~BouncerWorld() {
    try {
        install(original_);
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
    }
}

void BouncerWorld::install(const std::string& text) {
    const ConfigFile file = read_config(path_);
    install_staged(stage_config(file, text), path_, file.hash);
}

void BouncerWorld::restart() {
    lab().kill9("pgb1"); // newer versions take SIGTERM as "when the clients have gone"
    lab().start("pgb1");
}

Task<std::optional<Target>> BouncerWorld::query(std::string entry, Clock::duration patience) {
    const Deadline deadline = after(patience);
    try {
        Connection client = co_await Connection::open(client_dsn(entry), "client", deadline);
        const auto answer = co_await client.exec("SELECT inet_server_port()", deadline);
        co_return Target{"127.0.0.1", answer.get<std::string>(0, 0), "app"};
    } catch (const DeadlinePassed&) {
        co_return std::nullopt;
    }
}

Task<void> BouncerWorld::begin_transaction(std::string entry) {
    Connection client = co_await Connection::open(client_dsn(entry), "client", soon());
    co_await client.script("BEGIN", soon());
    co_await client.script("SELECT 1", soon());
    transactions_.emplace(entry, std::move(client));
}

Task<void> BouncerWorld::end_transaction(std::string entry, bool stay) {
    Connection client = std::move(transactions_.at(entry));
    transactions_.erase(entry);
    co_await client.script("COMMIT", soon());
    if (stay) {
        transactions_.emplace(entry, std::move(client));
    }
}

void BouncerWorld::leave() {
    pooler_->close();
    transactions_.clear();
}

INSTANTIATE_TEST_SUITE_P(PgBouncer, PoolerContract,
                         ::testing::Values(MakeWorld([] { return std::make_unique<BouncerWorld>(); })));

} // namespace pgteal::pooler
