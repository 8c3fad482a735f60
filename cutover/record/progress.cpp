#include "cutover/record/progress.hpp"

#include "base/error.hpp"

namespace pgteal::cutover {

namespace {

[[noreturn]] void throw_lacking(const char* key) {
    throw Error(ErrorCode::file, "controller", std::string("the journal lacks '") + key + "' in a record",
                "restore the journal from where it was copied, or look at pgteal.run on both sides");
}

std::string needed_text(const boost::json::object& body, const char* key) {
    const auto* value = body.if_contains(key);
    if (value == nullptr || !value->is_string()) {
        throw_lacking(key);
    }
    return std::string(value->as_string());
}

Side side_in(const boost::json::object& body, const char* key) {
    const auto side = parse_side(needed_text(body, key));
    if (!side) {
        throw_lacking(key);
    }
    return *side;
}

void take_step(Progress& progress, const Event& event) {
    auto& steps = progress.attempt ? progress.attempt->steps : progress.steps;
    progress.last_step = event.step;
    switch (event.kind) {
    case EventKind::intent:
        steps[event.step].intent = true;
        break;
    case EventKind::done:
        steps[event.step] = {true, true};
        break;
    case EventKind::undone:
        steps.erase(event.step);
        break;
    default:
        break;
    }
}

void take_switch(Progress& progress, const Event& event) {
    progress.serving = side_in(event.body, "to");
    progress.epoch = event.epoch;
    progress.unserved = false;
    progress.switched_at = event.at;
    ++progress.switchovers;
    if (const auto* bindings = event.body.if_contains("bindings");
        bindings != nullptr && bindings->is_object()) {
        progress.bindings = bindings->as_object();
    }
    if (progress.attempt) {
        progress.attempt->switched = true;
        progress.attempt->bindings = progress.bindings;
    }
}

} // namespace

Progress progress_of(const std::vector<Event>& events) {
    Progress progress;
    for (const auto& event : events) {
        switch (event.kind) {
        case EventKind::run_begun:
            progress = Progress{};
            progress.active = true;
            progress.run_id = needed_text(event.body, "run_id");
            break;
        case EventKind::begun: {
            Attempt attempt;
            attempt.from = side_in(event.body, "from");
            attempt.to = side_in(event.body, "to");
            attempt.epoch = event.epoch;
            if (event.body.contains("attempt")) { // not so in journals of early builds
                attempt.token = needed_text(event.body, "attempt");
            }
            attempt.returning = progress.unserved;
            attempt.before = progress;
            progress.attempt = std::move(attempt);
            break;
        }
        case EventKind::switched:
            take_switch(progress, event);
            break;
        case EventKind::aborted:
            if (progress.attempt) {
                static_cast<Served&>(progress) = progress.attempt->before;
            }
            progress.attempt.reset();
            break;
        case EventKind::completed:
            progress.unserved = event.body.contains("unserved");
            progress.attempt.reset();
            break;
        case EventKind::finishing:
            progress.finishing = true;
            break;
        case EventKind::removing:
            progress.removing = true;
            break;
        case EventKind::finished:
            progress.active = false;
            progress.finishing = false;
            progress.ever_finished = true;
            break;
        case EventKind::removed:
            progress.active = false;
            progress.removing = false;
            break;
        case EventKind::approved:
        case EventKind::migrated:
        case EventKind::voided:
        case EventKind::accepted:
            break;
        default:
            take_step(progress, event);
            break;
        }
        if (!progress.attempt && event.step == name_of(last_of_prepare) && event.kind == EventKind::done) {
            progress.prepared = true;
        }
    }
    return progress;
}

Progress progress_of(const Journal& journal) {
    auto progress = progress_of(journal.events());
    progress.prepared = progress.prepared && journal.recall(facts::prepared_recorded).value_or(false);
    return progress;
}

} // namespace pgteal::cutover
