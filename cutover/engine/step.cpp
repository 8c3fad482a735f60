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

Observation counted(std::size_t have, std::size_t want, std::string summary) {
    Observation seen;
    seen.state = have == want ? State::done : have == 0 ? State::absent : State::partial;
    seen.summary = std::move(summary);
    return seen;
}

} // namespace pgteal::cutover
