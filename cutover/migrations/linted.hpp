// What the linter needs of blue: its catalogs, and which files it has already.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "migration/apply/history.hpp"
#include "migration/files/find.hpp"
#include "migration/lint/rules/finding.hpp"
#include "migration/lint/world/catalog.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::cutover {

struct LintGround {
    migration::lint::Catalog catalog;
    std::vector<migration::Applied> applied;
};

/// Of one database, for run_blocking(). `table`: of the history. Throws Error.
LintGround read_lint_ground(const postgres::Dsn& blue, const migration::HistoryTable& table);

/// Blue's catalogs have what these made. Returns how many files are left out.
int leave_out_applied(std::vector<migration::File>& files, const std::vector<migration::Applied>& applied);

/// Pure: what of a report stops replication, or makes sides differ, while green has the change and blue has
/// not. Warnings: what pgteal can't replicate may be meant, by an operator who won't go back.
std::vector<health::Finding> stream_findings(const std::string& database,
                                             const migration::lint::Report& report);

} // namespace pgteal::cutover
