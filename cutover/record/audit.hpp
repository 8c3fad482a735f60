// The journal as a record for people: who did what, when, for how long, and exactly what was sent.
#pragma once

#include <string>
#include <vector>

#include <boost/json.hpp>

#include "base/clock.hpp"
#include "cutover/actions/action.hpp"
#include "cutover/record/journal.hpp"
#include "migration/files/find.hpp"

namespace pgteal::cutover {

/// {"database","side","script","version","sha256","ms","sql"}: a file that was applied. Its SQL is
/// kept without constants: a password of a view's dblink() stands in one, like that of a role.
Event migrated_event(const std::string& database, const std::string& side, const migration::File& file,
                     Clock::duration time);

/// One thing that was done: a step with its outcome, or an event that stands for itself.
struct AuditEntry {
    std::int64_t seq = 0; ///< of its first event
    std::string at;       ///< UTC
    std::string ended;    ///< UTC; "" when there is no record of an end
    std::string who, command;
    std::string run_id; ///< "" outside a run
    std::int64_t epoch = 0;
    std::string what;    ///< "run begun", "step", "step undone", "approved", "switchover begun" …
    std::string step;    ///< of steps
    std::string outcome; ///< of steps: done, undone, "no record of its end"
    std::optional<Clock::duration> time; ///< that it took, where that is known
    std::string summary;                 ///< in words
    std::vector<Description> actions;
    boost::json::object details; ///< the event's body, for those that stand for themselves
};

/// Pure. In the journal's order.
std::vector<AuditEntry> audit_of(const std::vector<Event>& events, const std::vector<Author>& authors);

/// {"run","entries":[…],"approvals":[…],"migrations":[…],"switchovers":[…]}
boost::json::object audit_document(const std::string& run, const std::vector<AuditEntry>& entries);

/// One block for each command that was run.
std::string audit_text(const std::string& run, const std::vector<AuditEntry>& entries);

} // namespace pgteal::cutover
