// One table on both sides: hash, buckets, rows.
#pragma once

#include "replication/compare/compare_proof.hpp"

namespace pgteal::replication {

/// Fills rows and differences. Both sides are read in snapshots taken right behind one marker, so that under
/// load only the writes of those milliseconds are left to be settled one by one.
Task<void> compare_table(const ComparedPair& pair, TableComparison* result);

} // namespace pgteal::replication
