// Reads blue's catalogs for the linter.
#pragma once

#include "migration/lint/world/catalog.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::migration::lint {

/// One repeatable-read, read-only transaction; blocking (call through run_blocking). Throws
/// Error(unreachable), Error(connection_lost), ServerError.
Catalog read_catalog(const postgres::Dsn& dsn_with_database, const std::string& side = "blue");

} // namespace pgteal::migration::lint
