// Which objects of a side are not as they were when the run was prepared.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cutover/gate/gate.hpp"
#include "migration/schema/object.hpp"

namespace pgteal::cutover {

/// The schema of one database, without partitions that are carried.
Task<migration::schema::Objects> schema_objects(Estate* estate, Side side, std::string database,
                                                Deadline deadline);

/// At the end of prepare: what each object was, without privileges and comments, as `migrate drift` reads it.
Task<void> record_objects(Context* context, Deadline deadline);

/// The sides that are not as recorded.
Task<std::vector<ChangedSchema>> changed_schemas(Context* context, Deadline deadline);

/// Pure. What differs between the recorded prints and these objects, in words; and the statements that take
/// away what is new, "" when something else differs too. What was recorded of `moved` tables, partitions
/// that are carried, is no longer among the objects, and is no change.
struct SchemaChange {
    std::string what, drops;
};
SchemaChange name_changes(const facts::ByName<std::string>& recorded, const migration::schema::Objects& now,
                          const std::set<std::string>& moved = {});

} // namespace pgteal::cutover
