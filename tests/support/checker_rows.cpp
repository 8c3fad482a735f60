#include <algorithm>
#include <map>
#include <unordered_set>

#include "tests/support/checker_rules.hpp"

namespace pgteal::workload {

Attempts::Attempts(const Log& log) : ops_(log.ops) {
    by_id_.reserve(ops_.size());
    for (const auto& op : ops_) {
        by_id_.emplace(op.id, &op);
    }
}

const Op* Attempts::find(Id op) const {
    const auto found = by_id_.find(op);
    return found == by_id_.end() ? nullptr : found->second;
}

void Inspection::add(Verdict verdict, std::string_view table, Id key, std::string detail, Id count) const {
    findings.add(verdict,
                 {std::string(name(side)), std::string(table), std::to_string(key), std::move(detail)},
                 count);
}

const Op* Inspection::writer(std::string_view table, const Row& row,
                             std::initializer_list<Kind> kinds) const {
    const Op* op = attempts.find(row.op);
    const auto because = [&](std::string why) {
        add(Verdict::wrong, table, row.key, std::move(why));
        return nullptr;
    };
    if (op == nullptr || std::ranges::find(kinds, op->kind) == kinds.end()) {
        return because("nobody attempted to write this row (operation " + std::to_string(row.op) + ")");
    }
    if (op->outcome == Outcome::failed || op->outcome == Outcome::missing) {
        return because("operation " + std::to_string(op->id) + " was rejected (" + op->sqlstate +
                       "), yet its row is there");
    }
    if (!row.intact) {
        return because("its content isn't what operation " + std::to_string(op->id) + " wrote");
    }
    if (op->acknowledged() && row.server != op->server) {
        return because("the row says that server " + std::to_string(row.server) +
                       " took it; the client was answered by " + std::to_string(op->server));
    }
    return op;
}

namespace {

std::string acknowledged_by(const Op& op) {
    return "operation " + std::to_string(op.id) + " (" + std::string(name(op.kind)) +
           ") was acknowledged by server " + std::to_string(op.server) + " at " + std::to_string(op.done_us) +
           " us";
}

using Seen = std::unordered_set<Id>;

// Rows that are written once: each acknowledged one exactly once, others at most once. Returns the operations
// found.
template <class Fits, class Required>
Seen written_once(const Inspection& inspection, std::string_view table, Kind kind, Fits fits,
                  Required required) {
    Seen seen;
    for (const auto& row : inspection.snapshot.table(table)) {
        const bool first = seen.insert(row.op).second;
        const Op* op = inspection.writer(table, row, {kind});
        if (op == nullptr) {
            continue;
        }
        if (!first) {
            inspection.add(Verdict::duplicated, table, row.key,
                           "a second row of operation " + std::to_string(op->id));
        } else if (!fits(row, *op)) {
            inspection.add(Verdict::wrong, table, row.key,
                           "its content isn't what operation " + std::to_string(op->id) + " wrote");
        }
    }
    for (const auto& op : inspection.attempts.all()) {
        if (op.kind == kind && op.acknowledged() && required(op) && !seen.contains(op.id)) {
            inspection.add(Verdict::lost, table, op.id, acknowledged_by(op));
        }
    }
    return seen;
}

bool always(const Op&) { return true; }

} // namespace

void check_inserts(const Inspection& inspection) {
    written_once(
        inspection, "events", Kind::event, [](const Row& row, const Op& op) { return row.a == op.client; },
        always);
    written_once(
        inspection, "transfers", Kind::transfer,
        [](const Row& row, const Op& op) { return row.a == op.a && row.b == op.b && row.c == op.c; }, always);
    const auto parents = written_once(
        inspection, "parents", Kind::family, [](const Row&, const Op&) { return true; }, always);

    std::map<Id, std::vector<Id>> children;
    for (const auto& row : inspection.snapshot.table("children")) {
        if (inspection.writer("children", row, {Kind::family}) != nullptr) {
            children[row.key].push_back(row.a);
        }
        if (!parents.contains(row.key)) {
            inspection.add(Verdict::wrong, "children", row.key,
                           "a child without its parent: half a transaction");
        }
    }
    for (const auto& op : inspection.attempts.all()) {
        if (op.kind != Kind::family || !parents.contains(op.id)) {
            continue;
        }
        const auto found = static_cast<Id>(children[op.id].size());
        if (found != children_per_parent) {
            const auto verdict = found > children_per_parent ? Verdict::duplicated
                                 : op.acknowledged()         ? Verdict::lost
                                                             : Verdict::wrong;
            inspection.add(verdict, "children", op.id,
                           "the parent has " + std::to_string(found) + " of its " +
                               std::to_string(children_per_parent) + " children: half a transaction");
        }
    }
}

void check_deletes(const Inspection& inspection) {
    std::unordered_map<Id, const Op*> removed;
    for (const auto& op : inspection.attempts.all()) {
        if (op.kind == Kind::remove && op.outcome != Outcome::failed) {
            removed.emplace(op.a, &op);
        }
    }
    const auto items = written_once(
        inspection, "items", Kind::item, [](const Row&, const Op&) { return true; },
        [&](const Op& op) { return !removed.contains(op.id); });
    const auto tombstones = written_once(
        inspection, "tombstones", Kind::remove, [](const Row& row, const Op& op) { return row.key == op.a; },
        always);

    for (const auto& [item, op] : removed) {
        const bool there = items.contains(item);
        const bool buried = tombstones.contains(op->id);
        if (there && op->acknowledged()) {
            inspection.add(Verdict::wrong, "items", item,
                           "it is back: the delete of operation " + std::to_string(op->id) +
                               " was acknowledged");
        } else if (there == buried && op->outcome == Outcome::unknown) {
            inspection.add(Verdict::wrong, "items", item,
                           "half of operation " + std::to_string(op->id) + ": item and tombstone are both " +
                               (there ? "there" : "absent"));
        }
    }
}

void check_totals(const Inspection& inspection) {
    std::map<Id, std::pair<Id, Id>> increments; // acknowledged, unknown
    for (Id i = 1; i <= counters; ++i) {
        increments[i] = {};
    }
    for (const auto& op : inspection.attempts.all()) {
        if (op.kind == Kind::counter) {
            increments[op.a].first += op.outcome == Outcome::ok;
            increments[op.a].second += op.outcome == Outcome::unknown;
        }
    }
    std::map<Id, Id> held;
    for (const auto& row : inspection.snapshot.table("counters")) {
        held[row.key] = row.a;
        if (!increments.contains(row.key)) {
            inspection.add(Verdict::wrong, "counters", row.key, "nobody attempted to write this row");
        }
    }
    for (const auto& [counter, expected] : increments) {
        const auto [acknowledged, unknown] = expected;
        const auto found = held.find(counter);
        const Id n = found == held.end() ? 0 : found->second;
        const auto detail =
            (found == held.end() ? std::string("its row is gone") : "n is " + std::to_string(n)) +
            "; acknowledged " + std::to_string(acknowledged) + ", unknown " + std::to_string(unknown);
        if (n < acknowledged || found == held.end()) {
            inspection.add(Verdict::lost, "counters", counter, detail, std::max<Id>(1, acknowledged - n));
        } else if (n > acknowledged + unknown) {
            inspection.add(Verdict::duplicated, "counters", counter, detail, n - acknowledged - unknown);
        }
    }

    std::map<Id, Id> balances;
    for (Id i = 1; i <= accounts; ++i) {
        balances[i] = opening_balance;
    }
    for (const auto& row : inspection.snapshot.table("transfers")) {
        balances[row.a] -= row.c;
        balances[row.b] += row.c;
    }
    Id total = 0;
    std::size_t known = 0;
    for (const auto& row : inspection.snapshot.table("accounts")) {
        total += row.a;
        const auto expected = balances.find(row.key);
        known += expected != balances.end();
        if (expected == balances.end() || expected->second != row.a) {
            inspection.add(
                Verdict::wrong, "accounts", row.key,
                "its balance is " + std::to_string(row.a) + "; the ledger in the same snapshot says " +
                    (expected == balances.end() ? "nothing of it" : std::to_string(expected->second)));
        }
    }
    if (total != accounts * opening_balance || known != balances.size()) {
        inspection.add(Verdict::wrong, "accounts", 0,
                       "the total of " + std::to_string(known) + " accounts is " + std::to_string(total) +
                           ", not " + std::to_string(accounts * opening_balance));
    }
}

} // namespace pgteal::workload
