// The schema that blue and green should have, by the migrations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "migration/apply/history.hpp"
#include "migration/files/find.hpp"
#include "migration/schema/object.hpp"
#include "migration/schema/scratch.hpp"

namespace pgteal::migration::schema {

/// Files that each side has applied, by its own history.
struct AppliedFiles {
    std::vector<File> on_blue;
    std::vector<File> only_on_green; ///< a migration in the making: what explains that green differs
    int pending = 0;                 ///< applied nowhere: they say nothing about either side
};

/// Pure.
AppliedFiles applied_files(const std::vector<File>& files, const std::vector<Applied>& blue,
                           const std::vector<Applied>& green);

/// Pure. Why the files can't be replayed on a scratch database: one of them changes the server, and with it
/// more than that database (roles, databases, tablespaces, settings, subscriptions). "" when they can.
std::string why_not(const std::vector<File>& files);

/// Pure. Whether the migrations are the whole history: replayed from nothing they make at least half of the
/// tables that blue has. Otherwise blue is older than its first migration.
bool is_whole_history(const Objects& replayed, const Objects& blue);

/// Applies the files to the scratch database, in their order, as `migrate apply` would. Throws what
/// migration::apply() throws.
Task<void> replay(std::vector<File> files, Scratch& scratch);

} // namespace pgteal::migration::schema
