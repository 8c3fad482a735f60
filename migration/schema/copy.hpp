// Blue's schema, or the part of it that some objects depend on, loaded into a scratch database with pg_dump
// and pg_restore, as the clone does it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "migration/schema/scratch.hpp"
#include "postgres/server.hpp"

namespace pgteal::migration::schema {

/// Catalog and oid.
using Address = std::pair<std::uint32_t, std::uint32_t>;

/// Pure. The lines of `pg_restore --list --verbose` to restore: with `only` empty all of them, otherwise what
/// is at these addresses and all that it depends on. pgteal's own event triggers are never among them.
std::string choose_entries(const std::string& list, const std::vector<Address>& only);

struct CopyJob {
    postgres::Dsn from; ///< without dbname
    std::string database;
    std::string bin_dir; ///< where pg_dump and pg_restore are; "" = PATH
    std::vector<Address> only;
    bool owners = true;   ///< and privileges
    std::string snapshot; ///< an exported one
};

/// Throws Error(program) with what the program said, DeadlinePassed. The dump lies in a folder of its own in
/// the temporary folder, for us alone to read, and is removed.
Task<void> copy_schema(CopyJob job, Scratch& scratch, Deadline deadline);

} // namespace pgteal::migration::schema
