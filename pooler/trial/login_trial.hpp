// Whether PgBouncer gets in to a server that its entries will lead to: tried before anybody's clients are.
//
// The trial is made by a private PgBouncer: the program of the running one, as the same user, on the same
// machine, with the server side of the same config file, and a socket of its own in a folder of its own. The
// other way, private entries in the real one's file, was weighed and left: it needs two RELOADs at `check`,
// which promises to change nothing, and those put into force whatever an operator has half typed into the
// file; a forced user in an entry lets every client that PgBouncer knows in as that user while it is there;
// and from 1.18's console or to its clients the reason of a failed connect can't be learnt (seen: they hang),
// while the private one's log is ours to read. What holds after the switch is the file, which RELOAD reads,
// and that is what the private one reads too.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "pooler/trial/trial_config.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::pooler {

/// How far one login came.
struct LoginOutcome {
    bool tried = false;
    bool open = false; ///< a session was opened
    std::string system =
        {}; ///< of the server that it was opened on (pg_control_system); "" when it did not say
    /// The server was reached and asked for the password. PgBouncer holds a SCRAM secret, from which it can't
    /// log in without a client's own login: whether it fits is for whoever compares secrets.
    bool wants_key = false;
    std::string sqlstate; ///< of the server's refusal; "" when it was not reached
    std::string problem;  ///< in the server's words, or in PgBouncer's
};

struct LoginTrial {
    std::string untried;                ///< why no login could be tried; else ""
    std::vector<LoginOutcome> outcomes; ///< of each login, in order
    bool file_unreadable = false;       ///< by the user that PgBouncer runs as: its next RELOAD would fail
};

/// `path` is the real one's config file, `shown` what its console says in SHOW CONFIG. Logins that come to
/// the same are made once, eight at a time; a session that opens says which server it is on and is closed.
/// Never throws for what can't be tried. With `deadline` the rest stays untried.
Task<LoginTrial> try_logins(std::string path, std::map<std::string, std::string> shown,
                            std::vector<LoginToTry> logins, Deadline deadline);

/// SHOW CONFIG, on a session of its own.
Task<std::map<std::string, std::string>> shown_config(postgres::Dsn admin, std::string name,
                                                      Deadline deadline);

/// Users of its auth_file, as far as we can read it.
std::vector<std::string> auth_file_users(const std::string& path, std::map<std::string, std::string> shown);

} // namespace pgteal::pooler
