// A step of the runbook: one named, observable, resumable unit. The ordered list of steps is the program (see
// runbook.hpp).
#pragma once

#include <any>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "cutover/actions/action.hpp"

namespace pgteal::cutover {

enum class State { absent, partial, done, conflict };
std::string to_string(State state);

/// What observe() found. `evidence` explains a conflict in words for people.
struct Observation {
    State state = State::absent;
    std::any seen; ///< what observe() read, for plan() and undo() of the same step
    std::string evidence;
    std::string hint;     ///< for a conflict: the next thing to type
    std::string side;     ///< for a conflict: where
    std::string summary;  ///< when done: "3 poolers, 41 connections drained"
    bool refusal = false; ///< a conflict that a check or gate is there to find: exit 3, not 1
};

/// `have` of `want` things are there: done, absent or partial.
Observation counted(std::size_t have, std::size_t want, std::string summary);

enum class Recovery {
    undo,         ///< a failure takes it back
    switch_point, ///< the record that decides; tiny
    forward,      ///< a failure is resumed to the end
};
enum class Writers { blue, green, none, from, to };

struct Step {
    std::string id; ///< persisted, never renamed or reused
    std::string title;
    std::string makes_true; ///< the guarantee that holds once it is done
    Writers writers_after = Writers::blue;
    Recovery recovery = Recovery::undo;
    bool in_pause = false;
    /// Inside the pause every round trip is felt: there the answers of the actions themselves are the proof,
    /// unless this says that observe() must look again.
    bool observe_after = true;
    /// Its actions are right whatever is there, and those for one place don't depend on another's: when a
    /// pooler does not answer, the clients of the others must not wait for it.
    bool each_place_alone = false;
    bool with_previous = false; ///< runs at the same time as the step before it
    std::chrono::milliseconds deadline{60'000};

    std::function<Task<Observation>()> observe;
    /// What observe() finds when it is this step's turn in an undisturbed run, for plan; absent (nothing
    /// seen) when empty.
    std::function<Observation()> expected;
    std::function<std::vector<Action>(const Observation&)> plan;
    /// Present only if recovery == undo, and something is to be taken back. Only called for what observe()
    /// found or the journal knows was begun.
    std::function<std::vector<Action>(const Observation&)> undo;
    /// Words for the display once the actions are done inside a pause (where observe() is not called).
    std::function<std::string()> summary;
};

using Steps = std::vector<Step>;

std::string to_string(Recovery recovery);
std::string to_string(Writers writers);

} // namespace pgteal::cutover
