// Scratch databases: made for one rehearsal, recognised by their name, and never left behind.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::migration::rehearse {

/// Every scratch database is called so: prefix, run, process id, and eight random hexadecimal digits.
inline constexpr std::string_view scratch_prefix = "pgteal_rehearse_";

/// "pgteal_rehearse_app-15-to-17_4711_9f3a01bc"; a long run name is cut, so that it fits PostgreSQL's 63
/// bytes.
std::string scratch_name(const std::string& run);
/// Pure. Whether pgteal gave that name.
bool is_scratch_name(std::string_view name);

/// A role that the migrations may name and that the server lacks.
struct ScratchRole {
    std::string name;
    bool superuser = false;
    std::vector<std::string> member_of;
};

/// What a rehearsal that did not come to its end had left.
struct Swept {
    std::vector<std::string> databases;
    std::vector<std::string> roles;
    std::vector<std::string> alive; ///< scratch databases whose rehearsal is at work now
    std::vector<Error> stuck;       ///< what could not be dropped and why; no obstacle to another rehearsal
};

/// Roles that are on the server after a rehearsal and were not before it.
struct LeftRoles {
    std::vector<std::string> kept;     ///< made by this one, but something outside of it depends on them
    std::vector<std::string> appeared; ///< made meanwhile, by whom can't be told: nobody's to drop
};

/// One scratch database, with an advisory lock on a session of its own that is held as long as this lives:
/// the sign for others that its maker does. All calls block (run_blocking), one at a time. Messages name
/// `side`.
class Scratch {
public:
    /// Connects to database postgres of that server, takes the lock and notes which roles there are; makes
    /// nothing yet. Throws Error(unreachable).
    Scratch(const postgres::Dsn& server, const std::string& run, std::string side);
    /// Drops what is left, without a word about failures: the next sweep finds it.
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] postgres::Dsn dsn() const { return server_.with_database(name_); }

    /// Drops scratch databases, and roles made for them, whose makers are gone.
    Swept sweep();

    /// CREATE DATABASE and what belongs to it, for database name(). Throws ServerError; 42501 when the role
    /// may not make databases.
    void create(const std::vector<std::string>& statements);
    /// Makes those that the server lacks, without a login, marked as made for this database.
    void make_roles(const std::vector<ScratchRole>& roles);
    /// The database with all sessions in it, then the roles; a role that another rehearsal uses stays for its
    /// sweep. May be repeated. Throws Error, which names what is still there.
    void drop();
    /// After drop(). Those of other rehearsals are not told. Throws as Session::run.
    LeftRoles left_roles();

private:
    struct Impl;
    postgres::Dsn server_;
    std::string name_, side_;
    std::unique_ptr<Impl> impl_;
};

/// COMMENT ON ROLE of a role that lives as long as scratch database `scratch`.
std::string role_mark(const std::string& scratch);

} // namespace pgteal::migration::rehearse
