// The scratch database in which drift loads what it has to look at twice.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/server.hpp"

namespace pgteal::migration::schema {

/// "pgteal_drift_<pid>_<8 hexadecimal digits>"
bool is_scratch_name(std::string_view name);

/// The statements that make a database of that name, the first of them CREATE DATABASE; for the maintenance
/// database.
using CreateStatements = std::function<Task<std::vector<std::string>>(std::string name)>;

/// Made when it is needed. As long as it lives, a session in the maintenance database holds an advisory lock
/// on its name: that is how others know that its maker does.
class Scratch {
public:
    Scratch(postgres::Server& server, CreateStatements create);
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] postgres::Server& server() { return server_; }
    [[nodiscard]] postgres::Dsn dsn() const { return server_.dsn().with_database(name_); }

    /// Does nothing when it is there. Throws ServerError: 42501 when the role may not make databases.
    Task<void> make(Deadline deadline);
    /// With all sessions in it. Does nothing when it isn't there.
    Task<void> drop(Deadline deadline);
    /// An empty one again.
    Task<void> make_again(Deadline deadline);

private:
    postgres::Server& server_;
    CreateStatements create_;
    std::string name_;
    std::optional<postgres::Server::Session> lock_;
    bool made_ = false;
};

/// What a drift that was killed had left.
struct Swept {
    std::vector<std::string> dropped;
    std::vector<std::string> in_use; ///< its maker is gone, but somebody is connected
};
/// Drops scratch databases whose makers are gone and that nobody is connected to. Throws ServerError.
Task<Swept> sweep(postgres::Server& server, Deadline deadline);

} // namespace pgteal::migration::schema
