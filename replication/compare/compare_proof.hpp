// Telling a difference from lag: both sides are live, so a row that differs may only be on its way.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "replication/compare/compare.hpp"
#include "replication/compare/compare_sql.hpp"
#include "replication/marker/lane_watch.hpp"

namespace pgteal::replication {

/// Both sides of one table, with what is needed to ask them.
struct ComparedPair {
    postgres::Server* serving_server = nullptr;
    postgres::Server* standing_server = nullptr;
    std::string database;
    std::vector<int> lanes;
    std::vector<std::string> subscriptions; ///< of these lanes, on the standing side
    ComparedTable serving;
    ComparedTable standing;
    Deadline deadline;
    LaneWatch* watch = nullptr; ///< of the lanes, when there are any
    /// Identities of rows that an earlier comparison found to be a migration's, on either side -> script.
    std::map<std::string, std::string> inserted = {};
};

/// Adds those of `candidates` (identities, see compare_sql.hpp) to `result` that are proven to differ, and
/// returns once each is settled. Throws Error(deadline) when one moved all the time.
Task<void> prove(const ComparedPair& pair, std::vector<std::string> candidates, TableComparison* result);

} // namespace pgteal::replication
