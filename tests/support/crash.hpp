// For scenarios in which pgteal is killed: where that can happen, and what it may leave behind.
#pragma once

#include <string>
#include <vector>

#include "tests/support/scenario.hpp"

namespace pgteal::support {

/// A step as `pgteal --json plan` has it before the run begins, so that a step added later is covered without
/// anybody thinking of it.
struct PlannedStep {
    std::string id;
    std::size_t actions = 0;
};

/// The plan in its three parts. The steps that only look (check, gate) are left out: they come before
/// anything is recorded.
struct Plan {
    std::vector<PlannedStep> prepare;
    std::vector<PlannedStep> switchover;
    std::vector<PlannedStep> finish;
};
Plan read_plan(Scenario& scenario);

/// Where a step can be interrupted: its intent is on disk, its first action was performed, all is done but
/// not recorded. A step without actions of its own is skipped when what it waits for is so already: only its
/// end is certain to come.
std::vector<std::string> crash_points(const PlannedStep& step);
Scenario::Environment kill_at(const std::string& step, const std::string& point);

/// Everything of the kinds that pgteal makes, in any database of a server, one a line: schemas named pgteal,
/// publications, subscriptions, event triggers, slots, replication origins. The lab has none of its own.
std::string traces(Scenario& scenario, const std::string& side);
/// What an aborted run has to leave as it was: traces, databases, their limits and settings, roles, schemas,
/// and the poolers' files.
std::string world(Scenario& scenario);

/// The workload's log from here on, read piece by piece: it grows too long to be read whole after each of
/// many crashes.
class Tail {
public:
    explicit Tail(Scenario& scenario);
    /// Forgets what came so far.
    void skip();
    /// Until so many operations were acknowledged by the server with this system_identifier. False: the
    /// deadline passed before, or another server acknowledged one meanwhile.
    bool wait_acknowledged(workload::Id server, int count, std::chrono::seconds deadline);

private:
    std::vector<std::string> lines();
    std::string file_;
    std::streamoff position_ = 0;
};

} // namespace pgteal::support
