#include "cutover/runner.hpp"

#include <algorithm>
#include <iterator>

#include <spdlog/spdlog.h>

#include "postgres/error.hpp"

namespace pgteal::cutover {

namespace {

/// How long a pooler may take when others wait behind it; afterwards it is tried alone.
constexpr auto first_try = std::chrono::seconds(3);

boost::json::object actions_body(const std::vector<Action>& actions) {
    boost::json::array list;
    for (const auto& [where, what] : describe(actions)) {
        boost::json::object one;
        one["where"] = where;
        one["what"] = what;
        list.push_back(std::move(one));
    }
    boost::json::object body;
    body["actions"] = std::move(list);
    return body;
}

Event event(std::int64_t epoch, const std::string& step, EventKind kind, boost::json::object body = {}) {
    Event made;
    made.epoch = epoch;
    made.step = step;
    made.kind = kind;
    made.body = std::move(body);
    return made;
}

boost::json::object done_body(double ms, const std::string& summary) {
    boost::json::object body;
    body["ms"] = ms;
    body["summary"] = summary;
    return body;
}

} // namespace

namespace {

/// What the server may not say again in a moment: conflicts with other sessions, locks, cancellations,
/// lack of something, and its own troubles ("tuple concurrently updated" is XX000).
bool passing(const ServerError& failed) {
    static const std::set<std::string_view> classes{"08", "40", "53", "55", "57", "58", "XX"};
    return classes.contains(std::string_view(failed.sqlstate()).substr(0, 2));
}

} // namespace

bool worth_a_retry(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ServerError& failed) {
        return passing(failed);
    } catch (const Error& failed) {
        return failed.code() == ErrorCode::connection_lost || failed.code() == ErrorCode::unreachable ||
               failed.code() == ErrorCode::deadline;
    } catch (...) {
        return false;
    }
}

Task<void> insist(std::function<Task<void>()> attempt, Deadline deadline, std::function<void()> between) {
    auto wait = std::chrono::milliseconds(200);
    while (true) {
        std::exception_ptr error;
        try {
            co_await attempt();
        } catch (...) {
            error = std::current_exception();
        }
        if (!error) {
            co_return;
        }
        if (!worth_a_retry(error) || Clock::now() >= deadline) {
            std::rethrow_exception(error);
        }
        if (between) {
            between();
        }
        co_await sleep_for(wait);
        wait = std::min(wait * 3 / 2, std::chrono::milliseconds(2000));
    }
}

void throw_conflict(const Step& step, const Observation& observation) {
    throw Error(observation.refusal ? ErrorCode::refused : ErrorCode::conflict, observation.side,
                observation.evidence.empty() ? step.id + ": not as expected" : observation.evidence,
                observation.hint);
}

struct Runner::Planned {
    const Step* step = nullptr;
    Observation observation;
    std::vector<Action> actions;
    double ms = 0;
    std::string summary;
};

Executor::Hooks Runner::hooks(const Step* step) {
    auto count = std::make_shared<int>(0);
    return {
        [this, step](const std::string& text, double fraction) { reporter_.progress(*step, text, fraction); },
        [step, count] { crash_point(step->id, "action-" + std::to_string(++*count)); }};
}

void Runner::record_done(const Step& step, std::int64_t epoch, double ms, const std::string& summary) {
    crash_point(step.id, "done");
    write_down(step, event(epoch, step.id, EventKind::done, done_body(ms, summary)));
    times_.push_back({step.id, ms});
    reporter_.done(step, summary, ms);
}

/// Past the switch point the record of the switch says all that a resume needs, and clients may be held: a
/// journal that can't be written is no reason to stop there.
void Runner::write_down(const Step& step, Event one) {
    if (step.in_pause || rolling_forward_) {
        note({std::move(one)});
    } else {
        journal_.append(std::move(one));
    }
}

Task<Observation> Runner::wait_until_done(const Step* step, Deadline deadline) {
    auto wait = std::chrono::milliseconds(step->in_pause ? 1 : 20);
    while (true) {
        auto seen = co_await step->observe();
        if (seen.state == State::done) {
            co_return seen;
        }
        if (seen.state == State::conflict) {
            throw_conflict(*step, seen);
        }
        if (Clock::now() >= deadline) {
            throw DeadlinePassed(seen.side,
                                 "step " + step->id + " did not come to its end within " +
                                     std::to_string(step->deadline.count() / 1000) + " s" +
                                     (seen.summary.empty() ? "" : ": " + seen.summary),
                                 "look at pgteal status; pgteal resume goes on");
        }
        reporter_.progress(*step, seen.summary, -1);
        co_await sleep_for(wait);
        wait = std::min(wait * 2, std::chrono::milliseconds(step->in_pause ? 5 : 500));
    }
}

Task<void> Runner::forward(const Steps* steps, std::int64_t epoch,
                           std::map<std::string, StepRecord> records) {
    for (const auto& step : *steps) {
        co_await forward_one(&step, epoch, records[step.id]);
    }
}

Task<void> Runner::forward_one(const Step* step, std::int64_t epoch, StepRecord record) {
    reporter_.started(*step);
    const auto start = Clock::now();
    auto seen = co_await step->observe();
    switch (decide(record, seen)) {
    case Verdict::stop:
        throw_conflict(*step, seen);
    case Verdict::skip:
        break;
    case Verdict::perform: {
        if (step->each_place_alone) {
            through_.clear(); // it may hold again whom another step has to let go
        }
        const auto deadline = after(step->deadline);
        auto actions = step->plan(seen);
        write_down(*step, event(epoch, step->id, EventKind::intent, actions_body(actions)));
        crash_point(step->id, "intent");
        auto with = hooks(step);
        co_await executor_.perform(std::move(actions), deadline, std::move(with));
        seen = co_await wait_until_done(step, deadline);
        break;
    }
    }
    executor_.release_held();
    record_done(*step, epoch, to_ms(Clock::now() - start), seen.summary);
}

Task<void> Runner::perform_in_pause(Planned* planned, Deadline deadline) {
    const auto* step = planned->step;
    not_begun_.erase(step->id);
    const auto start = Clock::now();
    crash_point(step->id, "intent");
    auto actions = planned->actions;
    auto with = hooks(step);
    co_await executor_.perform(std::move(actions), std::min(deadline, after(step->deadline)),
                               std::move(with));
    if (step->observe_after) {
        co_await wait_until_done(step, deadline);
    }
    planned->ms = to_ms(Clock::now() - start);
    crash_point(step->id, "done");
}

namespace {

Task<Observation> observe(const Step* step) {
    auto seen = co_await step->observe();
    if (seen.state == State::conflict) {
        throw_conflict(*step, seen);
    }
    co_return seen;
}

} // namespace

Task<void> Runner::pause(const Steps* steps, std::int64_t epoch, std::chrono::milliseconds max_pause) {
    std::vector<Task<Observation>> looks;
    for (const auto& step : *steps) {
        looks.push_back(observe(&step));
    }
    auto seen = co_await all(std::move(looks));
    std::vector<Planned> planned;
    std::vector<Event> intents;
    for (std::size_t i = 0; i < steps->size(); ++i) {
        const auto& step = (*steps)[i];
        auto actions = step.plan(seen[i]);
        intents.push_back(event(epoch, step.id, EventKind::intent, actions_body(actions)));
        planned.push_back(Planned{&step, std::move(seen[i]), std::move(actions), 0, {}});
    }
    for (const auto& step : *steps) {
        not_begun_.insert(step.id);
    }
    journal_.append(std::move(intents));
    executor_.fresh_token();

    reporter_.clients_held();
    const auto start = Clock::now();
    held_since_ = start;
    const auto deadline = start + max_pause;
    for (std::size_t i = 0; i < planned.size();) {
        std::vector<Task<void>> together;
        do {
            together.push_back(perform_in_pause(&planned[i], deadline));
            ++i;
        } while (i < planned.size() && planned[i].step->with_previous);
        if (together.size() == 1) {
            co_await std::move(together.front());
        } else {
            co_await all(std::move(together));
        }
    }
    pause_ms_ = to_ms(Clock::now() - start);
    held_since_.reset();
    std::vector<Event> dones;
    for (auto& one : planned) {
        one.summary =
            one.step->summary ? one.step->summary() : std::string(); // reads the journal: not while held
        dones.push_back(event(epoch, one.step->id, EventKind::done, done_body(one.ms, one.summary)));
        times_.push_back({one.step->id, one.ms});
        reporter_.done(*one.step, one.summary, one.ms);
    }
    reporter_.clients_go_on(pause_ms_);
    note(std::move(dones));
}

Task<void> Runner::roll_forward(const Steps* steps, std::int64_t epoch,
                                std::map<std::string, StepRecord> records) {
    silent_.clear();
    why_silent_ = nullptr;
    rolling_forward_ = true;
    std::string last_alone;
    for (const auto& step : *steps) {
        last_alone = step.each_place_alone ? step.id : last_alone;
    }
    for (const auto& step : *steps) {
        if (!step.each_place_alone) {
            if (why_silent_ && !step.in_pause) {
                std::rethrow_exception(why_silent_);
            }
            co_await forward_one(&step, epoch, records[step.id]);
            continue;
        }
        std::exception_ptr error = why_silent_;
        if (!error) {
            try {
                co_await forward_one(&step, epoch, records[step.id]);
            } catch (...) {
                error = std::current_exception();
            }
        }
        if (!error) {
            continue;
        }
        auto with = hooks(&step);
        const Observation unseen;
        auto actions = step.plan(unseen);
        auto leave_out = silent_;
        leave_out.insert(through_.begin(), through_.end());
        std::set<std::string> places;
        for (const auto& action : actions) {
            places.insert(place_of(action));
        }
        const auto failed = co_await executor_.perform_apart(std::move(actions), std::move(leave_out),
                                                             after(first_try), std::move(with));
        for (const auto& [place, cause] : failed) {
            silent_.insert(place);
        }
        if (step.id == last_alone) {
            std::set_difference(places.begin(), places.end(), silent_.begin(), silent_.end(),
                                std::inserter(through_, through_.end()));
        }
        why_silent_ = error;
    }
    if (why_silent_) {
        std::rethrow_exception(why_silent_);
    }
}

Task<void> Runner::back(const Steps* steps, std::int64_t epoch, std::map<std::string, StepRecord> records) {
    silent_.clear();
    why_silent_ = nullptr;
    std::vector<const Step*> apart;
    announce_undo(*steps, epoch, records);
    for (auto step = steps->rbegin(); step != steps->rend(); ++step) {
        if (not_begun_.contains(step->id)) {
            continue;
        }
        if (step->each_place_alone && step->undo) {
            if (records[step->id].intent) { // else nothing of it was done: intents come first
                co_await back_apart(&*step, epoch);
                apart.push_back(&*step);
            }
            continue;
        }
        const std::function<Task<void>()> one = [&] { return back_one(&*step, epoch, records[step->id]); };
        co_await insist(one, after(step->deadline));
    }
    if (held_since_) {
        pause_ms_ = to_ms(Clock::now() - *held_since_);
        held_since_.reset();
        reporter_.clients_go_on(pause_ms_);
    }
    for (const auto* step : undone_) {
        reporter_.undone(*step);
    }
    undone_.clear();
    if (!silent_.empty()) {
        for (const auto* step : apart) {
            const std::function<Task<void>()> again = [&] { return back_silent(step); };
            co_await insist(again, after(step->deadline));
        }
    }
    for (const auto* step : apart) {
        undone_events_.push_back(event(epoch, step->id, EventKind::undone));
    }
    if (!undone_events_.empty()) {
        note(std::move(undone_events_));
        undone_events_.clear();
    }
}

/// What will be taken back with clients held, in one write: each flush of the journal is one that they wait
/// for.
void Runner::announce_undo(const Steps& steps, std::int64_t epoch,
                           const std::map<std::string, StepRecord>& records) {
    std::vector<Event> undoing;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        const auto record = records.find(step->id);
        const bool begun = record != records.end() && record->second.intent && !not_begun_.contains(step->id);
        if (step->in_pause && step->undo && begun) {
            undoing.push_back(
                event(epoch, step->id, EventKind::undoing, actions_body(step->undo(Observation{}))));
            announced_.insert(step->id);
        }
    }
    if (!undoing.empty()) {
        note(std::move(undoing));
    }
}

/// All places at once, each for itself; those that fail are left to back_silent().
Task<void> Runner::back_apart(const Step* step, std::int64_t epoch) {
    auto actions = step->undo(Observation{});
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

Task<void> Runner::back_silent(const Step* step) {
    auto actions = step->undo(Observation{});
    std::erase_if(actions, [this](const auto& action) { return !silent_.contains(place_of(action)); });
    auto with = hooks(step);
    const auto failed =
        co_await executor_.perform_apart(std::move(actions), {}, after(first_try), std::move(with));
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
    if (step->recovery != Recovery::undo || !step->undo) {
        co_return;
    }
    auto seen = co_await step->observe();
    if (decide_undo(*step, record, seen) == UndoVerdict::leave) {
        co_return;
    }
    auto actions = step->undo(seen);
    auto undoing = event(epoch, step->id, EventKind::undoing, actions_body(actions));
    auto undone = event(epoch, step->id, EventKind::undone);
    if (!announced_.contains(step->id)) {
        write_down(*step, std::move(undoing));
    }
    crash_point(step->id, "undoing");
    auto with = hooks(step);
    co_await executor_.perform(std::move(actions), after(step->deadline), std::move(with));
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
