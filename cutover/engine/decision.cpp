#include "cutover/engine/decision.hpp"

namespace pgteal::cutover {

Verdict decide(const StepRecord& record, const Observation& observation) {
    static_cast<void>(record); // what the servers say outranks what the journal remembers
    switch (observation.state) {
    case State::done:
        return Verdict::skip;
    case State::conflict:
        return Verdict::stop;
    case State::absent:
    case State::partial:
        return Verdict::perform;
    }
    return Verdict::stop;
}

UndoVerdict decide_undo(const Step& step, const StepRecord& record, const Observation& observation) {
    if (!step.taken_back()) {
        return UndoVerdict::leave;
    }
    // An intent on disk means that actions may be under way on a server although nothing shows yet.
    if (record.intent) {
        return UndoVerdict::undo;
    }
    return observation.state == State::partial || observation.state == State::done ? UndoVerdict::undo
                                                                                   : UndoVerdict::leave;
}

Resume decide_resume(const Progress& progress) {
    if (!progress.active) {
        return Resume::nothing;
    }
    if (progress.attempt) {
        return progress.attempt->switched ? Resume::finish_switchover : Resume::undo_switchover;
    }
    if (progress.removing) {
        return Resume::go_on_removing;
    }
    if (progress.finishing) {
        return Resume::go_on_finishing;
    }
    if (progress.unserved) {
        return Resume::finish_switchover;
    }
    return progress.prepared ? Resume::nothing : Resume::go_on_preparing;
}

} // namespace pgteal::cutover
