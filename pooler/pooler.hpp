// What pgteal needs of a connection pooler. PgBouncer is the one implementation; tests hold a fake to the
// same contract suite.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe/class.hpp>

#include "base/async.hpp"

namespace pgteal::pooler {

/// One line of the pooler's [databases] section as the running pooler reports it (PgBouncer docs: SHOW
/// DATABASES).
struct Entry {
    std::string name;
    std::string host; ///< "" for a local socket
    std::string port;
    std::string database;   ///< the server's database
    std::string pool_mode;  ///< session, transaction or statement; the effective one
    std::string force_user; ///< "" when clients keep their own user
    bool paused = false;
    bool disabled = false;
    int server_connections = 0;
};

/// Where an entry points.
struct Target {
    std::string host;
    std::string port;
    std::string database;
    auto operator<=>(const Target&) const = default;
};
BOOST_DESCRIBE_STRUCT(Target, (), (host, port, database))

/// Settings that decide whether a switchover is safe (PgBouncer docs: SHOW CONFIG).
struct Settings {
    std::string version; ///< "1.18.0"
    std::string pool_mode;
    Clock::duration query_wait_timeout{}; ///< 0 = no limit
    Clock::duration query_timeout{};
    Clock::duration server_login_retry{};
    bool so_reuseport = false;
    /// Users that pool sessions by a setting of their own, which beats the entry's (PgBouncer docs: [users]).
    std::vector<std::string> session_users;
    /// Entry and user of pools that pool sessions and have clients now (SHOW POOLS).
    std::vector<std::pair<std::string, std::string>> session_pools;
    /// Entry and user of clients that replicate: PAUSE waits until they leave (SHOW CLIENTS, from 1.23 on;
    /// older ones let none in).
    std::vector<std::pair<std::string, std::string>> replication_clients;
    /// Entry and user of every pool (SHOW POOLS); the user is the one that logs in to the server.
    std::vector<std::pair<std::string, std::string>> pools;
    std::string config_file; ///< conffile as the pooler knows it, "" when unknown
};

/// All calls throw postgres errors (unreachable, connection_lost, deadline) with the pooler's name as side.
class Pooler {
public:
    virtual ~Pooler() = default;
    [[nodiscard]] virtual const std::string& name() const = 0;

    /// Opens (or re-opens) the admin sessions, so that nothing is opened inside the pause.
    virtual Task<void> warm(std::size_t entries, Deadline deadline) = 0;
    virtual Task<std::vector<Entry>> entries(Deadline deadline) = 0;
    virtual Task<Settings> settings(Deadline deadline) = 0;
    /// Client connections now attached to these entries (SHOW POOLS: cl_active + cl_waiting).
    virtual Task<int> clients(std::vector<std::string> names, Deadline deadline) = 0;

    /// PAUSE of one entry, on an admin session of its own: returns once its transactions have ended and its
    /// server connections are closed. At the deadline the session is dropped (a waiting PAUSE is ended by
    /// nothing else) and DeadlinePassed thrown; the entry may then still be pausing: resume() it. Pausing a
    /// paused entry is no error.
    virtual Task<void> pause(std::string entry, Deadline deadline) = 0;
    /// RESUME of one entry; resuming one that is not paused is no error.
    virtual Task<void> resume(std::string entry, Deadline deadline) = 0;
    /// The shield: a global PAUSE that is sent and not waited for. It keeps PgBouncer from starting server
    /// logins between RELOAD and RESUME, which would fail and stall all clients for server_login_retry (15
    /// s).
    virtual Task<void> raise_shield(Deadline deadline) = 0;
    /// Global RESUME. No error when no shield is up.
    virtual Task<void> lower_shield(Deadline deadline) = 0;
    /// Puts back what resume() changed for the moment (PgBouncer: server_login_retry). Call it once clients
    /// have been served again; without it the change lasts until the next RELOAD or restart. No error when
    /// there is nothing to put back.
    virtual Task<void> settle(Deadline) { co_return; }
    /// RELOAD. Its OK proves nothing (a truncated file is accepted): read entries() back.
    virtual Task<void> reload(Deadline deadline) = 0;
    /// Closes all sessions; what is paused stays paused. Must happen (or the pooler be destroyed) while the
    /// io_context still lives.
    virtual void close() = 0;
};

} // namespace pgteal::pooler
