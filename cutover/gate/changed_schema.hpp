// Which objects of a side are not as they were when the run was prepared.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cutover/gate/gate.hpp"
#include "migration/schema/object.hpp"

namespace pgteal::cutover {

/// The schema of one database as the fingerprint takes it: without partitions that are carried.
Task<migration::schema::Objects> schema_objects(Estate* estate, Side side, std::string database,
                                                Deadline deadline);

/// One hash over the schemas of all databases of one side, as `migrate drift` reads them: changes when
/// anybody changes anything there but privileges and comments. `recorded`: the one to compare with. A run
/// that was prepared by an earlier version recorded a hash over those too (2), or over tables and columns
/// only (0); then this is one too.
int fingerprint_version_of(const std::string& recorded);
Task<std::string> fingerprint(Estate* estate, Side side, Deadline deadline, std::string recorded = {});

/// At the end of prepare: what each object was, so that a change can be named.
Task<void> record_objects(Context* context, Deadline deadline);

/// The sides whose fingerprint is not the recorded one.
Task<std::vector<ChangedSchema>> changed_schemas(Context* context, Deadline deadline);

/// Pure. What differs between the recorded prints and these objects, in words; and the statements that take
/// away what is new, "" when something else differs too. What was recorded of `moved` tables, partitions
/// that are carried, is no longer among the objects, and is no change. `version`: of the recorded
/// fingerprint.
struct SchemaChange {
    std::string what, drops;
};
SchemaChange name_changes(const boost::json::object& recorded, const migration::schema::Objects& now,
                          const std::set<std::string>& moved = {},
                          int version = migration::schema::fingerprint_version);

} // namespace pgteal::cutover
