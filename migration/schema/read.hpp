// Reads the schema of a database from its catalogs.
#pragma once

#include <set>
#include <string>

#include "migration/schema/object.hpp"
#include "postgres/server.hpp"

namespace pgteal::migration::schema {

/// Reads with one round trip in one read-only snapshot; takes no locks but ACCESS SHARE on what it prints,
/// for 5 s at most. PostgreSQL 13-18. Left out are the system's objects, extensions' members, pgteal's own,
/// and the tables named in `ignored` (as "public.flyway_schema_history"). Secrets in the options of foreign
/// servers are not read. A schema that changes while it is read is read again, twice at most. Throws
/// Error(unreachable), ServerError, DeadlinePassed.
Task<Objects> read(postgres::Server& server, std::string database, Deadline deadline,
                   std::set<std::string> ignored = {});

} // namespace pgteal::migration::schema
