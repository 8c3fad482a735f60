// One for each row of the runbook: what its look, its actions and its way back are.
#pragma once

#include "cutover/engine/context.hpp"
#include "cutover/engine/step.hpp"

namespace pgteal::cutover {

void walk_check(Step& step, Context& context, Move move);
void walk_claim(Step& step, Context& context, Move move);
void walk_freeze(Step& step, Context& context, Move move);
void walk_roles(Step& step, Context& context, Move move);
void walk_schema(Step& step, Context& context, Move move);
void walk_lanes(Step& step, Context& context, Move move);
void walk_copy(Step& step, Context& context, Move move);
void walk_build(Step& step, Context& context, Move move);
void walk_migrate(Step& step, Context& context, Move move);
void walk_subscribe(Step& step, Context& context, Move move);
void walk_catch_up(Step& step, Context& context, Move move);
void walk_analyze(Step& step, Context& context, Move move);
void walk_compare(Step& step, Context& context, Move move);
void walk_privileges(Step& step, Context& context, Move move);
void walk_arm(Step& step, Context& context, Move move);

void walk_gate(Step& step, Context& context, Move move);
void walk_carry_grants(Step& step, Context& context, Move move);
void walk_stage(Step& step, Context& context, Move move);
void walk_pause(Step& step, Context& context, Move move);
void walk_fence(Step& step, Context& context, Move move);
void walk_marker(Step& step, Context& context, Move move);
void walk_barrier(Step& step, Context& context, Move move);
void walk_sequences(Step& step, Context& context, Move move);
void walk_retarget(Step& step, Context& context, Move move);
void walk_recheck(Step& step, Context& context, Move move);
void walk_switch(Step& step, Context& context, Move move);
void walk_resume(Step& step, Context& context, Move move);
void walk_turn(Step& step, Context& context, Move move);
void walk_confirm(Step& step, Context& context, Move move);
void walk_late_grants(Step& step, Context& context, Move move);

void walk_finish(Step& step, Context& context, Move move);

} // namespace pgteal::cutover
