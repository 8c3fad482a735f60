#include "replication/sequence/sequence_ahead.hpp"

#include <algorithm>
#include <map>

#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

namespace {

/// Values that `sequence` can still return in the direction that it counts.
std::uint64_t room(const Sequence& sequence) {
    const bool ascending = sequence.increment > 0;
    const auto end = static_cast<std::uint64_t>(ascending ? sequence.maximum : sequence.minimum);
    const auto at = static_cast<std::uint64_t>(sequence.last);
    const auto step = static_cast<std::uint64_t>(sequence.increment);
    return ascending ? (end - at) / step : (at - end) / (0 - step);
}

/// Values that it has returned, when it began at its bound.
std::uint64_t taken(const Sequence& sequence) {
    const auto at = static_cast<std::uint64_t>(sequence.last);
    const auto step = static_cast<std::uint64_t>(sequence.increment);
    return sequence.increment > 0 ? (at - static_cast<std::uint64_t>(sequence.minimum)) / step
                                  : (static_cast<std::uint64_t>(sequence.maximum) - at) / (0 - step);
}

/// `from` moved on; never out of the bounds that `target` has.
std::int64_t moved_on(const Sequence& from, const Sequence& target) {
    Sequence there = target;
    there.last = std::clamp(from.last, target.minimum, target.maximum);
    const auto steps = std::min<std::uint64_t>(
        std::clamp<std::uint64_t>(taken(there) / 100, least_ahead, most_ahead), room(there) / 20);
    return there.last + static_cast<std::int64_t>(steps) * target.increment;
}

const Sequence* find(const std::vector<Sequence>& sequences, const Sequence& wanted) {
    const auto found = std::ranges::find_if(
        sequences, [&wanted](const Sequence& one) { return name_of(one) == name_of(wanted); });
    return found == sequences.end() ? nullptr : &*found;
}

Task<std::vector<Sequence>> sequences_on(postgres::Server* server, std::string database, Deadline deadline) {
    auto session = co_await server->session(std::move(database), deadline);
    auto sequences = co_await read_sequences(*session, deadline);
    co_return sequences;
}

Task<void> set(postgres::Server* server, std::string database, std::vector<Sequence> sequences,
               Deadline deadline) {
    if (!sequences.empty()) {
        postgres::Bindings values;
        values[binding_for("sequences", database)] = {to_json(sequences), false};
        auto text = postgres::bind(set_sequences(database).text, values);
        co_await server->script(std::move(database), std::move(text), deadline);
    }
}

} // namespace

std::vector<Sequence> set_ahead(const std::vector<Sequence>& from, const std::vector<Sequence>& to,
                                const CarryPlan& plan) {
    std::map<SequenceName, std::vector<const Sequence*>> followed;
    for (const auto& pair : plan.pairs) {
        const auto source =
            std::ranges::find_if(from, [&pair](const Sequence& one) { return name_of(one) == pair.from; });
        if (source != from.end()) {
            followed[pair.to].push_back(&*source);
        }
    }
    std::vector<Sequence> result;
    for (const Sequence& target : to) {
        const auto sources = followed.find(name_of(target));
        if (sources == followed.end() || target.cycle) {
            continue;
        }
        const bool ascending = target.increment > 0;
        const auto beyond = [ascending](std::int64_t a, std::int64_t b) { return ascending ? a > b : a < b; };
        Sequence moved = target;
        bool there = true; // what an interrupted attempt set is far enough, and rows may have its values
        for (const Sequence* source : sources->second) {
            if (!source->cycle && (source->increment > 0) == ascending) {
                const auto next = moved_on(*source, target);
                const auto half = source->last / 2 + next / 2;
                there = there && beyond(target.last, half);
                moved.last = beyond(next, moved.last) ? next : moved.last;
            }
        }
        if (!there && moved.last != target.last) {
            moved.called = true;
            result.push_back(std::move(moved));
        }
    }
    return result;
}

std::vector<Sequence> set_back(const std::vector<Sequence>& before, const std::vector<Sequence>& set,
                               const std::vector<Sequence>& now) {
    std::vector<Sequence> result;
    for (const Sequence& current : now) {
        const bool new_name = find(before, current) == nullptr;
        // One that a migration renamed is where it was set, which no new one comes to by itself.
        const auto one = std::ranges::find_if(set, [&](const Sequence& was) {
            const bool same = name_of(was) == name_of(current) || (new_name && find(now, was) == nullptr);
            return same && was.last == current.last && was.called == current.called;
        });
        const Sequence* old = one == set.end() ? nullptr : find(before, *one);
        if (old != nullptr) {
            result.push_back(current);
            result.back().last = old->last;
            result.back().called = old->called;
        }
    }
    return result;
}

Task<Ahead> carry_ahead(postgres::Server& from, postgres::Server& to, std::string database,
                        Deadline deadline) {
    Ahead ahead;
    CarryPlan plan;
    {
        auto here = co_await from.session(database, deadline);
        auto there = co_await to.session(database, deadline);
        plan = co_await read_carry_plan(*here, from.name(), *there, to.name(), deadline);
    }
    const auto clients = co_await sequences_on(&from, database, deadline);
    ahead.before = co_await sequences_on(&to, database, deadline);
    ahead.set = set_ahead(clients, ahead.before, plan);
    co_await set(&to, std::move(database), ahead.set, deadline);
    co_return ahead;
}

Task<void> take_back_unused(postgres::Server& to, std::string database, Ahead ahead, Deadline deadline) {
    const auto now = co_await sequences_on(&to, database, deadline);
    auto unused = set_back(ahead.before, ahead.set, now);
    co_await set(&to, std::move(database), std::move(unused), deadline);
}

} // namespace pgteal::replication
