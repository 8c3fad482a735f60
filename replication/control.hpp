// Schema pgteal and the freeze of DDL in one database.
#pragma once

#include <string>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

// create_control_schema() and drop_control_schema() are in lanes.hpp.

/// Event triggers pgteal_freeze_ddl (ddl_command_end) and pgteal_freeze_drop (sql_drop) that refuse DDL with
/// SQLSTATE 55000 and say why. Not refused: temporary objects, REFRESH MATERIALIZED VIEW, REINDEX, and what
/// fires no event trigger (TRUNCATE, ANALYZE, VACUUM, REASSIGN OWNED, databases, roles; docs: "Event Trigger
/// Firing Matrix"). Sessions with pgteal.ddl = on pass. Rows that the apply worker writes fire no event
/// trigger. Needs the control schema and superuser; may be run again.
postgres::Statement freeze_ddl(const std::string& database);
postgres::Statement unfreeze_ddl(const std::string& database);
/// Whether both triggers are there and enabled.
Task<bool> frozen(postgres::Server& server, std::string database, Deadline deadline);

/// Whether the control schema stands with marker tables 1..lanes and its rows.
Task<bool> control_schema_exists(postgres::Server& server, std::string database, int lanes,
                                 Deadline deadline);

} // namespace pgteal::replication
