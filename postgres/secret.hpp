// Statements that hold a secret: a password in a connection string, the verifier of a role.
#pragma once

#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::postgres {

/// Whether one of the values that `text` needs is secret.
bool holds_secret(const SqlText& text, const Bindings& bindings);

/// As Server::script(), and nothing that the server keeps or shows of statements has it: what sessions of
/// pgteal's own begin with keeps it out of log and statistics, and around this one pg_stat_activity shows
/// nothing either. Throws Error(privilege), with nothing sent, where the role may not see to that.
Task<std::vector<Result>> secret_script(Server& server, std::string database, std::string sql,
                                        Deadline deadline);

} // namespace pgteal::postgres
