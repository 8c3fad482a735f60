// Taking steps back, last one first, with as little as possible while clients are held.
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/engine/runner.hpp"
#include "cutover/engine/runner_parts.hpp"

namespace pgteal::cutover {

Task<void> Runner::back(const Steps* steps, std::int64_t epoch, std::map<std::string, StepRecord> records) {
    silent_.clear();
    why_silent_ = nullptr;
    std::vector<const Step*> apart;
    announce_undo(*steps, epoch, records);
    for (auto step = steps->rbegin(); step != steps->rend(); ++step) {
        if (not_begun_.contains(step->id)) {
            continue;
        }
        if (step->each_place_alone && step->taken_back()) {
            if (records[step->id].intent) { // else nothing of it was done: intents come first
                co_await back_apart(&*step, epoch);
                apart.push_back(&*step);
            }
            continue;
        }
        const std::function<Task<void>()> one = [&] { return back_one(&*step, epoch, records[step->id]); };
        try {
            co_await insist(one, after(step->deadline));
        } catch (...) {
            note_failed();
            throw;
        }
    }
    if (held_since_) {
        held_for_ = Clock::now() - *held_since_;
        held_since_.reset();
        reporter_.clients_go_on(held_for_);
    }
    for (const auto* step : undone_) {
        reporter_.undone(*step);
    }
    undone_.clear();
    if (!silent_.empty()) {
        std::chrono::milliseconds patience{};
        for (const auto* step : apart) {
            patience =
                std::max(patience, std::chrono::duration_cast<std::chrono::milliseconds>(step->deadline));
        }
        const std::function<Task<void>()> again = [&] { return back_silent(&apart); };
        co_await insist(again, after(patience));
    }
    for (const auto* step : apart) {
        undone_events_.push_back(event(epoch, step->id, EventKind::undone));
    }
    undone_events_.insert(undone_events_.begin(), failed_.begin(), failed_.end());
    failed_.clear();
    if (!undone_events_.empty()) {
        note(std::move(undone_events_));
        undone_events_.clear();
    }
}

/// What will be taken back with clients held, in one write: each flush of the journal is one that they wait
/// for.
void Runner::announce_undo(const Steps& steps, std::int64_t epoch,
                           const std::map<std::string, StepRecord>& records) {
    std::vector<Event> undoing = std::move(failed_); // why comes before what is done about it
    failed_.clear();
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        const auto record = records.find(step->id);
        const bool begun = record != records.end() && record->second.intent && !not_begun_.contains(step->id);
        if (step->in_pause && step->taken_back() && begun) {
            undoing.push_back(event(epoch, step->id, EventKind::undoing, actions_body(step->unseen.back())));
            announced_.insert(step->id);
        }
    }
    if (!undoing.empty()) {
        note(std::move(undoing));
    }
}

/// All places at once, each for itself; those that fail are left to back_silent().
Task<void> Runner::back_apart(const Step* step, std::int64_t epoch) {
    auto actions = step->unseen.back();
    if (!announced_.contains(step->id)) {
        note({event(epoch, step->id, EventKind::undoing, actions_body(actions))});
    }
    crash_point(step->id, "undoing");
    auto with = hooks(step);
    const auto failed =
        co_await executor_.perform_apart(std::move(actions), silent_, after(first_try), std::move(with));
    for (const auto& [place, cause] : failed) {
        silent_.insert(place);
        why_silent_ = why_silent_ ? why_silent_ : cause;
    }
    crash_point(step->id, "undone");
    undone_.push_back(step);
}

/// Each place goes all the way by itself: the clients of one that answers again don't wait for one that is
/// dead.
Task<void> Runner::back_silent(const std::vector<const Step*>* steps) {
    Failures failed;
    for (const auto* step : *steps) {
        auto actions = step->unseen.back();
        std::erase_if(actions, [&](const auto& action) {
            return !silent_.contains(place_of(action)) || failed.contains(place_of(action));
        });
        auto with = hooks(step);
        const auto these =
            co_await executor_.perform_apart(std::move(actions), {}, after(first_try), std::move(with));
        failed.insert(these.begin(), these.end());
    }
    std::erase_if(silent_, [&](const auto& place) { return !failed.contains(place); });
    if (!failed.empty()) {
        std::rethrow_exception(failed.begin()->second);
    }
}

/// On the way back out of a pause a journal that can't be written must not keep clients held: the intents are
/// on disk, so that resume knows of all there is to take back.
void Runner::note(std::vector<Event> events) {
    try {
        journal_.append(std::move(events));
    } catch (const std::exception& error) {
        spdlog::warn("the journal can't be written: {}", error.what());
    }
}

Task<void> Runner::back_one(const Step* step, std::int64_t epoch, StepRecord record) {
    if (!step->taken_back()) {
        co_return;
    }
    auto seen = co_await step->observe();
    if (decide_undo(*step, record, seen) == UndoVerdict::leave) {
        co_return;
    }
    auto actions = (seen.back ? seen : step->unseen).back();
    auto undoing = event(epoch, step->id, EventKind::undoing, actions_body(actions));
    auto undone = event(epoch, step->id, EventKind::undone);
    if (!announced_.contains(step->id)) {
        write_down(*step, std::move(undoing));
    }
    crash_point(step->id, "undoing");
    auto with = hooks(step);
    try {
        co_await executor_.perform(std::move(actions), after(step->deadline), std::move(with));
    } catch (...) {
        note_failure(*step, epoch, std::current_exception());
        throw;
    }
    crash_point(step->id, "undone");
    if (step->in_pause) {
        undone_events_.push_back(std::move(undone));
        undone_.push_back(step);
    } else {
        write_down(*step, std::move(undone));
        reporter_.undone(*step);
    }
}

} // namespace pgteal::cutover
