// What the ends of a switchover share.
#pragma once

#include "cutover/engine/runner.hpp"
#include "cutover/switchover/switchover.hpp"

namespace pgteal::cutover {

Event attempt_event(EventKind kind, const Move& move, boost::json::object body = {});

/// The error as ours, whatever it was.
Error as_error(const std::exception_ptr& error);

SwitchoverResult result_of(const Runner& runner, std::string outcome, Side serving, std::int64_t epoch);

/// Removes what was staged beside the poolers' files.
void discard_files(Context* context);

/// After the switch point: on until `to` serves and the lanes are turned, observed, as often as it takes.
/// Poolers that do not answer keep only their own clients waiting: `true` when all but theirs is done.
Task<bool> roll_forward(Context* context, Runner* runner, Move move);

/// The run rests again. `unconfirmed`: what was not seen to be so; "" = all was. `unserved`: it does not rest
/// yet, since no client reached the new side.
void complete(Context* context, const Move& move, Clock::duration held, const std::string& unconfirmed = {},
              bool unserved = false);

/// From turned lanes to the end: what clients find is confirmed, the run rests again. When no client has
/// reached `to` it goes back by itself, unless it came from there. Throws SwitchoverFailed.
Task<SwitchoverResult> conclude(Context* context, Runner* runner, Reporter* reporter, Move move,
                                bool returning);

} // namespace pgteal::cutover
