// Looks at both servers of a run, for whether one of them went back in time, and remembers what was seen.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cutover/engine/context.hpp"
#include "cutover/look/side_record.hpp"

namespace pgteal::cutover {

struct Looked {
    std::map<Side, SideNow> now;
    std::map<Side, SideRecord> records; ///< as they are after this look
    std::vector<Doubt> doubts;
    bool ahead = false; ///< a subscriber is beyond its publisher's WAL just now: its lane leaves commits out
};

/// Whether there is something to look at: green is made, and no switch, abort or finish is under way.
bool worth_a_look(const Progress& progress);

/// Compares both sides with what is remembered of them, and writes down what it saw, on both sides, each
/// side's own row first and flushed: a row that is gone later shows that the side went back, however much WAL
/// it wrote since. Doubts are written down too and stay, as what shows them passes. A side that doesn't
/// answer is passed over. Never throws for a server.
Task<Looked> look_at_sides(Estate* estate, Progress progress, Deadline deadline);

/// After a comparison that found both sides equal: what they are now is what counts. `before`: the look
/// before it. Throws Error(conflict) when a side went back while it was compared.
Task<Looked> accept_sides(Estate* estate, Progress progress, const Looked* before, Deadline deadline);

/// What the journal remembers of the sides in this run.
std::map<Side, SideRecord> seen_in_run(const Journal& journal, const std::string& run_id);

} // namespace pgteal::cutover
