// A world made by hand: a log, and the rows that a server without fault would hold after it. Tests then
// damage it.
#pragma once

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/checker.hpp"

namespace pgteal::workload {

inline constexpr Id blue = 7001;
inline constexpr Id green = 7002;

class World {
public:
    World() {
        for (Id i = 1; i <= counters; ++i) {
            rows.table("counters").push_back({0, i, blue, 0});
        }
        for (Id i = 1; i <= accounts; ++i) {
            rows.table("accounts").push_back({0, i, blue, opening_balance});
        }
    }

    Op& attempt(Kind kind, Outcome outcome = Outcome::ok, Id a = 0, Id b = 0, Id c = 0) {
        Op op;
        op.id = next_++;
        op.kind = kind;
        op.a = a;
        op.b = b;
        op.c = c;
        op.sent_us = clock_ += 10;
        op.done_us = clock_ += 10;
        op.latency_us = 10;
        op.outcome = outcome;
        op.server = outcome == Outcome::ok ? serving : 0;
        op.sqlstate = outcome == Outcome::failed ? "XX000" : "";
        log.from_us = log.ops.empty() ? op.sent_us : log.from_us;
        log.to_us = op.done_us;
        log.ops.push_back(op);
        return log.ops.back();
    }

    Id row(std::string_view table, const Op& op, Id key, Id a = 0, Id b = 0, Id c = 0) {
        rows.table(table).push_back({op.id, key, serving, a, b, c});
        return op.id;
    }

    Row& find(std::string_view table, Id key) {
        auto& all = rows.table(table);
        return *std::ranges::find(all, key, &Row::key);
    }
    void erase(std::string_view table, Id key) {
        std::erase_if(rows.table(table), [&](const Row& row) { return row.key == key; });
    }

    Id event(Outcome outcome = Outcome::ok) {
        const Op& op = attempt(Kind::event, outcome);
        return outcome == Outcome::ok ? row("events", op, op.id, op.client) : op.id;
    }
    void increment(Id counter) {
        attempt(Kind::counter, Outcome::ok, counter);
        ++find("counters", counter).a;
    }
    Id transfer(Id from, Id to, Id amount) {
        const Op& op = attempt(Kind::transfer, Outcome::ok, from, to, amount);
        find("accounts", from).a -= amount;
        find("accounts", to).a += amount;
        return row("transfers", op, op.id, from, to, amount);
    }
    Id family() {
        const Op& op = attempt(Kind::family);
        row("children", op, op.id, 1);
        row("children", op, op.id, 2);
        return row("parents", op, op.id);
    }
    Id item() {
        const Op& op = attempt(Kind::item);
        return row("items", op, op.id);
    }
    Id remove(Id item) {
        const Op& op = attempt(Kind::remove, Outcome::ok, item);
        erase("items", item);
        return row("tombstones", op, item);
    }
    Id seed() {
        const Op& op = attempt(Kind::seed);
        return row("keyed", op, op.id);
    }
    Id rekey(Id key) {
        const Op& op = attempt(Kind::rekey, Outcome::ok, key);
        auto& held = find("keyed", key);
        held.key = held.op = op.id;
        held.server = serving;
        return op.id;
    }
    Id plant() {
        const Op& op = attempt(Kind::plant);
        return row("toasted", op, op.id);
    }
    Id touch(Id key) {
        const Op& op = attempt(Kind::touch, Outcome::ok, key);
        auto& held = find("toasted", key);
        held.op = op.id;
        held.server = serving;
        return op.id;
    }
    void read(Id key) {
        const Id holds = find("toasted", key).op;
        attempt(Kind::read, Outcome::ok, key).r1 = holds;
    }
    Id draw(Id sequence, Id value) {
        Op& op = attempt(Kind::draw, Outcome::ok, sequence);
        op.r1 = value;
        op.r2 = next_row_++;
        return row("draws", op, op.r2, sequence, value);
    }
    void ticket(Id sequence, Id value) { attempt(Kind::ticket, Outcome::ok, sequence).r1 = value; }

    CheckReport check(Rules rules = {}) {
        rules.serving = serving == blue ? Side::blue : Side::green;
        Evidence evidence{blue, green, {{rules.serving, rows}}, {}};
        evidence.snapshots.begin()->second.server = serving;
        return workload::check(log, evidence, rules);
    }

    Log log;
    Snapshot rows;
    Id serving = blue;

private:
    Id next_ = 1000;
    Id next_row_ = 1;
    std::int64_t clock_ = 1'000'000;
};

// A bit of everything.
struct Busy : World {
    Busy() {
        first_event = event();
        increment(3);
        increment(3);
        moved = transfer(5, 9, 7);
        parent = family();
        kept = item();
        gone = item();
        remove(gone);
        key = rekey(rekey(seed()));
        large = plant();
        touch(large);
        last_touch = touch(large);
        read(large);
        draw(0, 1);
        draw(1, 1);
        ticket(0, 2);
        event();
    }
    Id first_event = 0, moved = 0, parent = 0, kept = 0, gone = 0, key = 0, large = 0, last_touch = 0;
};

inline testing::AssertionResult found(const CheckReport& report, Verdict verdict, std::string_view table,
                                      Id count = 1) {
    const auto& bin = report.findings.of(verdict);
    const bool named =
        std::ranges::any_of(bin.examples, [&](const Finding& finding) { return finding.table == table; });
    if (named && bin.count == count && !report.ok()) {
        return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << to_text(report);
}

} // namespace pgteal::workload
