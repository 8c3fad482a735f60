// One blocking connection of libpqxx for migrations, and what its failures mean. Used from one thread.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pqxx/pqxx>

#include "base/error.hpp"
#include "migration/apply/server_message.hpp"
#include "postgres/dsn.hpp"
#include "postgres/startup.hpp"
#include "postgres/statement.hpp"

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

/// Its search_path is empty but around the user's text.
class Session {
public:
    /// Connects, waiting 10 s at most. `purpose` is ledger or users_text. Throws Error(unreachable).
    Session(const postgres::Dsn& dsn, const std::string& role, const SessionSettings& settings,
            postgres::Purpose purpose = postgres::Purpose::ledger);

    pqxx::connection& connection() { return *connection_; }
    [[nodiscard]] const std::string& side() const { return settings_.side; }
    [[nodiscard]] const std::string& address() const { return address_; }

    /// One statement outside any transaction block. Throws ServerError or Error(connection_lost).
    pqxx::result run(const std::string& sql);

    /// Several of pgteal's own, in one READ COMMITTED transaction: each sees what others have done by then.
    /// Throws as run() does, and what `statements` throws.
    pqxx::result transact(const std::function<pqxx::result(pqxx::transaction_base&)>& statements);

    /// A statement of the user's (of users_text only): names are looked up as psql would, or as the
    /// statements before left it; afterwards in pg_catalog again, since an operator or type of the same name
    /// may be anybody's.
    pqxx::result run_users_text(pqxx::transaction_base& work, const std::string& text);
    /// The halves of it. Deferred triggers want the user's path at COMMIT, too.
    void use_users_path(pqxx::transaction_base& work);
    void leave_users_path(pqxx::transaction_base& work);
    static void use_own_path(pqxx::transaction_base& work); ///< whatever a statement that failed has left

    /// A setting of the user's text, on a new session that has lost it. Throws as run() does.
    void replay(const std::string& setting);

    /// Tries until the deadline. The process id of the holder when another session has it.
    std::optional<int> lock(ApplyLock which, std::chrono::milliseconds patience);

    /// Call it in a catch block: sorts the exception that libpqxx threw. `sent_commit`: what broke had been
    /// told to commit. Rethrows what isn't libpqxx's.
    Failure failure(bool sent_commit);

private:
    void begin(const postgres::Dsn& dsn, postgres::Purpose purpose);
    template <typename Work>
    pqxx::result guarded(const Work& exec);
    SessionSettings settings_;
    std::string address_;
    std::string users_path_; ///< the command that sets it
    std::unique_ptr<pqxx::connection> connection_;
};

/// `sql` with each :'name' replaced by its value as a literal and each :"name" by its value as an identifier,
/// as psql does with variables.
std::string bind(postgres::Template sql,
                 std::initializer_list<std::pair<std::string_view, std::string>> values);
std::string bind(postgres::Template sql, const std::vector<std::pair<std::string_view, std::string>>& values);

} // namespace pgteal::migration
