// Schema pgteal and the freeze of DDL in one database.
#pragma once

#include <string>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

// create_control_schema() and drop_control_schema() are in lanes.hpp.

/// drop_control_schema(), rolled back: says whether it would go.
postgres::Statement try_drop_control_schema(const std::string& database);

/// What a subscriber of somebody else's FOR ALL TABLES publication needs, or it stops at the first row: the
/// control schema's tables, empty, as SQL on one line. Rows for them are skipped there until it refreshes.
std::string subscriber_tables(int lanes);

/// Event triggers pgteal_freeze_start (ddl_command_start), pgteal_freeze_ddl (ddl_command_end) and
/// pgteal_freeze_drop (sql_drop) that refuse DDL with SQLSTATE 55000 and say why. Not refused: temporary
/// objects (told by their rows in the catalogs), REFRESH MATERIALIZED VIEW, REINDEX, and what fires no event
/// trigger (TRUNCATE, ANALYZE, VACUUM, REASSIGN OWNED, databases, roles; docs: "Event Trigger Firing
/// Matrix"). Of sessions with pgteal.ddl = on those of a superuser pass. Rows that the apply worker writes
/// fire no event trigger. With `carry_partitions` partitions of the partitioned tables that are there may be
/// made, attached and detached (partitions.hpp). Needs the control schema and superuser; may be run again.
postgres::Statement freeze_ddl(const std::string& database, bool carry_partitions = false);
postgres::Statement unfreeze_ddl(const std::string& database);
/// Whether its triggers are there and enabled.
Task<bool> frozen(postgres::Server& server, std::string database, Deadline deadline);

/// Whether the control schema stands with marker tables 1..lanes and its rows.
Task<bool> control_schema_exists(postgres::Server& server, std::string database, int lanes,
                                 Deadline deadline);

} // namespace pgteal::replication
