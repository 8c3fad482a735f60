// Where a run stands, derived from the journal's events and from nothing else. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cutover/journal.hpp"
#include "cutover/side.hpp"

namespace pgteal::cutover {

struct StepRecord {
    bool intent = false; ///< an intent is on disk: the actions may have been performed, in part or whole
    bool done = false;
};

/// A switchover that was begun and neither completed nor aborted.
struct Attempt {
    Side from = Side::blue;
    Side to = Side::green;
    std::int64_t epoch = 0; ///< that `to` will have
    bool switched = false;  ///< the switch point is durable
    std::map<std::string, StepRecord> steps;
    boost::json::object bindings; ///< of the switch record
};

struct Progress {
    bool active = false; ///< a run was begun and neither finished nor removed
    std::string run_id;
    Side serving = Side::blue;
    std::int64_t epoch = 1;
    std::map<std::string, StepRecord> steps; ///< of prepare
    bool prepared = false;
    bool finishing = false;
    bool removing = false;
    bool ever_finished = false; ///< the last run in this journal ended by finish
    int switchovers = 0;
    std::string switched_at; ///< of the last switch, "" when none
    std::optional<Attempt> attempt;
    std::string last_step;        ///< the newest step with an event
    boost::json::object bindings; ///< of the last switch record
};

/// `last_prepare_step`: the id whose done event means "prepared".
Progress progress_of(const std::vector<Event>& events, const std::string& last_prepare_step);

} // namespace pgteal::cutover
