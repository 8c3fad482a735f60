// What commands do about a side that went back in time: they say so, write it down, and don't go on.
#pragma once

#include "cutover/look/side_looks.hpp"
#include "postgres/statement.hpp"

namespace pgteal::cutover {

/// In the journal too; with an event for a doubt that it did not know, or for what a comparison settled.
void keep_looked(Journal* journal, const Progress& progress, const Looked& looked);

/// Look and keep. Throws Error(refused) while there is a doubt.
Task<void> require_no_doubt(Context* context);
/// Before green is dropped: look and keep. Throws Error(refused) when blue, which serves, went back in time:
/// green may hold the only copy of what blue lost. Not with --keep-green.
Task<void> require_nothing_only_on_green(Context* context);
/// Look and keep, at the end of a command; a doubt is a warning then: what was done is done.
Task<void> note_sides(Context* context);
/// For the gate: look and keep. What was seen is bound for require_seen_text().
Task<std::optional<Refusal>> doubt_at_gate(Context* context);

/// Inside the pause, without a round trip of its own: raises 55000 when the server is not on the timeline
/// that the gate saw, or earlier in it: binds :'timeline_<side>' and :'flushed_<side>'.
postgres::SqlText require_seen_text(Side side);

} // namespace pgteal::cutover
