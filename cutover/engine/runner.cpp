#include "cutover/engine/runner.hpp"

#include <algorithm>
#include <iterator>

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/engine/refused.hpp"
#include "cutover/engine/runner_parts.hpp"
#include "cutover/fence/run_row.hpp"

namespace pgteal::cutover {

namespace {

/// After the pause all clients log in at once, to a server whose caches are cold. The probes that follow can
/// wait: where all share a machine, they would take the processor from the clients' logins.
constexpr auto breath = std::chrono::milliseconds(50);

boost::json::object done_body(Clock::duration time, const std::string& summary) {
    boost::json::object body;
    body["ms"] = to_ms(time);
    body["summary"] = summary;
    return body;
}

} // namespace

namespace {

/// What the server may not say again in a moment: conflicts with other sessions, locks, cancellations,
/// lack of something, and its own troubles ("tuple concurrently updated" is XX000). Not what guards refuse
/// (overtaken): another attempt or controller went on, and that stays so.
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

bool overtaken_by_another(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ServerError& failed) {
        return failed.sqlstate() == overtaken;
    } catch (...) {
        return false;
    }
}

Task<void> insist(std::function<Task<void>()> attempt, Deadline deadline, std::function<void()> between) {
    auto wait = std::chrono::milliseconds(200);
    // Once: an attempt of ours whose answer was lost may be what went on, and the next look tells.
    bool overtaken_before = false;
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
        const bool again = worth_a_retry(error) || (overtaken_by_another(error) && !overtaken_before);
        if (!again || Clock::now() >= deadline) {
            std::rethrow_exception(error);
        }
        overtaken_before = overtaken_by_another(error);
        if (between) {
            between();
        }
        co_await sleep_for(wait);
        wait = std::min(wait * 3 / 2, std::chrono::milliseconds(2000));
    }
}

std::vector<Refusal> others_of(const Error& error) {
    const auto* const refused = dynamic_cast<const Refused*>(&error);
    return refused == nullptr ? std::vector<Refusal>{} : refused->others();
}

void throw_conflict(const Step& step, const Observation& observation) {
    if (!observation.others.empty()) {
        throw Refused(observation.side, observation.evidence, observation.hint, observation.others);
    }
    throw Error(observation.refusal ? ErrorCode::refused : ErrorCode::conflict, observation.side,
                observation.evidence.empty() ? step.id + ": not as expected" : observation.evidence,
                observation.hint);
}

std::string words_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& known) {
        return known.what();
    }
}

struct Runner::Planned {
    const Step* step = nullptr;
    Observation observation;
    std::vector<Action> actions;
    Clock::duration time{};
    std::string summary;
};

Executor::Hooks Runner::hooks(const Step* step) {
    auto count = std::make_shared<int>(0);
    return {
        [this, step](const std::string& text, double fraction) { reporter_.progress(*step, text, fraction); },
        [step, count] { crash_point(step->id, "action-" + std::to_string(++*count)); }};
}

void Runner::record_done(const Step& step, std::int64_t epoch, Clock::duration time,
                         const std::string& summary) {
    crash_point(step.id, "done");
    write_down(step, event(epoch, step.id, EventKind::done, done_body(time, summary)));
    times_.push_back({step.id, time});
    reporter_.done(step, summary, time);
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
        auto actions = seen.todo();
        write_down(*step, event(epoch, step->id, EventKind::intent, actions_body(actions)));
        crash_point(step->id, "intent");
        auto with = hooks(step);
        try {
            co_await executor_.perform(std::move(actions), deadline, std::move(with));
            seen = co_await wait_until_done(step, deadline);
        } catch (...) {
            note_failure(*step, epoch, std::current_exception());
            throw;
        }
        break;
    }
    }
    executor_.release_held();
    record_done(*step, epoch, Clock::now() - start, seen.summary);
}

Task<void> Runner::perform_in_pause(Planned* planned, std::int64_t epoch, Deadline deadline) {
    const auto* step = planned->step;
    not_begun_.erase(step->id);
    const auto start = Clock::now();
    crash_point(step->id, "intent");
    auto actions = planned->actions;
    auto with = hooks(step);
    try {
        co_await executor_.perform(std::move(actions), std::min(deadline, after(step->deadline)),
                                   std::move(with));
    } catch (...) {
        note_failure(*step, epoch, std::current_exception());
        throw;
    }
    planned->time = Clock::now() - start;
    crash_point(step->id, "done");
}

/// Why a step did not come to its end. Where clients may be held it waits for a write that is made anyway, or
/// for the end: nobody is kept waiting for a flush of it.
void Runner::note_failure(const Step& step, std::int64_t epoch, const std::exception_ptr& error) {
    failed_.push_back(event(epoch, step.id, EventKind::failed, {{"error", words_of(error)}}));
    if (!step.in_pause && !rolling_forward_ && !held_since_) {
        note_failed();
    }
}

void Runner::note_failed() {
    if (!failed_.empty()) {
        note(std::move(failed_));
        failed_.clear();
    }
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
        auto actions = seen[i].todo();
        intents.push_back(event(epoch, step.id, EventKind::intent, actions_body(actions)));
        planned.push_back(Planned{&step, std::move(seen[i]), std::move(actions), {}, {}});
    }
    for (const auto& step : *steps) {
        not_begun_.insert(step.id);
    }
    journal_.append(std::move(intents));
    executor_.fresh_token();

    reporter_.clients_held();
    const auto start = Clock::now();
    held_since_ = start;
    held_from_ = start;
    const auto deadline = start + max_pause;
    for (std::size_t i = 0; i < planned.size();) {
        std::vector<Task<void>> together;
        do {
            together.push_back(perform_in_pause(&planned[i], epoch, deadline));
            ++i;
        } while (i < planned.size() && planned[i].step->with_previous);
        if (together.size() == 1) {
            co_await std::move(together.front());
        } else {
            co_await all(std::move(together));
        }
    }
    held_for_ = Clock::now() - start;
    held_since_.reset();
    std::vector<Event> dones;
    for (auto& one : planned) {
        one.summary =
            one.step->summary ? one.step->summary() : std::string(); // reads the journal: not while held
        dones.push_back(event(epoch, one.step->id, EventKind::done, done_body(one.time, one.summary)));
        times_.push_back({one.step->id, one.time});
        reporter_.done(*one.step, one.summary, one.time);
    }
    reporter_.clients_go_on(held_for_);
    note(std::move(dones));
    co_await sleep_for(breath);
}

Task<void> Runner::roll_forward(const Steps* steps, std::int64_t epoch,
                                std::map<std::string, StepRecord> records) {
    silent_.clear();
    why_silent_ = nullptr;
    rolling_forward_ = true;
    only_poolers_silent_ = false;
    std::string last_alone;
    for (const auto& step : *steps) {
        last_alone = step.each_place_alone ? step.id : last_alone;
    }
    for (const auto& step : *steps) {
        if (!step.each_place_alone) {
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
            if (held_since_ && step.id == last_alone) {
                held_for_ = Clock::now() - *held_since_;
                held_since_.reset();
                reporter_.clients_go_on(held_for_);
            }
            continue;
        }
        auto with = hooks(&step);
        auto actions = step.unseen.todo();
        auto leave_out = silent_;
        leave_out.insert(through_.begin(), through_.end());
        std::set<Place> places;
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
    note_failed();
    if (why_silent_) {
        only_poolers_silent_ = true;
        std::rethrow_exception(why_silent_);
    }
}

Task<void> Runner::together(const Step* step, std::vector<Action> actions, std::int64_t epoch,
                            Deadline deadline) {
    note({event(epoch, step->id, EventKind::intent, actions_body(actions))});
    crash_point(step->id, "intent");
    auto with = hooks(step);
    co_await executor_.perform(std::move(actions), deadline, std::move(with));
    crash_point(step->id, "done");
}

void Runner::announce(const Step* step, const std::vector<Action>& actions, std::int64_t epoch) {
    if (announced_.insert(step->id + " apart").second) { // tries that follow are the same once more
        note({event(epoch, step->id, EventKind::intent, actions_body(actions))});
        crash_point(step->id, "intent");
    }
}

Task<Failures> Runner::apart(const Step* step, std::vector<Action> actions, std::int64_t epoch,
                             Deadline deadline) {
    if (actions.empty()) {
        co_return Failures();
    }
    announce(step, actions, epoch);
    auto with = hooks(step);
    auto failed = co_await executor_.perform_apart(std::move(actions), {}, deadline, std::move(with));
    co_return failed;
}

} // namespace pgteal::cutover
