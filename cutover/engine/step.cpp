#include "cutover/engine/step.hpp"

namespace pgteal::cutover {

std::string to_string(State state) {
    switch (state) {
    case State::absent:
        return "absent";
    case State::partial:
        return "partial";
    case State::done:
        return "done";
    case State::conflict:
        return "conflict";
    }
    return {};
}

std::string to_string(Recovery recovery) {
    switch (recovery) {
    case Recovery::undo:
        return "undo";
    case Recovery::switch_point:
        return "switch point";
    case Recovery::forward:
        return "forward";
    }
    return {};
}

std::string to_string(Writers writers) {
    switch (writers) {
    case Writers::blue:
        return "blue";
    case Writers::green:
        return "green";
    case Writers::none:
        return "none";
    case Writers::from:
        return "from";
    case Writers::to:
        return "to";
    }
    return {};
}

namespace {

Task<Observation> look_and_do(std::function<Task<Observation>()> look, std::function<Actions()> todo,
                              std::function<Actions()> back) {
    auto word = co_await look();
    if (word.state != State::conflict) {
        word.todo = std::move(todo);
        word.back = std::move(back);
    }
    co_return word;
}

} // namespace

void Step::walk(std::function<Task<Observation>()> look, std::function<Actions()> todo,
                std::function<Actions()> back) {
    unseen.todo = todo;
    unseen.back = back;
    observe = [=] { return look_and_do(look, todo, back); };
}

Step aside(StepId id) {
    Step step;
    step.id = name_of(id);
    return step;
}

Observation refused(const std::vector<Refusal>& all) {
    Observation seen;
    seen.state = State::conflict;
    seen.refusal = true;
    seen.side = all.front().side;
    seen.evidence = all.front().message;
    seen.hint = all.front().hint;
    seen.others.assign(all.begin() + 1, all.end());
    return seen;
}

Observation counted(std::size_t have, std::size_t want, std::string summary) {
    Observation seen;
    seen.state = have == want ? State::done : have == 0 ? State::absent : State::partial;
    seen.summary = std::move(summary);
    return seen;
}

} // namespace pgteal::cutover
