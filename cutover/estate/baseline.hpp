// The poolers as the run found them: which entries are its own to move, where they pointed, their files.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cutover/estate/estate.hpp"
#include "cutover/record/journal.hpp"

namespace pgteal::cutover {

/// Where the entries of one pooler pointed when the run began, and the file they are in.
struct PoolerBaseline {
    std::string name;
    std::string path;
    std::string hash; ///< of the file as pgteal last saw or wrote it
    std::map<std::string, pooler::Target> entries;
};
BOOST_DESCRIBE_STRUCT(PoolerBaseline, (), (name, path, hash, entries))

/// What recorded_poolers() and its like read.
inline constexpr Fact<std::vector<PoolerBaseline>> poolers_recorded{"poolers"};

/// How long a pooler's console may take to answer while clients may be held.
inline constexpr auto console_patience = std::chrono::seconds(3);

/// Baselines as recorded by the run; empty before. Without those that the operator
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

/// Names of the poolers that the last switch-back went without; recorded_poolers() leaves them out.
std::set<std::string> left_behind(const Journal& journal);
void record_left_behind(Journal& journal, const std::set<std::string>& names);

} // namespace pgteal::cutover
