#include "cutover/look/side_doubt.hpp"

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/look/green_database.hpp"

namespace pgteal::cutover {

void keep_looked(Journal* journal, const Progress& progress, const Looked& looked) {
    if (looked.records.empty()) {
        return;
    }
    const auto before = seen_in_run(*journal, progress.run_id);
    SidesSeen kept{progress.run_id, before};
    std::vector<Event> events;
    for (const auto side : {Side::blue, Side::green}) {
        const auto found = looked.records.find(side);
        if (found == looked.records.end()) {
            continue;
        }
        const auto& record = found->second;
        kept.sides[side] = record;
        const auto known = before.find(side);
        const auto doubted = known == before.end() ? std::string() : known->second.doubt;
        const bool newly = !record.doubt.empty() && doubted != record.doubt;
        const bool settled = !doubted.empty() && record.doubt.empty();
        if (newly || settled) {
            Event event;
            event.epoch = progress.epoch;
            event.step = name_of(StepId::sides);
            event.kind = newly ? EventKind::voided : EventKind::accepted;
            event.body = to_json(record);
            event.body["side"] = to_string(side);
            events.push_back(std::move(event));
        }
    }
    if (!events.empty()) {
        journal->append(std::move(events));
    }
    journal->remember(sides_seen, kept);
}

namespace {

constexpr auto side_doubt_patience = std::chrono::seconds(15);

Task<Looked> look_and_keep(Context* context) {
    const auto progress = context->progress();
    auto looked = co_await look_at_sides(&context->estate, progress, after(side_doubt_patience));
    keep_looked(&context->journal, progress, looked);
    co_return looked;
}

std::optional<Refusal> refusal_now(const Progress& progress, const Looked& looked) {
    return refusal_of(looked.doubts, progress.serving, progress.epoch, progress.prepared);
}

} // namespace

Task<void> require_no_doubt(Context* context) {
    const auto looked = co_await look_and_keep(context);
    if (const auto refusal = refusal_now(context->progress(), looked)) {
        throw Error(ErrorCode::refused, refusal->side, refusal->message, refusal->hint);
    }
}

Task<void> require_nothing_only_on_green(Context* context) {
    if (context->journal.recall(facts::keep_green).value_or(false)) {
        co_return;
    }
    const auto looked = co_await look_and_keep(context);
    for (const auto& doubt : looked.doubts) {
        if (doubt.side == Side::blue) {
            throw Error(
                ErrorCode::refused, "green",
                doubt.what + ". Green may hold the only copy of rows that blue has lost, and abort drops it",
                "pgteal compare lists what only green has (extra), and settles it where both sides are "
                "equal; or pgteal abort --keep-green");
        }
    }
}

Task<void> note_sides(Context* context) {
    try {
        const auto looked = co_await look_and_keep(context);
        if (const auto refusal = refusal_now(context->progress(), looked)) {
            spdlog::warn("{}. No switch in any direction until this is settled: {}", refusal->message,
                         refusal->hint);
        }
    } catch (const Error& error) { // the journal: what was done is done
        spdlog::warn("what the sides are now was not recorded: {}", error.what());
    }
}

Task<std::optional<Refusal>> doubt_at_gate(Context* context) {
    const auto looked = co_await look_and_keep(context);
    if (auto refusal = refusal_now(context->progress(), looked)) {
        co_return refusal;
    }
    for (const auto side : {Side::blue, Side::green}) {
        const auto name = to_string(side);
        const auto now = looked.now.find(side);
        const auto record = looked.records.find(side);
        if (now == looked.now.end() || !now->second.answers || record == looked.records.end()) {
            co_return Refusal{name,
                              "it can't be told whether " + name +
                                  " has all that it had: it does not answer, or is a standby in recovery",
                              "pgteal status shows both sides; when they answer, run the same command again"};
        }
        context->executor.set("timeline_" + name, record->second.timeline);
        context->executor.set("flushed_" + name, to_string(record->second.flushed));
    }
    co_return std::nullopt;
}

postgres::SqlText require_seen_text(Side side) {
    const auto name = to_string(side);
    return "DO $seen$ BEGIN IF substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8) <> " +
           postgres::late_literal("timeline_" + name) + " OR pg_current_wal_flush_lsn() < " +
           postgres::late_literal("flushed_" + name) + "::pg_lsn THEN RAISE EXCEPTION '" + name +
           " failed over or was put back since the gate looked: rows may be missing on it' USING ERRCODE = "
           "'55000'; END IF; END $seen$;\n";
}

} // namespace pgteal::cutover
