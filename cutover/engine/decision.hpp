// What to do next: pure functions of journal and observation.
#pragma once

#include "cutover/engine/step.hpp"
#include "cutover/record/progress.hpp"

namespace pgteal::cutover {

/// For one step on the way forward.
enum class Verdict {
    skip,    ///< it is done: record that, go on
    perform, ///< journal the intent, perform what plan() says is missing
    stop,    ///< what is there is not ours: stop with the evidence
};
Verdict decide(const StepRecord& record, const Observation& observation);

/// For one step on the way back.
enum class UndoVerdict {
    leave, ///< it was never begun and nothing of it is there
    undo,
};
UndoVerdict decide_undo(const Step& step, const StepRecord& record, const Observation& observation);

/// For `resume`.
enum class Resume {
    nothing, ///< no run, or a run that rests between commands
    go_on_preparing,
    undo_switchover,   ///< not switched: back to `from`
    finish_switchover, ///< switched: on to `to`
    go_on_finishing,
    go_on_removing,
};
Resume decide_resume(const Progress& progress);

} // namespace pgteal::cutover
