// The loop that runs the runbook: observe, decide, journal, perform, look again. Resume after a crash is the
// same loop.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cutover/engine/decision.hpp"
#include "cutover/engine/reporter.hpp"
#include "cutover/engine/step.hpp"
#include "cutover/executor/executor.hpp"
#include "cutover/record/journal.hpp"

namespace pgteal::cutover {

struct StepTime {
    std::string id;
    Clock::duration time{};
};

class Runner {
public:
    Runner(Journal& journal, Executor& executor, Reporter& reporter)
        : journal_(journal), executor_(executor), reporter_(reporter) {}

    /// Runs the steps in order, each observed first. Throws the first error; what is done stays done.
    Task<void> forward(const Steps* steps, std::int64_t epoch, std::map<std::string, StepRecord> records);

    /// Runs the steps of a pause. All of them are observed and planned, and their intents are on disk in one
    /// write, before the first one runs; inside, only the switch point writes to the journal. What was done
    /// is recorded after the last one.
    Task<void> pause(const Steps* steps, std::int64_t epoch, std::chrono::milliseconds max_pause);

    /// Brings a switchover that is past its switch point to its end. A pooler that does not answer keeps
    /// neither the switch nor the other poolers' clients waiting; then the error is thrown when all that can
    /// be done is done.
    Task<void> roll_forward(const Steps* steps, std::int64_t epoch,
                            std::map<std::string, StepRecord> records);

    /// Actions of one step, each place's by itself; the errors by place. Nothing is looked at. The journal
    /// has the first ones of a step; it may be called again for those that failed.
    /// The intent of all that apart() will perform of this step, in one; otherwise its first actions are it.
    void announce(const Step* step, const std::vector<Action>& actions, std::int64_t epoch);
    Task<Failures> apart(const Step* step, std::vector<Action> actions, std::int64_t epoch,
                         Deadline deadline);
    /// The same, phase by phase, all places in step: throws the first error.
    Task<void> together(const Step* step, std::vector<Action> actions, std::int64_t epoch, Deadline deadline);
    /// Notes that the step has come to its end, in the journal and for whoever listens.
    void record_done(const Step& step, std::int64_t epoch, Clock::duration time, const std::string& summary);
    /// The last roll_forward() did all there was to do but what poolers that do not answer have to do.
    [[nodiscard]] bool only_poolers_silent() const { return only_poolers_silent_; }

    /// Takes steps back, last first. Connection errors are retried until each step's deadline: a server that
    /// restarts comes back. A pooler that does not answer comes last: the clients of the others go on first.
    Task<void> back(const Steps* steps, std::int64_t epoch, std::map<std::string, StepRecord> records);

    /// Writes down why steps failed where that waited for clients to go on.
    void note_failed();
    [[nodiscard]] const std::vector<StepTime>& times() const { return times_; }
    [[nodiscard]] Clock::duration held_for() const { return held_for_; }
    /// When this runner held clients.
    [[nodiscard]] std::optional<Clock::time_point> held_from() const { return held_from_; }

private:
    struct Planned;
    Task<void> forward_one(const Step* step, std::int64_t epoch, StepRecord record);
    Task<void> perform_in_pause(Planned* planned, std::int64_t epoch, Deadline deadline);
    void note_failure(const Step& step, std::int64_t epoch, const std::exception_ptr& error);
    Task<void> back_one(const Step* step, std::int64_t epoch, StepRecord record);
    Task<void> back_apart(const Step* step, std::int64_t epoch);
    Task<void> back_silent(const std::vector<const Step*>* steps);
    void announce_undo(const Steps& steps, std::int64_t epoch,
                       const std::map<std::string, StepRecord>& records);
    void note(std::vector<Event> events);
    void write_down(const Step& step, Event event);
    Task<Observation> wait_until_done(const Step* step, Deadline deadline);
    Executor::Hooks hooks(const Step* step);

    Journal& journal_;
    Executor& executor_;
    Reporter& reporter_;
    std::vector<StepTime> times_;
    Clock::duration held_for_{};
    std::set<std::string> not_begun_; ///< steps of the pause that this process planned and has not come to
    std::set<Place> silent_;          ///< places that did not answer on the way
    /// Places where all is done that each place does alone: what comes again for the silent ones' sake would
    /// only hold their clients anew.
    std::set<Place> through_;
    bool rolling_forward_ = false;
    bool only_poolers_silent_ = false;
    std::exception_ptr why_silent_;
    /// Told when clients have gone on: a terminal that takes no output must not keep them held.
    std::vector<const Step*> undone_;
    std::set<std::string> announced_;  ///< steps whose undoing is on disk
    std::vector<Event> undone_events_; ///< written when clients have gone on
    std::vector<Event> failed_;        ///< not written yet
    std::optional<Clock::time_point> held_from_;
    std::optional<Clock::time_point> held_since_; ///< clients are held by this process
};

/// A connection error or deadline: the same may go through when a server is back.
bool worth_a_retry(const std::exception_ptr& error);

/// A guard refused, since another attempt or controller went on.
bool overtaken_by_another(const std::exception_ptr& error);

/// Tries, with `between` after each failure, until it succeeds, fails for a reason that won't go away by
/// itself, or the deadline passes: then the last error is thrown.
Task<void> insist(std::function<Task<void>()> attempt, Deadline deadline, std::function<void()> between = {});

/// The error that a conflict or refusal of observe() is thrown as.
[[noreturn]] void throw_conflict(const Step& step, const Observation& observation);

} // namespace pgteal::cutover
