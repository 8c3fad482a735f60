// migrate, subscribe, catch-up: from a copy to a side that is in step.
#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "cutover/estate/streams.hpp"
#include "cutover/migrations/migrations.hpp"
#include "cutover/runbook/walks.hpp"
#include "replication/clone/clone.hpp"
#include "replication/compare/migrated_rows.hpp"
#include "replication/lane/partitions.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto sync_patience = std::chrono::seconds(60);

// ---- migrate

struct MigrateSeen {
    std::map<std::string, std::vector<std::string>> pending; ///< database -> scripts
};

/// One database, when pgteal applies the files itself.
struct MigrateLook {
    std::vector<std::string> scripts; ///< pending
    std::size_t files = 0;
    bool adopt = false;                 ///< green takes blue's history over first
    std::vector<std::string> only_blue; ///< applied there since
};

void look_at_migrations(const Config& config, const postgres::Dsn& blue, const postgres::Dsn* green,
                        const std::string& folder, MigrateLook* seen) {
    const auto table = history_of(config);
    const auto all = migration::find_migrations(folder);
    const auto there = migration::history(blue, "blue", table);
    auto applied =
        green == nullptr ? std::vector<migration::Applied>{} : migration::history(*green, "green", table);
    if (applied.empty()) {
        // The clone has what an earlier run, or another tool on blue, applied there.
        applied = there;
        seen->adopt = !applied.empty();
    } else {
        seen->only_blue = migration::missing_here(applied, there);
    }
    for (const auto& file : all) {
        const bool counts =
            file.phase == migration::Phase::expand && !migration::below_baseline(file, applied);
        seen->files += counts ? 1U : 0U;
    }
    for (const auto& file : migration::pending(all, applied, policy_of(config))) {
        seen->scripts.push_back(file.script);
    }
}

Observation migrated_on_blue(const std::string& database, const std::string& script) {
    Observation seen;
    seen.state = State::conflict;
    seen.side = "blue";
    seen.evidence = database + ": " + script +
                    " was applied to blue after green was copied, so that green doesn't know it as applied";
    seen.hint = "no tool may migrate blue while a run is on; pgteal abort, then pgteal prepare";
    return seen;
}

std::string count_of(std::size_t files, std::size_t commands) {
    std::string text = std::to_string(files) + (files == 1 ? " migration" : " migrations");
    return commands == 0 ? text : files == 0 ? "migrated by the configured command" : text;
}

Task<Sight<MigrateSeen>> look_at_migrate(Context* context) {
    MigrateSeen found;
    std::size_t files = 0;
    std::size_t commands = 0;
    const auto& config = context->estate.config();
    if (context->progress().removing) {
        // What they made goes with the database. Files that were edited or deleted since then are no business
        // of an abort: to mend them is what it is for.
        co_return Observation{};
    }
    for (const auto& database : config.databases) {
        if (database.migrations.empty()) {
            continue;
        }
        const auto reached =
            co_await milestones(&context->estate.server(Side::green), database.name, after(sync_patience));
        if (!config.migrate.command.empty()) {
            ++commands;
            if (!reached.contains(name_of(StepId::migrate))) {
                found.pending[database.name] = {};
            }
            continue;
        }
        const auto green = context->estate.server(Side::green).dsn().with_database(database.name);
        const auto blue = context->estate.server(Side::blue).dsn().with_database(database.name);
        const bool exists = reached.contains(name_of(StepId::schema));
        const auto folder = database.migrations;
        MigrateLook look;
        const std::function<void()> work = [&] {
            look_at_migrations(config, blue, exists ? &green : nullptr, folder, &look);
        };
        co_await run_blocking(work);
        if (!look.only_blue.empty()) {
            co_return migrated_on_blue(database.name, look.only_blue.front());
        }
        files += look.files;
        if (!look.scripts.empty() || look.adopt) {
            found.pending[database.name] = std::move(look.scripts);
        }
    }
    Observation seen;
    seen.state = found.pending.empty() ? State::done : State::absent;
    seen.summary = count_of(files, commands);
    co_return Sight<MigrateSeen>(std::move(seen), std::move(found));
}

Actions todo_of_migrate(Context* context, const MigrateSeen& found) {
    const auto& config = context->estate.config();
    Actions actions;
    for (const auto& [database, scripts] : found.pending) {
        actions.push_back(
            {ApplyMigrations{database, config.database(database).migrations, scripts, config.migrate.command},
             0});
        if (!config.migrate.command.empty()) {
            actions.push_back(sql(Side::green, milestone(database, StepId::migrate), 1));
        }
    }
    return actions;
}

// ---- subscribe

struct SubscribeSeen {
    std::vector<replication::Lane> missing;
    std::vector<replication::Lane> disabled;
    std::vector<std::pair<std::string, int>> carried; ///< databases whose partitions are carried, their lanes
};

/// Tables whose partitions can't be carried from blue, since green's migrations made something else of them.
Task<std::optional<Observation>> partitions_in_the_way(Context* context, std::string database) {
    const auto only = co_await replication::partitioned_only_on(context->estate.server(Side::blue),
                                                                context->estate.server(Side::green), database,
                                                                after(sync_patience));
    if (only.empty()) {
        co_return std::nullopt;
    }
    Observation seen;
    seen.state = State::conflict;
    seen.side = "green";
    seen.evidence = database + ": partitions of " + only.front() +
                    " can't be carried to green, which has no such partitioned table" +
                    (only.size() == 1 ? "" : " (and " + std::to_string(only.size() - 1) + " more)");
    seen.hint = "let migrations leave it as blue has it until finish; pgteal abort, then pgteal prepare";
    co_return seen;
}

Task<Sight<SubscribeSeen>> look_at_subscribe(Context* context) {
    SubscribeSeen found;
    const auto lanes = context->estate.lanes(Side::blue);
    Observation seen;
    // Before the databases exist there is nothing to look at.
    bool ready = true;
    for (const auto& database : context->estate.config().databases) {
        const auto reached =
            co_await milestones(&context->estate.server(Side::green), database.name, after(sync_patience));
        ready = ready && reached.contains(name_of(StepId::schema));
    }
    std::size_t streaming = 0;
    for (const auto& lane : lanes) {
        replication::LaneState state;
        if (ready) {
            state = co_await replication::read_lane(context->estate.server(Side::blue),
                                                    context->estate.server(Side::green), lane,
                                                    after(sync_patience));
        }
        if (!state.subscription) {
            found.missing.push_back(lane);
        } else if (state.subscribed != state.published) {
            seen.state = State::conflict;
            seen.side = "green";
            seen.evidence = "lane " + lane.name() + " is subscribed to other tables than it publishes";
            seen.hint = "pgteal abort, then pgteal prepare";
            co_return seen;
        } else if (!state.enabled) {
            found.disabled.push_back(lane);
        } else if (state.worker && state.not_ready.empty()) {
            ++streaming;
        }
    }
    if (ready && !found.missing.empty()) {
        // Green has been migrated: what a lane could never carry there would keep it from catching up.
        const auto streams = co_await read_streams(&context->estate, Side::blue, after(sync_patience));
        std::vector<BrokenStream> found_broken;
        for (const auto& one : streams) {
            for (auto& stream : all_broken(one)) {
                found_broken.push_back(std::move(stream));
            }
        }
        if (!found_broken.empty()) {
            const auto stream = in_words(found_broken);
            seen.state = State::conflict;
            seen.side = "green";
            seen.evidence = stream.message;
            seen.hint = stream.remedy + "; pgteal abort, then pgteal prepare with a changed migration";
            co_return seen;
        }
    }
    for (const auto& database : context->estate.config().databases) {
        const bool todo =
            std::any_of(found.missing.begin(), found.missing.end(),
                        [&database](const auto& lane) { return lane.database == database.name; });
        if (todo && co_await carries_partitions(context, database.name, after(sync_patience))) {
            found.carried.emplace_back(database.name, database.lanes);
            auto conflict = ready ? co_await partitions_in_the_way(context, database.name) : std::nullopt;
            if (conflict) {
                co_return std::move(*conflict);
            }
        }
    }
    seen = counted(streaming, lanes.size(),
                   std::to_string(streaming) + " of " + std::to_string(lanes.size()) + " lanes streaming");
    co_return Sight<SubscribeSeen>(std::move(seen), std::move(found));
}

Actions todo_of_subscribe(const SubscribeSeen& found) {
    Actions actions;
    for (const auto& [database, lanes] : found.carried) {
        actions.push_back(sql(Side::blue, replication::read_partition_markers(database, lanes), 0));
        actions.push_back(sql(Side::green, replication::make_partitions(database), 1));
    }
    const int phase = found.carried.empty() ? 0 : 2;
    std::set<std::string> databases;
    for (const auto& lane : found.missing) {
        // An apply that was killed may not have said it: from here on lanes write.
        if (databases.insert(lane.database).second) {
            actions.push_back(sql(Side::green, replication::end_migrations(lane.database), 0));
        }
        const bool carried = std::ranges::any_of(
            found.carried, [&lane](const auto& database) { return database.first == lane.database; });
        actions.push_back(sql(Side::green,
                              replication::create_subscription(lane, carried ? replication::Listed::as_read
                                                                             : replication::Listed::now),
                              phase));
        actions.push_back(sql(Side::green, replication::enable_subscription(lane), phase + 1));
    }
    for (const auto& lane : found.disabled) {
        actions.push_back(sql(Side::green, replication::enable_subscription(lane), phase + 1));
    }
    return actions;
}

Actions undo_subscribe(Context* context) {
    Actions actions;
    for (const auto& lane : context->estate.lanes(Side::blue)) {
        actions.push_back(sql(Side::green, replication::drop_subscription(lane)));
    }
    return actions;
}

// ---- catch-up

Task<Observation> look_at_catch_up(Context* context) {
    Observation seen;
    seen.state = State::done;
    Clock::duration slowest{};
    Bytes most{};
    for (const auto& database : context->estate.config().databases) {
        const auto reached =
            co_await milestones(&context->estate.server(Side::green), database.name, after(sync_patience));
        if (!reached.contains(name_of(StepId::schema))) {
            seen.state = State::absent;
            co_return seen;
        }
        const auto lanes = context->estate.lanes(Side::blue, database.name);
        // A lane without subscription carries no marker: waiting for one would only make abort slow.
        for (const auto& lane : lanes) {
            const auto state = co_await replication::read_lane(context->estate.server(Side::blue),
                                                               context->estate.server(Side::green), lane,
                                                               after(sync_patience));
            if (!state.subscription) {
                seen.state = State::absent;
                co_return seen;
            }
        }
        const auto lags = co_await replication::measure_lag(context->estate.server(Side::blue),
                                                            context->estate.server(Side::green), lanes,
                                                            std::chrono::seconds(5));
        for (const auto& [number, lag] : lags) {
            if (lag.ahead.count > 0) {
                seen.state = State::conflict;
                seen.side = "blue";
                seen.evidence = "lane " + database.name + "." + std::to_string(number) +
                                ": green has confirmed " + to_string(lag.ahead) +
                                " beyond the end of blue's WAL: blue went back to an earlier state";
                seen.hint = "pgteal abort, then pgteal prepare: the data has to be copied again";
                co_return seen;
            }
            slowest = std::max(slowest, lag.time);
            most = std::max(most, lag.bytes);
            if (!lag.arrived || lag.bytes > context->estate.config().max_lag) {
                seen.state = State::partial;
            }
        }
    }
    seen.summary = seen.state == State::done
                       ? "lag " + std::to_string(std::lround(to_ms(slowest))) + " ms, " + to_string(most)
                       : to_string(most) + " behind";
    co_return seen;
}

} // namespace

void walk_migrate(Step& step, Context& context, Move) {
    step.walk<MigrateSeen>(
        {.look = [c = &context] { return look_at_migrate(c); },
         .todo = [c = &context](const MigrateSeen& seen) { return todo_of_migrate(c, seen); },
         .back = [](const MigrateSeen&) { return nothing(); }, // goes with the database
         .expected = {}});
}

void walk_subscribe(Step& step, Context& context, Move) {
    step.walk<SubscribeSeen>({.look = [c = &context] { return look_at_subscribe(c); },
                              .todo = todo_of_subscribe,
                              .back = [c = &context](const SubscribeSeen&) { return undo_subscribe(c); },
                              .expected = {}});
}

void walk_catch_up(Step& step, Context& context, Move) {
    step.deadline = context.estate.config().catch_up;
    // Not taken back: an abort would wait for a lag that nobody needs.
    step.walk([c = &context] { return look_at_catch_up(c); }, nothing);
}

} // namespace pgteal::cutover
