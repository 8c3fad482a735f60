// PgBouncer's auth_query (docs: "Authentication settings"): what clients that the auth_file does not name are
// let in by. After the switch it runs on the other side; whether it will say the same there is asked before.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

struct AuthQuery {
    std::string pooler, entry;
    std::string auth_user, text;
    std::string from_database, to_database; ///< that it runs in
    std::vector<std::string> users;         ///< clients that are here now and may have come in by it
};

/// What one side said.
struct AuthAnswers {
    bool asked = false; ///< else database or auth_user is not there, or there was no time
    std::string sqlstate, problem;
    std::map<std::string, std::string> digests; ///< user -> of the secret; none: no row
};

struct AuthAsked {
    AuthQuery query;
    AuthAnswers from, to;
};

/// Runs it as auth_user, for the users and for auth_user itself, in a transaction that is rolled back: in a
/// function of auth_user's that is SECURITY DEFINER, which nobody's code can leave for pgteal's rights (docs:
/// SET ROLE, SET SESSION AUTHORIZATION), in a session that is closed afterwards. Secrets stay on the server.
/// Needs superuser. Never throws for what the server says against it.
Task<AuthAnswers> ask_auth_query(postgres::Server& server, std::string database, AuthQuery query,
                                 Deadline deadline);

/// Pure. An error for each that lets clients in on `from` and would not on `to`. What fails on `from`, too,
/// is no matter of the switch.
void judge_auth_queries(CheckResult& result, const std::string& from, const std::string& to,
                        const std::vector<AuthAsked>& all);

} // namespace pgteal::health
