#include "postgres/server.hpp"

#include "postgres/error.hpp"

namespace pgteal::postgres {

namespace {

constexpr const char* maintenance_database = "postgres";

/// Settings that every version since 13 knows and every role may set; given at startup they cost no round
/// trip. An empty search_path is written as nothing at all.
constexpr std::string_view startup_options =
    "-c search_path= -c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed"
    " -c default_transaction_deferrable=off -c synchronous_commit=on -c statement_timeout=0 -c lock_timeout=0"
    " -c idle_in_transaction_session_timeout=0 -c client_min_messages=warning -c pgteal.ddl=on -c "
    "row_security=off"
    " -c standard_conforming_strings=on -c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c "
    "bytea_output=hex"
    " -c role=none -c extra_float_digits=1 -c lc_monetary=C -c jit=off -c quote_all_identifiers=off";

Dsn session_dsn(const Dsn& dsn, const std::string& database) {
    const auto own = dsn.get("options");
    // Ours last: the later one wins.
    const auto options = (own ? *own + ' ' : std::string{}) + std::string(startup_options);
    return dsn.with_database(database)
        .with("options", options)
        .with("client_encoding", "UTF8")
        .with("application_name", "pgteal");
}

/// What depends on the version or the role.
std::string late_settings(const Connection& connection) {
    std::string sql;
    if (connection.server_version() >= 140000) {
        sql += "SET idle_session_timeout = 0;";
    }
    if (connection.server_version() >= 170000) {
        sql += "SET transaction_timeout = 0;";
    }
    if (connection.parameter("is_superuser") == "on") {
        sql += "SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_min_error_statement "
               "= 'panic';"
               // The users' event triggers don't fire for what is ours (docs: session_replication_role): one
               // that writes a log of DDL would write on the standing side too.
               "SET session_replication_role = replica;";
    }
    return sql;
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

Task<Server::Session> Server::open(std::string database, Deadline deadline) {
    Dsn dsn = session_dsn(impl_->dsn, database);
    auto connection =
        std::make_unique<Connection>(co_await Connection::open(std::move(dsn), impl_->name, deadline));
    // A Session from here on, so that pids() knows it.
    Session session(this, std::move(database), std::move(connection));
    std::string settings = late_settings(*session);
    try {
        if (!settings.empty()) {
            co_await session->script(std::move(settings), deadline);
        }
    } catch (...) {
        session->close();
        throw;
    }
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
    Dsn dsn = session_dsn(impl_->dsn, database.empty() ? maintenance_database : database)
                  .with("replication", "database");
    Connection connection = co_await Connection::open(std::move(dsn), impl_->name, deadline);
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
