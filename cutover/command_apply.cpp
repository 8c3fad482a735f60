// migrate apply, migrate status.
#include <algorithm>

#include <fmt/format.h>

#include "cutover/status.hpp"
#include "cutover/work.hpp"
#include "migration/apply.hpp"

namespace pgteal::cutover {

namespace {

Task<Exit> apply_or_show(Session* session) {
    boost::json::array list;
    Terminal terminal(session->options.json ? stderr : stdout, session->options.quiet);
    const bool apply = session->options.argument == "apply";
    const auto progress = peek_progress(session->config);
    if (apply && (!progress.active || progress.serving != Side::blue || progress.attempt)) {
        throw Error(ErrorCode::wrong_state, "",
                    "migrations are applied to green before a cutover, within a run",
                    progress.active ? "pgteal status" : "pgteal prepare applies them in its turn");
    }
    if (apply && progress.prepared) {
        throw Error(ErrorCode::wrong_state, "",
                    "the run is prepared: reverse lanes are armed for the schema as it is",
                    "pgteal abort, then pgteal prepare with the new migrations");
    }
    for (const auto& database : session->config.databases) {
        if (database.migrations.empty()) {
            continue;
        }
        const auto dsn = session->estate->server(Side::green).dsn().with_database(database.name);
        const auto folder = database.migrations;
        std::vector<migration::File> files;
        std::vector<migration::Applied> applied;
        const std::function<void()> work = [&files, &applied, &dsn, &folder, apply] {
            files = migration::find_migrations(folder);
            applied = apply ? migration::apply(dsn, files, migration::Options{},
                                               [](const migration::File&, bool, double) {})
                            : migration::history(dsn);
        };
        co_await run_blocking(work);
        for (const auto& file : files) {
            const auto found = std::find_if(applied.begin(), applied.end(),
                                            [&file](const auto& one) { return one.version == file.version; });
            const auto state =
                found == applied.end() ? std::string(apply ? "applied before" : "pending") : found->state;
            boost::json::object one;
            one["database"] = database.name;
            one["script"] = file.script;
            one["version"] = file.version;
            one["state"] = state;
            list.push_back(std::move(one));
            terminal.say(fmt::format("  {:<14} {:<12} {}", state, database.name, file.script));
        }
    }
    if (session->options.json) {
        boost::json::object document;
        document["migrations"] = std::move(list);
        print_json(document);
    } else if (list.empty()) {
        terminal.say("No database has migrations: set migrations = \"DIR\" in its [[database]] section.");
    }
    co_return Exit::done;
}

} // namespace

Task<Exit> run_migrate_apply(Session* session) { return apply_or_show(session); }
Task<Exit> run_migrate_status(Session* session) { return apply_or_show(session); }

} // namespace pgteal::cutover
