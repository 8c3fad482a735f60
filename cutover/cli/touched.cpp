#include "cutover/cli/touched.hpp"

#include <algorithm>

namespace pgteal::cutover {

namespace {

bool has_actions(const Event& event) {
    const auto* list = event.body.if_contains("actions");
    return list != nullptr && list->is_array() && !list->as_array().empty();
}

bool changes_something(const Event& event) {
    switch (event.kind) {
    case EventKind::intent:
    case EventKind::undoing:
        return has_actions(event);
    case EventKind::done:
    case EventKind::undone:
    case EventKind::failed:
    case EventKind::approved:
    case EventKind::voided: // what a look saw
    case EventKind::accepted:
        return false;
    default:
        return true;
    }
}

} // namespace

bool touched_by(const std::vector<Event>& events, std::int64_t first_seq) {
    return std::any_of(events.begin(), events.end(), [first_seq](const Event& event) {
        return event.seq >= first_seq && changes_something(event);
    });
}

std::string consequence(Exit exit, bool touched, const std::optional<Progress>& progress) {
    if (exit == Exit::interrupted) {
        return "Clients may be held, or the old side is not in step yet.";
    }
    if (!touched) {
        return !progress           ? "Nothing was changed." // how clients fare is not known
               : progress->attempt ? "Nothing was changed now, and clients may be held until it is settled."
                                   : "Nothing was changed; clients are served as before.";
    }
    const bool preparing = progress && progress->active && !progress->prepared && !progress->removing;
    return std::string("Clients are served by the same side as before.") +
           (preparing ? " What was made stays: pgteal prepare goes on with it, pgteal abort takes it away."
                      : "");
}

} // namespace pgteal::cutover
