// migrate lint: what each statement locks, rewrites, scans and breaks, before anybody runs it.
#pragma once

#include <vector>

#include "migration/files/find.hpp"
#include "migration/lint/rules/finding.hpp"
#include "migration/lint/world/catalog.hpp"

namespace pgteal::migration::lint {

/// Pure. `known` is blue's catalog or null; the linter carries on from it what the files themselves change.
Report lint(const std::vector<File>& files, const Catalog* known, const Options& options);

} // namespace pgteal::migration::lint
