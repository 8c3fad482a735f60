// Partitions that clients make, attach and detach during a run, where [freeze] partitions = "carry":
// sql/lane_partitions.sql does the work on the servers, in the clients' own transactions; this is what the
// runbook adds while lanes are being made.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

/// Whether partitions are carried in the database: the freeze has begun with the partitioned tables that it
/// found. False too where there is no control schema.
Task<bool> carries_partitions(postgres::Server& server, std::string database, Deadline deadline);

/// schema.name of tables that were made there during the run. The copy leaves them out: PostgreSQL's own
/// initial synchronization brings what they hold when the lane's subscription is made.
Task<std::set<std::string>> born_partitions(postgres::Server& server, std::string database,
                                            Deadline deadline);
/// Oids of tables that became, or ceased to be, partitions during the run, on either side.
Task<std::set<std::uint32_t>> moved_partitions(postgres::Server& server, std::string database,
                                               Deadline deadline);
/// Their names, quoted: "a.t".
Task<std::set<std::string>> moved_partition_names(postgres::Server& server, std::string database,
                                                  Deadline deadline);
/// Partitioned tables of `server` with their keys, as "public.events RANGE (at)", that `other` lacks; without
/// those that were made during the run. Needs the control schema.
Task<std::vector<std::string>> partitioned_only_on(postgres::Server& server, postgres::Server& other,
                                                   std::string database, Deadline deadline);

/// On the publisher: gives bindings partitions_<database>, what became of partitions so far, in order, and
/// published_<database>, the tables of its lanes' publications, both as of one moment.
postgres::Statement read_partition_markers(const std::string& database, int lanes);
/// On the subscriber, before the subscription is made: makes them, with binding partitions_<database>. May be
/// run again.
postgres::Statement make_partitions(const std::string& database);
/// Puts those that were made while a publication or a subscription was being made into it. May be run again.
postgres::Statement enlist_partitions(const std::string& database);

} // namespace pgteal::replication
