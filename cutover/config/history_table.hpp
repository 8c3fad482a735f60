// Which table the migrations of this config are recorded in, and which one no lane carries.
#pragma once

#include <string>

#include "cutover/config/config.hpp"
#include "migration/apply/history.hpp"

namespace pgteal::cutover {

/// [migrate] history and history_table.
migration::HistoryTable history_of(const Config& config);
/// "schema.table" of a tool's own record of what it applied (Flyway's, or the one of [migrate] command),
/// which no lane carries and no comparison reads: the sides have different migrations. "" when there is none.
std::string left_out(const Config& config);

} // namespace pgteal::cutover
