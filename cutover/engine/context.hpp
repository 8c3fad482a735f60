// What the builders of steps share: the estate, the journal, and what the run recorded of itself.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cutover/estate/baseline.hpp"
#include "cutover/estate/estate.hpp"
#include "cutover/executor/executor.hpp"
#include "cutover/fence/run_state.hpp"
#include "cutover/record/journal.hpp"
#include "cutover/record/progress.hpp"

namespace pgteal::cutover {

struct Context {
    Estate& estate;
    Journal& journal;
    Executor& executor;

    [[nodiscard]] Progress progress() const;
    /// An intent of this step is on disk: its actions may have been performed in part.
    [[nodiscard]] bool begun(StepId step) const;
};

/// Tables of one side of one database.
Task<std::vector<replication::Table>> tables_on(postgres::Server* server, std::string database,
                                                Deadline deadline);
/// Whether what clients do with partitions is carried to the other side: as the run began, and by the config
/// for one that has not.
Task<bool> carries_partitions(Context* context, std::string database, Deadline deadline);
/// State of all lanes of one publisher, in the order of Estate::lanes().
Task<std::vector<replication::LaneState>> lane_states(Estate* estate, Side publisher, Deadline deadline);

/// Where the run of this config stands, without taking its lock.
Progress peek_progress(const Config& config);

} // namespace pgteal::cutover
