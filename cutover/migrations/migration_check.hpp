// The check of the migrations: what prepare would apply hours later is read before anything is done.
#pragma once

#include "base/finding.hpp"
#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// Reads the files of all databases, holds them against blue's history, and tells which statements
/// replication does not live with while only green has them (warnings). With [migrate] command only the
/// folder and the program are looked for. Never throws for a file: it is a finding.
Task<health::CheckResult> check_migrations(Estate* estate, bool run_started);

} // namespace pgteal::cutover
