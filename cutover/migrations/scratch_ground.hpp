// What a scratch database on green begins with: roles, the database itself, and the file that its schema
// comes in.
#pragma once

#include <string>

#include "cutover/estate/estate.hpp"
#include "migration/rehearse/scratch.hpp"

namespace pgteal::cutover {

/// A dump and its table of contents, removed when this goes: it may hold the passwords of foreign servers.
class DumpFile {
public:
    explicit DumpFile(std::string path) : path_(std::move(path)) {}
    ~DumpFile();
    DumpFile(const DumpFile&) = delete;
    DumpFile& operator=(const DumpFile&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Begins a transaction that sees one state of the database, and returns the name under which pg_dump can see
/// the same: what was judged in it is what is dumped. The caller ends it.
Task<std::string> begin_snapshot(postgres::Connection* reader, Deadline deadline);

/// The roles of side `from` that green lacks, without logins, marked as made for `scratch`.
Task<void> make_scratch_roles(Estate* estate, migration::rehearse::Scratch* scratch, Side from);

/// Owner, locale and settings as those of `database` on `from`; closed to all but superusers.
Task<void> make_scratch_database(Estate* estate, migration::rehearse::Scratch* scratch, Side from,
                                 std::string database, int green_version);

} // namespace pgteal::cutover
