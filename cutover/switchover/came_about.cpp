#include "cutover/switchover/came_about.hpp"

#include "base/error.hpp"
#include "cutover/fence/run_row.hpp"

namespace pgteal::cutover {

namespace {

/// The databases of one side that clients may write to: their fence is down.
Task<std::vector<std::string>> open_databases(Context* context, Side side) {
    std::vector<std::string> open;
    for (const auto& database : context->estate.config().databases) {
        const auto fence =
            co_await read_fence(&context->estate.server(side), database.name, after(console_patience));
        if (!fence.up()) {
            open.push_back(database.name);
        }
    }
    co_return open;
}

/// An entry through which clients reach `side` now: "app of pgb1"; empty when there is none that can be seen.
Task<std::string> entry_served_by(Context* context, Side side) {
    for (const auto& baseline : recorded_poolers(context->journal)) {
        const auto targets = targets_for(context->estate.config(), side, baseline);
        std::vector<pooler::Entry> entries;
        try {
            entries =
                co_await context->estate.pooler(baseline.name).console->entries(after(console_patience));
        } catch (const Error&) {
            continue; // a pooler that is away serves nobody
        }
        for (const auto& entry : entries) {
            const auto target = targets.find(entry.name);
            if (target != targets.end() && !entry.paused && entry.host == target->second.host &&
                entry.port == target->second.port && entry.database == target->second.database) {
                co_return entry.name + " of " + baseline.name;
            }
        }
    }
    co_return std::string();
}

/// Whether `to` was opened in this database; if not, it won't be: a switch that is on its way there still,
/// held up by a COMMIT that hangs or a slow network, finds its attempt over. The row's lock waits for one
/// that is at work.
Task<bool> opened(Context* context, Move move, std::string database) {
    auto& server = context->estate.server(move.to);
    const auto row = co_await read_run_row(&server, database, after(console_patience));
    if (!row.present || row.epoch >= move.epoch) {
        co_return row.epoch >= move.epoch;
    }
    const auto text =
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = local; UPDATE "
        "pgteal.run SET controller = NULL WHERE epoch < " +
        std::to_string(move.epoch) + " RETURNING epoch; COMMIT";
    const auto results = co_await server.script(database, text, after(console_patience));
    co_return results.at(2).empty();
}

} // namespace

Task<bool> never_came_about(Context* context, Move move) {
    const auto from = to_string(move.from);
    const auto to = to_string(move.to);
    std::vector<std::string> open;
    std::string unseen;
    try {
        open = co_await open_databases(context, move.from);
    } catch (const Error& error) {
        unseen = error.what();
    }
    if (!unseen.empty()) {
        // It may be dead, which is no reason to keep clients waiting, or not let pgteal in and serve them.
        const auto entry = co_await entry_served_by(context, move.from);
        if (!entry.empty()) {
            throw Error(ErrorCode::conflict, from,
                        "the switch to " + to + " is recorded, but entry " + entry + " leads to " + from +
                            " and is not held; whether " + from +
                            " took writes since can't be told: " + unseen,
                        "let pgteal log in to " + from + ", then pgteal resume");
        }
        co_return false;
    }
    if (open.empty()) {
        co_return false;
    }
    const auto evidence =
        "database " + open.front() + " on " + from + " is open for clients, although the switch to " + to +
        " is recorded: somebody lifted its fence, and it may have taken writes that " + to + " has not; ";
    for (const auto& database : context->estate.config().databases) {
        bool was_opened = false;
        std::string silent;
        try {
            was_opened = co_await opened(context, move, database.name);
        } catch (const Error& error) {
            silent = error.what();
        }
        if (!silent.empty()) {
            throw Error(ErrorCode::conflict, from,
                        evidence + "whether " + to + " was opened can't be told: " + silent,
                        "bring " + to + " up, then pgteal resume: the switch is taken back if " + to +
                            " never served");
        }
        if (was_opened) {
            throw Error(ErrorCode::conflict, from, evidence + to + " was opened too",
                        "look for what " + from + " took since and write it to " + to + "; on " + from +
                            ": " + raise_fence_text(open.front()) + "; then pgteal resume");
        }
    }
    co_return true;
}

} // namespace pgteal::cutover
