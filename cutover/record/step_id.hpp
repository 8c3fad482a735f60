// The names of the steps, which the journal and pgteal.progress keep: never renamed or reused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgteal::cutover {

enum class StepId {
    check,
    claim,
    freeze_ddl,
    roles,
    schema,
    lanes,
    copy,
    build,
    migrate,
    subscribe,
    catch_up,
    analyze,
    compare,
    privileges,
    arm_reverse,
    gate,
    carry_grants,
    stage,
    pause,
    fence,
    marker,
    barrier,
    sequences,
    retarget,
    recheck,
    switch_over,
    resume,
    turn,
    confirm,
    late_grants,
    finish,
    // Not of the runbook: what is done on the way, and has its lines in the journal all the same.
    idle_lanes,   ///< before the gate of a switch-back: lanes of the way that nobody goes
    take_along,   ///< of a pooler that was left behind
    unswitch,     ///< nobody reached the new side
    switch_stays, ///< and what unswitch closed is opened again
    sides,        ///< a side went back in time, or a comparison settled that
    drift,
};

inline constexpr StepId last_of_prepare = StepId::arm_reverse;

const std::string& name_of(StepId step);
std::optional<StepId> step_named(std::string_view name);

} // namespace pgteal::cutover
