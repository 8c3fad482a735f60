// Databases on green: which of them this run made, and what stands against dropping one. Nothing is dropped
// that isn't provably the run's: the server's own number of it (oid) is in the journal, and it is fenced,
// unused and not served from; never WITH (FORCE).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/refusal.hpp"
#include "cutover/engine/context.hpp"

namespace pgteal::cutover {

/// A database is made under the first of these names and gets its own once its oid is recorded; it is renamed
/// to the second one, in the transaction that proves it ours, before it is dropped. The run's id is in both:
/// what a crash leaves under them is ours, whatever else is on green.
std::string new_name(const Context& context, const std::string& database);
std::string old_name(const Context& context, const std::string& database);
/// The name under which new_name() is bound: a plan has no run yet.
std::string new_name_binding(const Config& config, const std::string& database);
/// Binds them, when the run has its id.
void bind_new_names(const Config& config, const std::string& run_id, Executor* executor);

struct GreenDatabase {
    std::string name;
    bool exists = false, left_new = false, left_old = false; ///< under its name; under new_name(), old_name()
    std::int64_t oid = 0, old_oid = 0;                       ///< of what has its name, and old_name()
    std::int64_t made = 0;                                   ///< recorded oid, 0 = none
    std::int64_t found = 0;                                  ///< the same
    bool empty = false;                                      ///< no relation of users in it
    FenceState fence;
    RunRow row;
    std::set<std::string> reached;   ///< milestones()
    std::vector<std::string> in_use; ///< "2 sessions of role app (10.0.0.7)", "slot x": of others
    std::string blue_serving;        ///< as pgteal.run on blue says; "" = it isn't there
    std::string run_id;

    [[nodiscard]] bool ours() const { return exists && made != 0 && oid == made; }
};
Task<GreenDatabase> read_green_database(Context* context, std::string database, Deadline deadline);
/// Records oids of the configured databases that are on green now, for facts::databases_found; they are
/// empty, says the check.
Task<void> record_found_databases(Context* context, Deadline deadline);

/// Pure. Why a run can't go on with this database of its own; nothing when it can, or when it is to be made.
std::optional<Refusal> judge_use(const GreenDatabase& database);
/// Pure. Why it must not be dropped. `removing`: abort asks, which can be told to leave it.
std::optional<Refusal> judge_drop(const GreenDatabase& database, bool removing);
/// For abort, before anything is taken away: throws Error(refused) with the first that judge_drop() names.
Task<void> require_droppable(Context* context);

/// Each in order, in phases from `phase` on, which is moved past the last one.
/// Proof and new name in one transaction (ALTER DATABASE ... RENAME fails with a session in it), then DROP.
void drop_ours(const Context& context, const GreenDatabase& database, std::vector<Action>* actions,
               int* phase);
/// DROP of new_name() and old_name().
void drop_leftovers(const Context& context, const GreenDatabase& database, std::vector<Action>* actions,
                    int* phase);
/// CREATE under new_name(), fenced, its oid recorded, then its own name: that fails where there is one.
void make_database(const Context& context, const replication::DatabaseProperties& properties,
                   int green_version, std::vector<Action>* actions, int* phase);

} // namespace pgteal::cutover
