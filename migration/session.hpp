// One blocking connection of libpqxx for migrations, and what its failures mean. Used from one thread.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pqxx/pqxx>

#include "migration/server_message.hpp"
#include "postgres/dsn.hpp"
#include "postgres/error.hpp"

namespace pgteal::migration {

struct SessionSettings {
    std::string side = "green";
    std::chrono::milliseconds lock_timeout{2000};
    std::chrono::milliseconds statement_timeout{0};
    std::string again = "pgteal prepare"; ///< for messages: the command that goes on from here
};

/// Why a statement did not succeed.
struct Failure {
    enum class Kind {
        refused,  ///< the server answered with an error: what the statement's transaction did is rolled back
        lost,     ///< the connection broke before COMMIT was sent
        in_doubt, ///< the connection broke after a COMMIT, or a statement that commits by itself, was sent
    };
    Kind kind = Kind::refused;
    std::string sqlstate; ///< "" when none is known
    ServerMessage said;
    /// lock_not_available, deadlock_detected: worth another try.
    [[nodiscard]] bool is_lock_failure() const { return sqlstate == "55P03" || sqlstate == "40P01"; }
};

/// The two advisory locks of an apply, on the database it works on.
enum class ApplyLock : int {
    control = 1, ///< held as long as one apply works on the database
    worker = 2,  ///< held by the session that runs a file: still held while a statement whose controller died
                 ///< goes on
};

class Session {
public:
    /// Connects, waiting 10 s at most. Throws Error(unreachable).
    Session(const postgres::Dsn& dsn, const std::string& role, const SessionSettings& settings);

    pqxx::connection& connection() { return *connection_; }
    [[nodiscard]] const std::string& side() const { return settings_.side; }
    [[nodiscard]] const std::string& address() const { return address_; }

    /// One statement outside any transaction block. Throws ServerError or Error(connection_lost).
    pqxx::result run(const std::string& sql);

    /// Tries until the deadline. The process id of the holder when another session has it.
    std::optional<int> lock(ApplyLock which, std::chrono::milliseconds patience);

    /// Call it in a catch block: sorts the exception that libpqxx threw. `sent_commit`: what broke had been
    /// told to commit. Rethrows what isn't libpqxx's.
    Failure failure(bool sent_commit);

private:
    SessionSettings settings_;
    std::string address_;
    std::unique_ptr<pqxx::connection> connection_;
};

/// `sql` with each :'name' replaced by its value as a literal and each :"name" by its value as an identifier,
/// as psql does with variables.
std::string bind(std::string_view sql,
                 std::initializer_list<std::pair<std::string_view, std::string>> values);
std::string bind(std::string_view sql, const std::vector<std::pair<std::string_view, std::string>>& values);

} // namespace pgteal::migration
