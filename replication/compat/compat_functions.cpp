// Functions and triggers that run in the apply worker: for rows of the lane, without an application's
// settings.
#include <algorithm>
#include <cctype>

#include "postgres/quote.hpp"
#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

std::string kind_of(const Call& call) { return call.object.substr(0, call.object.find(' ')); }

/// What both sides have has worked while green was filled.
bool has_it_too(const Table& table, const Call& call) {
    return std::ranges::any_of(table.calls, [&call](const Call& other) {
        return other.function == call.function && kind_of(other) == kind_of(call);
    });
}

void judge_calls(const Pair& pair, std::vector<Reason>* reasons) {
    for (const Call& call : pair.to.calls) {
        const bool not_run = !call.column.empty() && pair.sends(call.column);
        if (not_run || has_it_too(pair.from, call)) {
            continue;
        }
        Reason reason;
        reason.outcome = Outcome::stops;
        reason.level = Level::warning; // its source is only looked at, not understood
        reason.writes = call.column.empty() ? new_rows : std::set<Write>{Write::insert};
        reason.object = call.object;
        reason.when = "once " + call.function + "() runs for a row that arrives";
        reason.why = "it runs in the apply worker on " + pair.subscriber() +
                     ", whose search_path is empty: its source seems to name " + call.names +
                     " without a schema, which is not found then";
        reason.remedy = "on " + pair.subscriber() + ": ALTER FUNCTION " + call.function +
                        " SET search_path = " + postgres::quote_identifier(pair.to.schema) +
                        ", pg_temp; if what it names is in that schema";
        reasons->push_back(std::move(reason));
    }
}

/// A column that the lane sends and the trigger's source assigns; "" when there is none.
std::string overwritten(const Pair& pair, const Trigger& trigger) {
    for (const auto& sent : pair.sent) {
        std::string lower = sent;
        std::ranges::transform(lower, lower.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (std::ranges::find(trigger.sets, lower) != trigger.sets.end()) {
            return sent;
        }
    }
    return "";
}

/// Filling a column that only this side has is what such triggers are for.
void changing_triggers(const Pair& pair, std::vector<Reason>* reasons) {
    constexpr int before = 2;
    constexpr int on_insert = 4;
    constexpr int on_delete = 8;
    constexpr int on_update = 16;
    for (const Trigger& trigger : pair.to.triggers) {
        const bool both = std::ranges::any_of(pair.from.triggers, [&trigger](const Trigger& other) {
            return other.name == trigger.name && other.function == trigger.function;
        });
        const std::string column = overwritten(pair, trigger);
        if (both || (trigger.events & before) == 0 || (!trigger.drops && !trigger.opaque && column.empty())) {
            continue;
        }
        Reason reason;
        reason.outcome = Outcome::diverges;
        reason.level = Level::warning; // its source is only looked at, not understood
        for (const auto& [event, write] :
             {std::pair(on_insert, Write::insert), {on_update, Write::update}, {on_delete, Write::remove}}) {
            if ((trigger.events & event) != 0) {
                reason.writes.insert(write);
            }
        }
        reason.object = "trigger " + trigger.name;
        reason.when = "once " + trigger.function + "() changes a row that arrives";
        reason.why = "it is ENABLE ALWAYS or REPLICA on " + pair.subscriber() + " and " +
                     (!column.empty() ? "sets " + column + ", which " + pair.publisher() + " sends"
                      : trigger.drops ? std::string("leaves rows out by RETURN NULL")
                                      : "what it does to the row can't be told");
        reason.remedy = "let it set only columns that " + pair.publisher() + " doesn't have";
        reasons->push_back(std::move(reason));
    }
}

} // namespace

std::vector<Reason> worker_reasons(const Pair& pair) {
    std::vector<Reason> reasons;
    judge_calls(pair, &reasons);
    changing_triggers(pair, &reasons);
    return reasons;
}

} // namespace pgteal::replication::compat
