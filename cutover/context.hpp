// What the builders of steps share: the estate, the journal, and what the run recorded of itself.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cutover/estate.hpp"
#include "cutover/executor.hpp"
#include "cutover/journal.hpp"
#include "cutover/progress.hpp"

namespace pgteal::cutover {

/// One switchover: `from` serves, `to` stands. Both directions are this and nothing else.
struct Move {
    Side from = Side::blue;
    Side to = Side::green;
    std::int64_t epoch = 2; ///< that `to` will have
};

/// Where the entries of one pooler pointed when the run began, and the file they are in.
struct PoolerBaseline {
    std::string name;
    std::string path;
    std::string hash; ///< of the file as pgteal last saw or wrote it
    std::map<std::string, pooler::Target> entries;
};

/// How long a pooler's console may take to answer while clients may be held.
inline constexpr auto console_patience = std::chrono::seconds(3);

struct Context {
    Estate& estate;
    Journal& journal;
    Executor& executor;

    [[nodiscard]] Progress progress() const;
    /// An intent of this step is on disk: its actions may have been performed in part.
    [[nodiscard]] bool begun(const std::string& step) const;
};

/// Id of the last step of prepare.
inline constexpr const char* last_prepare_step = "arm-reverse";

/// Baselines as recorded by the run (journal fact "poolers"); empty before. Without those that the operator
/// left out (every_recorded_pooler() has them), and those that a switch-back left behind (left_behind.hpp).
std::vector<PoolerBaseline> recorded_poolers(const Journal& journal);
/// With those that the operator left out.
std::vector<PoolerBaseline> every_recorded_pooler(const Journal& journal);
/// Baselines that are recorded and not among these stay.
void record_poolers(Journal& journal, std::vector<PoolerBaseline> baselines);
/// Reads the poolers and their files now: configured entries, or every entry that points at blue. Throws
/// Error(config | file | unreachable).
Task<std::vector<PoolerBaseline>> read_poolers(Estate* estate, Deadline deadline);

/// Entries that lead to the side that serves, to a database of the run, and that no baseline has.
std::vector<pooler::Entry> new_entries(const Config& config, Side serving, const PoolerBaseline& baseline,
                                       const std::vector<pooler::Entry>& entries);
/// Adds them to the baselines, unless the config names that pooler's entries and not this one. Throws
/// Error(unreachable).
Task<void> add_new_entries(Estate* estate, Side serving, std::vector<PoolerBaseline>* baselines,
                           Deadline deadline);

/// Where an entry of the baseline has to point for `side` to serve it.
pooler::Target target_for(const Config& config, Side side, const pooler::Target& original);
std::map<std::string, pooler::Target> targets_for(const Config& config, Side side,
                                                  const PoolerBaseline& baseline);

/// pgteal.run of one side of one database.
struct RunRow {
    bool present = false;
    std::string run_id;
    std::int64_t epoch = 0;
    std::string serving;
};
Task<RunRow> read_run_row(postgres::Server* server, std::string database, Deadline deadline);

/// What is finished on green, as green itself says (pgteal.progress). Empty when the database or the table is
/// not there.
Task<std::set<std::string>> milestones(postgres::Server* green, std::string database, Deadline deadline);
postgres::Statement milestone(const std::string& database, const std::string& what);

/// Tables of one side of one database.
Task<std::vector<replication::Table>> tables_on(postgres::Server* server, std::string database,
                                                Deadline deadline);
/// Whether what clients do with partitions is carried to the other side: as the run began, and by the config
/// for one that has not.
Task<bool> carries_partitions(Context* context, std::string database, Deadline deadline);
/// State of all lanes of one publisher, in the order of Estate::lanes().
Task<std::vector<replication::LaneState>> lane_states(Estate* estate, Side publisher, Deadline deadline);

/// One hash over the schemas of all databases of one side, as `migrate drift` reads them: changes when
/// anybody changes anything there but privileges and comments. `recorded`: the one to compare with. A run
/// that was prepared by an earlier version recorded a hash over those too (2), or over tables and columns
/// only (0); then this is one too.
int fingerprint_version_of(const std::string& recorded);
Task<std::string> fingerprint(Estate* estate, Side side, Deadline deadline, std::string recorded = {});

/// The fence of one database of one side as the catalogs have it.
struct FenceState {
    bool read_only = false;
    int connection_limit = -1;
    std::string setting; ///< the database's own default_transaction_read_only; "" = none
    [[nodiscard]] bool up() const { return read_only && connection_limit == 0; }
};
Task<FenceState> read_fence(postgres::Server* server, std::string database, Deadline deadline);
/// The connection limit that clients live with, recorded when the run began.
int recorded_limit(const Journal& journal, const std::string& database);
/// lift_fence_text() with what clients lived with before, as recorded: connection limit and setting.
std::string lift_fence(const Journal& journal, const std::string& database);

/// Where the run of this config stands, without taking its lock.
Progress peek_progress(const Config& config);

} // namespace pgteal::cutover
