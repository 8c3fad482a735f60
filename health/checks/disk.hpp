// Room on disk: for the copy on green, for the WAL that slots keep on blue. SQL tells what is needed, only
// the machine what is free.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "base/units.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

struct Room {
    Bytes data{}; ///< free where the data directory is
    Bytes wal{};  ///< free where pg_wal is
};
/// Nothing unless the folder is a data directory of this machine with that system identifier: the same path
/// may be another server's, or another container's.
std::optional<Room> room_of(const std::string& folder, const std::string& system_identifier);

struct DiskFacts {
    std::string folder;               ///< data_directory
    Bytes databases{};                ///< size of the run's
    std::optional<double> wal_hourly; ///< bytes; of a server that takes writes
    std::optional<Room> room;
};
/// Wants a superuser. Throws as the server does.
Task<DiskFacts> read_disk(postgres::Server& server, std::vector<std::string> databases, Deadline deadline);

/// Pure. `keep_mb`: blue's max_slot_wal_keep_size, -1 for no limit. Once a run has started its copy is there.
CheckResult check_disk(const std::optional<DiskFacts>& blue, const std::optional<DiskFacts>& green,
                       long keep_mb, bool run_started, const std::vector<std::string>& accept);

} // namespace pgteal::health
