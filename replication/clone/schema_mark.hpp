// Has a schema changed, or the server that is to take it? Marks to compare, not to read.
#pragma once

#include <string>

#include "postgres/server.hpp"

namespace pgteal::replication {

/// Another text whenever something of `database` changed that pg_dump -s reads. Needs superuser.
Task<std::string> schema_mark(postgres::Server& server, std::string database, Deadline deadline);

/// Another text whenever what may decide about a restore on `server` changed. Needs superuser.
Task<std::string> restorer_mark(postgres::Server& server, Deadline deadline);

} // namespace pgteal::replication
