// What a migration inserts on the standing side takes values that the serving side's clients must not reach
// before the switch.
#pragma once

#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "replication/sequence/sequence_plan.hpp"

namespace pgteal::replication {

/// How many values are left to the clients of the serving side: a hundredth of those that they took so far,
/// within these bounds, and never more than a twentieth of the sequence's room. Each run that needs them
/// takes them for good, and an integer has not many.
inline constexpr std::int64_t least_ahead = 1'000'000;
inline constexpr std::int64_t most_ahead = 100'000'000;

/// Pure. States for those sequences of `to` that follow one of `from`: that far beyond it. Left out are
/// cyclic ones, which come round to any value, and those that are far enough already.
std::vector<Sequence> set_ahead(const std::vector<Sequence>& from, const std::vector<Sequence>& to,
                                const CarryPlan& plan);
/// Pure. The states of `before` for those that still stand as they were `set`, under whatever name a
/// migration gave them: nobody took a value.
std::vector<Sequence> set_back(const std::vector<Sequence>& before, const std::vector<Sequence>& set,
                               const std::vector<Sequence>& now);

/// What carry_ahead() did, for take_back_unused().
struct Ahead {
    std::vector<Sequence> before, set;
};
/// Sets them on `to`, where nobody else is at work.
Task<Ahead> carry_ahead(postgres::Server& from, postgres::Server& to, std::string database,
                        Deadline deadline);
/// So that clients don't meet a gap in a sequence of which no migration took a value.
Task<void> take_back_unused(postgres::Server& to, std::string database, Ahead ahead, Deadline deadline);

} // namespace pgteal::replication
