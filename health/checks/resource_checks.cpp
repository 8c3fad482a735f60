// Slots, walsenders, workers and origins: is there room for every lane, in both directions?
#include "health/checks/server_checks.hpp"
#include "health/facts/verdict.hpp"

namespace pgteal::health {

namespace {

struct Limit {
    std::string setting;
    std::string what;    ///< "slots"
    std::string meaning; ///< the second sentence
    int used = 0, ours = 0;
};

/// Adds a finding when fewer than `need.lanes` are free; writes "slots 3 of 20 used" for the summary.
void judge(CheckResult& result, const ServerFacts& side, const Limit& limit, Need need) {
    const long most = side.number(limit.setting);
    const int others = limit.used - (need.run_started ? limit.ours : 0);
    const long wanted = others + need.lanes;
    if (wanted > most) {
        add(result, Level::error, side.side, limit.setting,
            limit.setting + " is " + std::to_string(most) + ", " + std::to_string(others) +
                " in use, and the run needs " + std::to_string(need.lanes) + " more. " + limit.meaning,
            "ALTER SYSTEM SET " + limit.setting + " = " + std::to_string(wanted + 4) + ";  then restart " +
                side.side + ".");
    }
    result.summary += (result.summary.empty() ? "" : ", ") + limit.what + " on " + side.side + " " +
                      std::to_string(limit.used) + " of " + std::to_string(most) + " used";
}

} // namespace

CheckResult check_slots(const Sides& sides, Need need) {
    CheckResult result{"slots", {}, ""};
    for (const auto* side : sides) {
        judge(result, *side,
              {"max_replication_slots", "slots", "Without a slot for each lane nothing can be kept in step.",
               side->usage.slots, side->usage.slots_ours},
              need);
    }
    return result;
}

CheckResult check_senders(const Sides& sides, Need need) {
    CheckResult result{"senders", {}, ""};
    for (const auto* side : sides) {
        judge(result, *side,
              {"max_wal_senders", "walsenders",
               "Lanes without a walsender stand still, and the barrier of a cutover would never be reached.",
               side->usage.senders, side->usage.senders_ours},
              need);
    }
    return result;
}

CheckResult check_workers(const Sides& sides, Need need) {
    CheckResult result{"workers", {}, ""};
    const std::string meaning =
        "Lanes without a worker are not applied, silently: the other side would fall behind.";
    for (const auto* side : sides) {
        judge(result, *side,
              {"max_logical_replication_workers", "apply workers", meaning, side->usage.apply_workers,
               side->usage.apply_workers_ours},
              need);
        judge(result, *side,
              {"max_worker_processes", "worker processes", meaning, side->usage.background_workers,
               side->usage.apply_workers_ours},
              need);
    }
    return result;
}

CheckResult check_origins(const Sides& sides, Need need) {
    CheckResult result{"origins", {}, ""};
    for (const auto* side : sides) {
        // PostgreSQL 18 gave origins a limit of their own; before, max_replication_slots bounds them too
        // (source: origin.c).
        const std::string setting =
            side->major() >= 18 ? "max_active_replication_origins" : "max_replication_slots";
        judge(result, *side,
              {setting, "origins",
               "A subscription without an origin does not start, so its lane would stand still.",
               side->usage.origins, side->usage.origins_ours},
              need);
    }
    return result;
}

} // namespace pgteal::health
