#include "postgres/server.hpp"

#include "base/error.hpp"
#include "postgres/login.hpp"
#include "postgres/startup.hpp"

namespace pgteal::postgres {

namespace {

constexpr const char* maintenance_database = "postgres";

Dsn session_dsn(const Dsn& dsn, const std::string& database) {
    return with_startup(dsn, Purpose::own)
        .with_database(database)
        .with("client_encoding", "UTF8")
        .with("application_name", "pgteal");
}

/// 42704, 42501: a setting is unknown there, or not for this role.
bool refuses_settings(const LoginRefused& refused) {
    return refused.sqlstate() == "42704" || refused.sqlstate() == "42501";
}

/// A session with the settings of the list. What a server takes is remembered from its first login.
Task<Connection> log_in(Dsn dsn, std::string database, std::string name, bool walsender, Deadline deadline) {
    const bool known = login_is_known(dsn);
    try {
        auto full = session_dsn(dsn, database).with("replication", walsender ? "database" : "");
        Connection connection = co_await Connection::open(std::move(full), name, deadline);
        co_return connection;
    } catch (const LoginRefused& error) {
        if (!known || !refuses_settings(error)) {
            throw;
        }
    }
    // Another server answers there than the one that was remembered, or the role has lost rights.
    forget_login(dsn);
    auto least = session_dsn(dsn, database).with("replication", walsender ? "database" : "");
    Connection connection = co_await Connection::open(std::move(least), name, deadline);
    co_return connection;
}

} // namespace

struct Server::Impl {
    std::string name;
    Dsn dsn;
    std::map<std::string, std::vector<std::unique_ptr<Connection>>> idle;
    std::multiset<int> lent;
};

Server::Server(std::string name, Dsn dsn) : impl_(std::make_unique<Impl>()) {
    impl_->name = std::move(name);
    impl_->dsn = std::move(dsn);
}

Server::~Server() = default;

Server::Session::Session(Server* home, std::string database, std::unique_ptr<Connection> connection)
    : home_(home), database_(std::move(database)), connection_(std::move(connection)),
      pid_(connection_->backend_pid()) {
    home_->impl_->lent.insert(pid_);
}

Server::Session& Server::Session::operator=(Session&& other) noexcept {
    if (this != &other) {
        go_home();
        home_ = other.home_;
        database_ = std::move(other.database_);
        connection_ = std::move(other.connection_);
        pid_ = other.pid_;
    }
    return *this;
}

Server::Session::~Session() { go_home(); }

void Server::Session::go_home() noexcept {
    if (connection_ == nullptr) {
        return;
    }
    auto& lent = home_->impl_->lent;
    if (const auto pid = lent.find(pid_); pid != lent.end()) {
        lent.erase(pid);
    }
    if (connection_->usable() && !connection_->in_transaction()) {
        connection_->on_notice(nullptr);
        home_->impl_->idle[database_].push_back(std::move(connection_));
    }
    connection_.reset();
}

/// In the maintenance database, so that nothing of a user's database comes before the settings that keep it
/// off. Where that one lets nobody in, the first session says it all in its first message.
static Task<void> learn(Server* server, Deadline deadline) {
    try {
        Server::Session session = co_await server->session("", deadline);
    } catch (const LoginRefused& error) {
        const auto& code = error.sqlstate(); // no such database, no pg_hba line for it, no CONNECT on it
        if (code != "3D000" && code != "28000" && code != "42501") {
            throw;
        }
    }
}

Task<Server::Session> Server::open(std::string database, Deadline deadline) {
    if (database != maintenance_database && !login_is_known(impl_->dsn)) {
        co_await learn(this, deadline);
    }
    auto connection =
        std::make_unique<Connection>(co_await log_in(impl_->dsn, database, impl_->name, false, deadline));
    // A Session from here on, so that pids() knows it.
    Session session(this, std::move(database), std::move(connection));
    const int version = session->server_version();
    const bool superuser = session->parameter("is_superuser") == "on";
    std::string settings = late_settings(impl_->dsn, Purpose::own, version, superuser);
    try {
        if (!settings.empty()) {
            co_await session->script(std::move(settings), deadline);
        }
    } catch (...) {
        session->close();
        throw;
    }
    remember_login(impl_->dsn, version, superuser);
    co_return session;
}

Task<Server::Session> Server::session(std::string database, Deadline deadline) {
    if (database.empty()) {
        database = maintenance_database;
    }
    auto& idle = impl_->idle[database];
    while (!idle.empty()) {
        auto connection = std::move(idle.back());
        idle.pop_back();
        if (connection->usable()) {
            co_return Session(this, std::move(database), std::move(connection));
        }
    }
    Session session = co_await open(std::move(database), deadline);
    co_return session;
}

Task<void> Server::warm_one(std::string database, int count, Deadline deadline) {
    // All are taken out before any goes back, so that each one counts once.
    std::vector<Session> sessions;
    while (sessions.size() < static_cast<std::size_t>(count)) {
        Session session = co_await this->session(database, deadline);
        bool answers = true;
        try {
            co_await session->exec("SELECT 1", deadline);
        } catch (const ConnectionLost&) {
            answers = false;
        }
        if (answers) {
            sessions.push_back(std::move(session));
        }
    }
}

Task<void> Server::warm(std::vector<std::string> databases, int count, Deadline deadline) {
    std::vector<Task<void>> tasks;
    for (auto& database : databases) {
        tasks.push_back(warm_one(std::move(database), count, deadline));
    }
    co_await all(std::move(tasks));
}

Task<Connection> Server::replication(std::string database, Deadline deadline) {
    if (!login_is_known(impl_->dsn)) {
        co_await learn(this, deadline);
    }
    if (database.empty()) {
        database = maintenance_database;
    }
    Connection connection = co_await log_in(impl_->dsn, std::move(database), impl_->name, true, deadline);
    co_return connection;
}

Task<Result> Server::exec(std::string database, std::string sql, Params params, Deadline deadline) {
    Session session = co_await this->session(std::move(database), deadline);
    Result result = co_await session->exec(std::move(sql), std::move(params), deadline);
    co_return result;
}

Task<std::vector<Result>> Server::script(std::string database, std::string sql, Deadline deadline) {
    Session session = co_await this->session(std::move(database), deadline);
    std::vector<Result> results = co_await session->script(std::move(sql), deadline);
    co_return results;
}

Task<ServerIdentity> Server::identity(Deadline deadline) {
    Session session = co_await this->session("", deadline);
    const Result result = co_await session->exec(
        "SELECT s.system_identifier::text, pg_catalog.pg_is_in_recovery(), r.rolsuper, r.rolname::text"
        " FROM pg_catalog.pg_control_system() s, pg_catalog.pg_roles r WHERE r.rolname = current_user",
        deadline);
    ServerIdentity identity;
    identity.system_identifier = result.get<std::string>(0, 0);
    identity.version = session->server_version();
    identity.in_recovery = result.get<bool>(0, 1);
    identity.superuser = result.get<bool>(0, 2);
    identity.role = result.get<std::string>(0, 3);
    co_return identity;
}

std::vector<int> Server::pids() const {
    std::vector<int> pids(impl_->lent.begin(), impl_->lent.end());
    for (const auto& [database, connections] : impl_->idle) {
        for (const auto& connection : connections) {
            pids.push_back(connection->backend_pid());
        }
    }
    return pids;
}

void Server::close_idle() { impl_->idle.clear(); }
const std::string& Server::name() const { return impl_->name; }
const Dsn& Server::dsn() const { return impl_->dsn; }

} // namespace pgteal::postgres
