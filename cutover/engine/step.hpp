// A step of the runbook: one named, observable, resumable unit. The table of them is runbook/runbook.cpp.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/refusal.hpp"
#include "cutover/actions/action.hpp"
#include "cutover/record/step_id.hpp"

namespace pgteal::cutover {

enum class State { absent, partial, done, conflict };
std::string to_string(State state);

using Actions = std::vector<Action>;

/// What a look found. `evidence` explains a conflict in words for people.
struct Observation {
    State state = State::absent;
    std::string evidence;
    std::string hint;            ///< for a conflict: the next thing to type
    std::string side;            ///< for a conflict: where
    std::string summary;         ///< when done: "3 poolers, 41 connections drained"
    bool refusal = false;        ///< a conflict that a check or gate is there to find: exit 3, not 1
    std::vector<Refusal> others; ///< for a conflict: what stands in the way besides
    /// What is missing of the step, and what takes back what is there of it: both of what this look saw. A
    /// conflict has neither. Without `back` the step is not taken back.
    std::function<Actions()> todo;
    std::function<Actions()> back;
};

/// What a step's look saw, for its own todo and back.
template <class Seen>
struct Sight {
    Observation word;
    Seen seen{};
    Sight(Observation observation, Seen what = {}) // NOLINT(google-explicit-constructor): a conflict is one
        : word(std::move(observation)), seen(std::move(what)) {}
};

/// A conflict that was looked for, with all that was found; `all` has one at least.
Observation refused(const std::vector<Refusal>& all);
/// `have` of `want` things are there: done, absent or partial.
Observation counted(std::size_t have, std::size_t want, std::string summary);

enum class Recovery {
    undo,         ///< a failure takes it back
    switch_point, ///< the record that decides; tiny
    forward,      ///< a failure is resumed to the end
};
enum class Writers { blue, green, none, from, to };

/// What is known of a step before anything is looked at.
struct StepFacts {
    const char* title = "";
    const char* makes_true = ""; ///< the guarantee that holds once it is done
    Writers writers_after = Writers::blue;
    Recovery recovery = Recovery::undo;
    /// Clients are held: every round trip is felt, and the answers of the actions themselves are the proof.
    bool in_pause = false;
    /// Its actions are right whatever is there, and those for one place don't depend on another's: when a
    /// pooler does not answer, the clients of the others must not wait for it.
    bool each_place_alone = false;
    bool with_previous = false; ///< runs at the same time as the step before it
    /// Nothing before it changes what it will find: plan shows what it would do now.
    bool planned_by_look = false;
    std::chrono::milliseconds deadline = std::chrono::minutes(1);
};

struct Step : StepFacts {
    std::string id;
    std::function<Task<Observation>()> observe;
    /// What is done, or taken back, when nothing could be looked at.
    Observation unseen;
    /// What observe() finds when it is this step's turn in an undisturbed run, for plan; `unseen` when empty.
    std::function<Observation()> expected;
    /// Words for the display once the actions are done inside a pause (where observe() is not called).
    std::function<std::string()> summary;

    [[nodiscard]] bool taken_back() const {
        return recovery == Recovery::undo && static_cast<bool>(unseen.back);
    }
    /// For a step that needs no more than the word of its look.
    void walk(std::function<Task<Observation>()> look, std::function<Actions()> todo,
              std::function<Actions()> back = {});
    /// For a step whose actions follow from what its look saw; nothing seen is a Seen as it is made.
    template <class Seen>
    struct Walk {
        std::function<Task<Sight<Seen>>()> look;
        std::function<Actions(const Seen&)> todo;
        std::function<Actions(const Seen&)> back; ///< may be empty
        std::function<Seen()> expected;           ///< may be empty
    };
    template <class Seen>
    void walk(Walk<Seen> how);
};

/// Nothing to do, for a step that is looked at or goes with another.
inline Actions nothing() { return {}; }

/// A step that is no row of the runbook.
Step aside(StepId id);

using Steps = std::vector<Step>;

std::string to_string(Recovery recovery);
std::string to_string(Writers writers);

// ----------------------------------------------------------------------------------------------------------

template <class Seen>
Observation with_actions(Sight<Seen> sight, const Step::Walk<Seen>& how) {
    auto word = std::move(sight.word);
    if (word.state != State::conflict) {
        const auto seen = std::make_shared<const Seen>(std::move(sight.seen));
        word.todo = [todo = how.todo, seen] { return todo(*seen); };
        if (how.back) {
            word.back = [back = how.back, seen] { return back(*seen); };
        }
    }
    return word;
}

template <class Seen>
Task<Observation> look_with_actions(Step::Walk<Seen> how) {
    auto sight = co_await how.look();
    co_return with_actions(std::move(sight), how);
}

template <class Seen>
void Step::walk(Walk<Seen> how) {
    unseen = with_actions(Sight<Seen>(Observation{}), how);
    if (how.expected) {
        expected = [how] { return with_actions(Sight<Seen>(Observation{}, how.expected()), how); };
    }
    observe = [how = std::move(how)] { return look_with_actions(how); };
}

} // namespace pgteal::cutover
