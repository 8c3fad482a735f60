// Where a run stands, derived from the journal's events and from nothing else. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/side.hpp"
#include "cutover/record/journal.hpp"
#include "cutover/record/step_id.hpp"

namespace pgteal::cutover {

struct StepRecord {
    bool intent = false; ///< an intent is on disk: the actions may have been performed, in part or whole
    bool done = false;
};

/// Who serves, and what the switch that made it so recorded.
struct Served {
    Side serving = Side::blue;
    std::int64_t epoch = 1;
    int switchovers = 0;
    std::string switched_at;      ///< of the last switch, "" when none
    boost::json::object bindings; ///< of the last switch record
    bool unserved = false;        ///< the switch ended with no client reached by `serving`: it is not at rest
};

/// A switchover that was begun and neither completed nor aborted.
struct Attempt {
    Side from = Side::blue;
    Side to = Side::green;
    std::int64_t epoch = 0; ///< that `to` will have
    std::string token;      ///< pgteal.run.controller while it is under way
    bool switched = false;  ///< the switch point is durable
    bool returning = false; ///< from a side that no client reached
    Served before;          ///< what holds again when it is aborted
    std::map<std::string, StepRecord> steps;
    boost::json::object bindings; ///< of the switch record
};

struct Progress : Served {
    bool active = false; ///< a run was begun and neither finished nor removed
    std::string run_id;
    std::map<std::string, StepRecord> steps; ///< of prepare
    bool prepared = false;
    bool finishing = false;
    bool removing = false;
    bool ever_finished = false; ///< the last run in this journal ended by finish
    std::optional<Attempt> attempt;
    std::string last_step; ///< the newest step with an event
    /// Of prepare's.
    [[nodiscard]] StepRecord step(StepId id) const {
        const auto found = steps.find(name_of(id));
        return found == steps.end() ? StepRecord{} : found->second;
    }
};

Progress progress_of(const std::vector<Event>& events);
/// A run is prepared once what both sides are is recorded too.
Progress progress_of(const Journal& journal);

} // namespace pgteal::cutover
