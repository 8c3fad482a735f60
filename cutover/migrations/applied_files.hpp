// Whether the files say what green holds: a file that was changed after it was applied, or before and put
// back, is not what people read and approved.
#pragma once

#include <string>
#include <vector>

#include "cutover/estate/estate.hpp"
#include "migration/apply/history.hpp"

namespace pgteal::cutover {

/// Pure but for reading the files that the rows name. Scripts that have another checksum in `folder` now than
/// their newest finished row; rows without a checksum and files that are gone count for nothing.
std::vector<std::string> changed_files(const std::string& folder,
                                       const std::vector<migration::Applied>& rows);

/// The same for one database and green's history. Nothing when a configured command keeps its own record.
/// Throws as migration::history().
Task<std::vector<std::string>> changed_since_applied(Estate* estate, std::string database);

} // namespace pgteal::cutover
