// The runbook: one table of steps, which is the program. plan, execution, resume, abort and the docs are
// views of it.
#pragma once

#include <vector>

#include "cutover/engine/context.hpp"
#include "cutover/engine/step.hpp"

namespace pgteal::cutover {

enum class Part {
    prepare, ///< from nothing to "ready to cut over"
    before,  ///< of a switchover, for either direction: a failure takes it back
    held,    ///< with clients held
    after,   ///< what clients don't wait for
    finish,  ///< retires the standing side, which is move.from
};

struct Row {
    StepId id;
    Part part;
    StepFacts facts;
    /// Only looked at, and before anything is begun: a refusal leaves no trace.
    bool asks = false;
    /// Whatever was lost on the way, this has to be true past the switch point: looked at again and done, so
    /// that nothing is done twice.
    bool again = false;
    /// How it looks, what it does and how it is taken back, into the step.
    void (*walk)(Step& step, Context& context, Move move) = nullptr;
};

/// All rows, in the order in which they run.
const std::vector<Row>& runbook();

Step step_of(StepId id, Context& context, Move move = {});
/// Of some parts, without those that ask.
Steps steps_of(const std::vector<Part>& parts, Context& context, Move move = {});
/// What has to be true past the switch point, up to the turned lanes. What clients find then is confirm's to
/// say, and keeps nobody from going back.
Steps steps_again(Context& context, Move move);

/// RESUME of every entry and the global RESUME, on every pooler.
Actions resume_actions(Context& context);

/// docs/runbook.md, from the table.
std::string runbook_markdown();

} // namespace pgteal::cutover
