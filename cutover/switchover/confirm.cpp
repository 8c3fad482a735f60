#include <algorithm>
#include <map>
#include <set>

#include "cutover/fence/read_only.hpp"
#include "cutover/look/service.hpp"
#include "cutover/runbook/runbook.hpp"
#include "cutover/switchover/confirm.hpp"
#include "cutover/switchover/switchover_parts.hpp"

namespace pgteal::cutover {

namespace {

/// All tries together.
constexpr auto confirm_patience = std::chrono::seconds(10);
constexpr auto least_try = std::chrono::seconds(1);
/// A pooler that has just been let go, or a server that was killed and comes back, gets as long to serve
/// somebody; longer where pgteal's own logins come through. Clients that nobody serves are held on, in
/// effect.
constexpr auto nobody_for = std::chrono::seconds(3);
constexpr auto nobody_but_us_for = std::chrono::seconds(5);

bool proven(const Context& context, const std::string& pooler, Move move) {
    for (const auto& baseline : recorded_poolers(context.journal)) {
        for (const auto& [entry, target] : baseline.entries) {
            if (baseline.name == pooler && !context.executor.proven(pooler, entry, move.to)) {
                return false;
            }
        }
    }
    return true;
}

std::vector<Action> probes_left(const Context& context, Move move, std::vector<Action> actions) {
    std::erase_if(actions, [&](const Action& action) {
        const auto* probe = std::get_if<ProbeEntry>(&action.what);
        return probe == nullptr || context.executor.proven(probe->pooler, probe->entry, move.to);
    });
    return actions;
}

/// What a pause changed in a pooler's settings helps those that have not logged in yet: put back when all its
/// entries have answered, or `at_last`.
std::vector<Action> settings_left(const Context& context, Move move, std::vector<Action> actions,
                                  bool at_last) {
    std::erase_if(actions, [&](const Action& action) {
        const auto* settle = std::get_if<PoolerCommand>(&action.what);
        return settle == nullptr || context.executor.settled(settle->pooler) ||
               (!at_last && !proven(context, settle->pooler, move));
    });
    return actions;
}

Error none_served(Move move) {
    return {ErrorCode::conflict, to_string(move.to), "clients wait, and none is served"};
}

/// pgteal's own login says nothing of theirs.
Error pools_wait(Move move, const std::vector<std::string>& waiting) {
    std::string who;
    for (const auto& one : waiting) {
        who += (who.empty() ? "" : ", ") + one;
    }
    return {ErrorCode::conflict, to_string(move.to),
            "clients of " + who + " wait, and no login of theirs to " + to_string(move.to) + " comes through",
            "see in the pooler's log why " + to_string(move.to) + " refuses them, and mend that"};
}

/// Since when each pool has been stuck, as far as it was seen at every look since then.
class StuckPools {
public:
    void seen(const std::set<std::string>& stuck) {
        std::erase_if(since_, [&stuck](const auto& one) { return !stuck.contains(one.first); });
        for (const auto& pool : stuck) {
            since_.emplace(pool, Clock::now());
        }
    }
    [[nodiscard]] bool none() const { return since_.empty(); }
    [[nodiscard]] std::vector<std::string> for_long() const {
        std::vector<std::string> pools;
        for (const auto& [pool, since] : since_) {
            if (Clock::now() - since >= nobody_but_us_for) {
                pools.push_back(pool);
            }
        }
        return pools;
    }

private:
    std::map<std::string, Clock::time_point> since_;
};

/// Whether not one entry of any pooler has answered. One whose write waited for a lock has: it led to a
/// server that let pgteal in.
bool all_refused(const Context& context, Move move) {
    for (const auto& [where, error] : context.executor.unproven()) {
        if (as_error(error).code() == ErrorCode::conflict) {
            return false;
        }
    }
    for (const auto& baseline : recorded_poolers(context.journal)) {
        for (const auto& [entry, target] : baseline.entries) {
            if (context.executor.proven(baseline.name, entry, move.to)) {
                return false;
            }
        }
    }
    return true;
}

/// Whether every entry leads to a server that answers 25006 to a write: clients are let in there, and are as
/// little served as if they were not.
bool all_read_only(const Context& context) {
    const auto& unproven = context.executor.unproven();
    std::size_t entries = 0;
    for (const auto& baseline : recorded_poolers(context.journal)) {
        entries += baseline.entries.size();
    }
    return entries > 0 && unproven.size() == entries &&
           std::all_of(unproven.begin(), unproven.end(), [](const auto& one) {
               try {
                   std::rethrow_exception(one.second);
               } catch (const ServerError& error) {
                   return error.sqlstate() == read_only_state;
               } catch (...) {
                   return false;
               }
           });
}

/// The first probe that failed, in words that name its entry.
std::optional<Error> first_unproven(const Context& context) {
    if (context.executor.unproven().empty()) {
        return std::nullopt;
    }
    const auto& [where, error] = *context.executor.unproven().begin();
    const auto cause = as_error(error);
    const auto others = context.executor.unproven().size() - 1;
    return Error(cause.code(), where.first,
                 "no write came through entry " + where.second + " of " + where.first + ": " + cause.what() +
                     (others == 0 ? std::string() : "; nor through " + std::to_string(others) + " more"),
                 cause.hint());
}

} // namespace

Task<Confirmed> confirm(Context* context, Runner* runner, Reporter* reporter, Move move) {
    const auto step = step_of(StepId::confirm, *context, move);
    reporter->started(step);
    const auto start = Clock::now();
    const auto until = start + confirm_patience;
    auto served_until = start;
    Confirmed result;
    StuckPools stuck;
    bool all_answer = false;
    runner->announce(&step, step.unseen.todo(), move.epoch);
    while (true) {
        auto probes = probes_left(*context, move, step.unseen.todo());
        co_await runner->apart(&step, std::move(probes), move.epoch, until);
        auto settings = settings_left(*context, move, step.unseen.todo(), false);
        const auto failed = co_await runner->apart(&step, std::move(settings), move.epoch, until);
        const auto seen = co_await step.observe();
        const bool refused = all_refused(*context, move);
        result.read_only = all_read_only(*context);
        std::set<std::string> now_stuck;
        auto service = co_await read_service(context, refused, after(console_patience), &now_stuck);
        stuck.seen(now_stuck);
        result.waiting = stuck.for_long();
        if (result.read_only) {
            service = Service::nobody;
        }
        // Seen once is seen: the last try of all may be cut short.
        result.served =
            result.served || service == Service::served || (service != Service::nobody && !refused);
        served_until = service == Service::nobody ? served_until : Clock::now();
        all_answer = seen.state == State::done && service != Service::nobody;
        if (all_answer && stuck.none()) {
            result.problem.reset(); // an earlier try's
            runner->record_done(step, move.epoch, Clock::now() - start, seen.summary);
            co_return result;
        }
        result.problem = first_unproven(*context);
        if (all_answer && !result.waiting.empty()) {
            result.problem = pools_wait(move, result.waiting);
            break;
        }
        if (!result.problem && !failed.empty()) {
            result.problem = as_error(failed.begin()->second);
        }
        if (service == Service::nobody &&
            Clock::now() - served_until >= (refused ? nobody_for : nobody_but_us_for)) {
            result.nobody =
                !co_await somebody_there(context, move.to, result.read_only, after(console_patience));
            if (result.nobody) {
                result.problem = result.problem.value_or(none_served(move));
                break;
            }
            served_until = Clock::now();
        }
        if (Clock::now() + least_try >= until) { // a try cut short would say so, and not what is wrong
            break;
        }
        co_await sleep_for(std::chrono::milliseconds(200));
    }
    const auto failed = co_await put_settings_back(context, runner, move);
    if (all_answer && failed.empty() && result.waiting.empty()) { // too short a time to call anybody stuck
        result.problem.reset();
        const auto seen = co_await step.observe();
        runner->record_done(step, move.epoch, Clock::now() - start, seen.summary);
        co_return result;
    }
    if (!result.problem) {
        result.problem = failed.empty() ? none_served(move) : as_error(failed.begin()->second);
    }
    co_return result;
}

Task<Failures> put_settings_back(Context* context, Runner* runner, Move move) {
    const auto step = step_of(StepId::confirm, *context, move);
    auto rest = settings_left(*context, move, step.unseen.todo(), true);
    auto failed = co_await runner->apart(&step, std::move(rest), move.epoch, after(console_patience));
    co_return failed;
}

} // namespace pgteal::cutover
