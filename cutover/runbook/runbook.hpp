// The runbook: the ordered lists of steps that are the program. plan, execution, resume, abort and the docs
// are views of them.
#pragma once

#include "cutover/engine/context.hpp"
#include "cutover/engine/step.hpp"

namespace pgteal::cutover {

/// check … arm-reverse: from nothing to "ready to cut over".
Steps prepare_steps(Context& context);
/// The switchover for either direction, in its three parts: before the pause (undone by a failure), in the
/// pause, after it.
struct Switchover {
    Steps before; ///< gate, carry-grants, stage
    Steps pause;  ///< pause … resume
    Steps after;  ///< turn, confirm, late-grants
};
Switchover switchover_steps(Context& context, Move move);
/// After the switch point: what has to be true, whatever was lost on the way, up to the turned lanes.
/// Observed, so that nothing is done twice. What clients find then is confirm's to say, and keeps nobody from
/// going back.
Steps roll_forward_steps(Context& context, Move move);
/// Retires the standing side.
Steps finish_steps(Context& context, Side standing);

// Builders, one file a group.
Step check_step(Context& context);
Step claim_step(Context& context);
Step freeze_step(Context& context);
Step roles_step(Context& context);
Step schema_step(Context& context);
Step lanes_step(Context& context);
Step copy_step(Context& context);
Step build_step(Context& context);
Step migrate_step(Context& context);
Step subscribe_step(Context& context);
Step catch_up_step(Context& context);
Step analyze_step(Context& context);
Step compare_step(Context& context);
Step privileges_step(Context& context);
Step arm_step(Context& context);

Step gate_step(Context& context, Move move);
Step carry_privileges_step(Context& context, Move move);
Step stage_step(Context& context, Move move);
Step pause_step(Context& context, Move move);
Step fence_step(Context& context, Move move);
Step marker_step(Context& context, Move move);
Step barrier_step(Context& context, Move move);
Step still_step(Context& context, Move move);
Step sequences_step(Context& context, Move move);
Step retarget_step(Context& context, Move move);
Step switch_step(Context& context, Move move);
Step resume_step(Context& context, Move move);
Step turn_step(Context& context, Move move);
Step confirm_step(Context& context, Move move);
Step late_privileges_step(Context& context, Move move);
Step finish_step(Context& context, Side standing);

/// RESUME of every entry and the global RESUME, on every pooler.
std::vector<Action> resume_actions(Context& context);

/// docs/runbook.md, from the lists.
std::string runbook_markdown(Context& context);

} // namespace pgteal::cutover
