// What came of trying, through each pooler, the logins to the server that clients are moved to.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

inline constexpr CheckId id_of_tried_logins = "tried-logins";
/// In [check] accept: that logins can't be tried, and that they work, is known.
inline constexpr const char* untried_logins = "untried-logins";

struct TriedLogin {
    std::string pooler, entry, user, database;
    std::string address;    ///< host:port as PgBouncer is led there
    bool tried = false;     ///< else there was no time
    bool open = false;      ///< a session was opened
    bool wants_key = false; ///< the server asked for a proof of a SCRAM secret, which only a client has
    std::string sqlstate;   ///< of the server's refusal
    std::string problem;
    std::string system = {}; ///< identifier of the server that let it in; "" when it did not say
};

/// A role on the side that serves and on the one that takes over.
struct RoleOnBoth {
    bool on_from = false; ///< and may log in there
    bool on_to = false;
    bool same_secret = false; ///< rolpassword
};

struct LoginsTried {
    std::string from, to;
    bool at_gate = false;  ///< databases and roles are on `to` by now; before, prepare makes them
    bool way_back = false; ///< a login that works through another pooler keeps nobody from going back
    bool untried_accepted = false;
    bool group_rules = false; ///< pg_hba.conf of `to` goes by membership, which prepare carries
    std::set<std::string>
        kept; ///< roles that prepare leaves as they are on `to`: its bootstrap superuser, pgteal's own
    std::set<std::string> coming; ///< roles that are carried after the gate, before clients are held
    bool connect_comes = false;   ///< and so are privileges on databases
    std::string own;              ///< pgteal's own on `to`
    std::string system;           ///< identifier of `to` (pg_control_system)
    std::string from_dsn, to_dsn; ///< for psql, without secrets
    std::vector<TriedLogin> tried;
    std::map<std::string, std::string> untried;    ///< pooler -> why none of its logins could be tried
    std::map<std::string, std::string> unreadable; ///< pooler -> config file that its own user can't read
    std::map<std::string, RoleOnBoth> roles;
};

/// Pure. Errors for logins that clients would miss; warnings for what could not be told.
CheckResult judge_tried_logins(const LoginsTried& all);
/// Pure. Whether this login is as good as it can be before clients use it.
bool holds(const LoginsTried& all, const TriedLogin& login);

/// The roles of these names on both sides; secrets are compared here and go nowhere. Needs superuser.
Task<std::map<std::string, RoleOnBoth>> compare_roles(postgres::Server& from, postgres::Server& to,
                                                      std::vector<std::string> names, Deadline deadline);
/// Whether pg_hba.conf of `server` has lines for members of a role.
Task<bool> has_group_rules(postgres::Server& server, Deadline deadline);

} // namespace pgteal::health
