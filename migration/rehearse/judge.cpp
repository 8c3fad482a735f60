// What of the measurements, and of what a migration left, people should look at.
#include <algorithm>

#include <fmt/format.h>

#include "migration/rehearse/rehearse.hpp"

namespace pgteal::migration::rehearse {

namespace {

/// "72 s", "1.4 s", "350 ms"
std::string time_text(Clock::duration time) {
    const double ms = to_ms(time);
    if (ms < 1000) {
        return fmt::format("{:.0f} ms", ms);
    }
    return ms < 10'000 ? fmt::format("{:.1f} s", ms / 1000) : fmt::format("{:.0f} s", ms / 1000);
}

/// On a table; on an index only when no lock on its table goes with it.
const HeldLock* longest_exclusive(const Measured& one) {
    const HeldLock* found = nullptr;
    for (const auto& lock : one.locks) {
        const bool along = lock.index && one.held_before.mode == lint::Lock::access_exclusive;
        if (lock.mode == lint::Lock::access_exclusive && !along &&
            (found == nullptr || (found->index && !lock.index) ||
             (found->index == lock.index && lock.time > found->time))) {
            found = &lock;
        }
    }
    return found;
}

/// "; most of it in line 7", when a later statement of the same transaction takes the time.
std::string where_the_time_goes(const FileReport& file, const Measured& taker) {
    const Measured* longest = &taker;
    for (const auto& one : file.statements) {
        const bool later = &one > &taker && one.transaction != 0 && one.transaction == taker.transaction;
        longest = later && one.time > longest->time ? &one : longest;
    }
    return longest == &taker ? "" : fmt::format(", most of it for line {}", longest->line);
}

} // namespace

std::string_view to_string(Level level) {
    return level == Level::error ? "error" : level == Level::warning ? "warning" : "info";
}

std::string_view to_string(Down down) {
    switch (down) {
    case Down::ok:
        return "ok";
    case Down::missing:
        return "missing";
    case Down::differs:
        return "differs";
    case Down::failed:
        return "failed";
    case Down::not_run:
        break;
    }
    return "not run";
}

bool Report::has_errors() const {
    return std::ranges::any_of(findings, [](const Finding& one) { return one.level == Level::error; });
}

std::vector<Finding> judge(const FileReport& file, const Limits& limits) {
    std::vector<Finding> findings;
    const auto add = [&](const char* rule, const Measured& one, std::string message, std::string fix) {
        findings.push_back({rule, Level::warning, file.script, one.line, std::move(message), std::move(fix)});
    };
    for (const auto& one : file.statements) {
        if (!one.skipped.empty()) {
            add("not-rehearsed", one, "not run: " + one.skipped + ". " + one.statement,
                "look at it by hand: migrate apply will run it");
            continue;
        }
        if (one.time > limits.long_statement) {
            add("long-statement", one,
                fmt::format("took {} (long_statement is {}). {}", time_text(one.time),
                            time_text(limits.long_statement), one.statement),
                one.rewrites.empty()
                    ? ""
                    : "it writes " + one.rewrites.front() + " anew; see pgteal migrate lint");
        }
        const auto* lock = longest_exclusive(one);
        if (lock != nullptr && lock->time > limits.long_lock) {
            add("long-lock", one,
                fmt::format("holds ACCESS EXCLUSIVE on {} for {}{} (long_lock is {}). In place its clients "
                            "would wait that long; on green the lane does. {}",
                            lock->relation, time_text(lock->time), where_the_time_goes(file, one),
                            time_text(limits.long_lock), one.statement),
                "split the file, so that what takes long comes after COMMIT; pgteal migrate lint has the "
                "safe "
                "form");
        }
    }
    return findings;
}

} // namespace pgteal::migration::rehearse
