// Whether the server that clients are moved to will let them in. pgteal logs in as itself only; pg_hba.conf
// decides by role, database and address.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/logins/hba.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

inline constexpr CheckId id_of_client_logins = "client-logins";

/// An entry of a pooler that logs in as one role whoever the client is.
struct ForcedUser {
    std::string role;
    std::string database;
};

/// How the poolers reach the side that they are led to.
enum class Way {
    as_pgteal, ///< by the host that pgteal uses: from the same address as pgteal, on the poolers' machine
    socket,    ///< a local socket
    other      ///< by another host: the address that the serving side sees is the best guess
};

struct LoginInput {
    std::vector<std::string> databases;
    std::vector<ForcedUser> forced;
    Way way = Way::as_pgteal;
};

/// One client as the serving side has it, and as the other one would see it.
struct ClientLogin {
    HbaClient here, there;
    std::string stored;    ///< kind of password that the serving side holds: none, md5, scram
    bool of_pooler = true; ///< came from the poolers' machine; others are no business of the move
};

/// What one server says of itself.
struct HbaFacts {
    std::string side;
    std::vector<HbaRule> rules;
    std::string address; ///< its own, as it is reached by pgteal; "" for a socket
};

/// Pure. An error for a client that would be refused for certain; a warning where that depends on what can't
/// be seen from here, and for each line that the server itself can't read.
CheckResult judge_client_logins(const HbaFacts& from, const HbaFacts& to,
                                const std::vector<ClientLogin>& clients);

/// Reads pg_hba_file_rules (superusers only, docs: "pg_hba_file_rules") of both sides and the sessions of the
/// serving one, and judges. Warns when it can't be read; throws nothing for that.
Task<CheckResult> check_client_logins(postgres::Server& from, postgres::Server& to, LoginInput input,
                                      Deadline deadline);

} // namespace pgteal::health
