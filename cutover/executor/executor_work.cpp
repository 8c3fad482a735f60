// The actions that are longer than a statement: programs, copies, migrations, sequences, comparison, probes.
#include <cstdio>
#include <filesystem>

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/estate/owners_code_check.hpp"
#include "cutover/executor/executor.hpp"
#include "cutover/fence/read_only.hpp"
#include "cutover/migrations/migrations.hpp"
#include "cutover/record/audit.hpp"
#include "health/serve/probe.hpp"
#include "postgres/server_words.hpp"
#include "replication/clone/clone.hpp"
#include "replication/compare/compare.hpp"
#include "replication/compare/migrated_rows.hpp"
#include "replication/sequence/sequence_plan.hpp"

namespace pgteal::cutover {

namespace {

Task<std::vector<replication::Sequence>> sequences_of(postgres::Server* server, std::string database,
                                                      Deadline deadline) {
    auto session = co_await server->session(database, deadline);
    auto sequences = co_await replication::read_sequences(*session, deadline);
    co_return sequences;
}

/// What stands on one side: sequences, and on the side that takes over the columns that they have to be
/// beyond.
struct Standing {
    std::vector<replication::Sequence> sequences;
    std::vector<std::optional<std::int64_t>> measured;
};

Task<void> read_sequences_of(postgres::Server* server, std::string database, Standing* standing,
                             Deadline deadline) {
    standing->sequences = co_await sequences_of(server, std::move(database), deadline);
}

Task<void> measure_columns_of(postgres::Server* server, std::string database, replication::CarryPlan plan,
                              Standing* standing, Deadline deadline) {
    if (!plan.measures.empty()) {
        auto session = co_await server->session(std::move(database), deadline);
        standing->measured = co_await replication::measure_columns(*session, std::move(plan), deadline);
    }
}

Task<replication::CarryPlan> read_plan(Estate* estate, Side from, std::string database, Deadline deadline) {
    auto here = co_await estate->server(from).session(database, deadline);
    auto there = co_await estate->server(other(from)).session(database, deadline);
    auto plan = co_await replication::read_carry_plan(*here, to_string(from), *there, to_string(other(from)),
                                                      deadline);
    co_return plan;
}

Task<std::vector<replication::Table>> tables_of(postgres::Server* server, std::string database,
                                                Deadline deadline) {
    auto session = co_await server->session(database, deadline);
    auto tables = co_await replication::read_tables(*session, deadline);
    co_return tables;
}

/// What differs, and what to do about it.
struct Differences {
    std::string where, hint;
};

Differences in_words(const replication::Comparison& comparison) {
    Differences found;
    std::string script;
    bool all = true; // of them are a migration's
    for (const auto& table : comparison.tables) {
        for (const auto& difference : table.differences) {
            script = difference.script.empty() ? script : difference.script;
            all = all && !difference.script.empty();
        }
        if (table.difference_count > 0) {
            found.where += (found.where.empty() ? "" : ", ") + table.database + ": " + table.name + " (" +
                           std::to_string(table.difference_count) + ")";
        }
    }
    const std::string change = "rows that blue has, and blue's next change of such a row would undo that: "
                               "pgteal compare lists them. Take it out of the file, or let it be applied "
                               "after finish (-- pgteal: phase contract). Then pgteal abort and pgteal "
                               "prepare";
    if (script.empty()) {
        found.hint = "pgteal compare lists them; find who wrote to the standing side, and stop that. Before "
                     "a cutover: pgteal abort, then pgteal prepare";
    } else if (all) {
        found.where += ", changed by migration " + script;
        found.hint = script + " changes " + change;
    } else {
        found.where += ", of which some were changed by migration " + script;
        found.hint = script + " changes " + change + ". For the others find who wrote to the standing side";
    }
    return found;
}

} // namespace

Task<void> Executor::run(const RunProgram* action, Deadline deadline) {
    auto output = co_await postgres::run_program(action->program, deadline);
    const auto& accepted = action->accepted_exit_codes;
    const bool ended_well =
        action->restores ? replication::restore_problem(output).empty()
                         : std::find(accepted.begin(), accepted.end(), output.exit_code) != accepted.end();
    if (!ended_well) {
        throw Error(ErrorCode::program, to_string(action->side),
                    action->program.argv.front() + " ended with exit code " +
                        std::to_string(output.exit_code) + ": " +
                        (action->restores ? replication::restore_problem(output)
                                          : postgres::complaint_of(output.err)),
                    action->when_it_fails.empty()
                        ? "mend what it says, then run pgteal prepare again; what is finished is kept"
                        : action->when_it_fails);
    }
}

void Executor::run(const RemoveFiles& action) {
    for (const auto& path : action.paths) {
        std::error_code error;
        std::filesystem::remove(path, error);
        if (error) {
            throw Error(ErrorCode::file, "controller", "can't remove " + path + ": " + error.message(),
                        "remove it by hand: it may hold passwords of foreign servers");
        }
    }
}

Task<void> Executor::run(const CopyLane* action, Progress progress) {
    const auto snapshot = bindings_.find("snapshot_" + action->lane.object());
    if (snapshot == bindings_.end()) {
        throw Error(ErrorCode::internal, to_string(action->from),
                    "no snapshot for lane " + action->lane.name());
    }
    auto report = [this, progress](const replication::CopyProgress& now) {
        const double total = static_cast<double>(std::max<std::int64_t>(1, now.total_estimate.count));
        const double fraction = std::min(1.0, static_cast<double>(now.done.count) / total);
        progress(now.database + "  " + to_string(now.done) + " sent, table " +
                     std::to_string(now.tables_done) + " of " + std::to_string(now.tables) + " " + now.table,
                 fraction);
        if (copied_) {
            copied_(static_cast<double>(now.done.count), now.tables_done);
        }
    };
    const std::function<void(const replication::CopyProgress&)> listener = report;
    replication::CopyOptions options;
    const auto position = bindings_.at("consistent_" + action->lane.object()).value;
    options.note_copied = [lane = action->lane, position](const replication::Table& table) {
        return replication::note_copied(lane, table, position);
    };
    const auto copied =
        co_await replication::copy_tables(estate_.server(action->from), estate_.server(other(action->from)),
                                          action->lane.database, action->tables, snapshot->second.value,
                                          estate_.config().jobs, action->truncate_first, listener, options);
    for (const auto& table : copied) {
        results_.rows_copied += table.rows;
    }
}

Task<void> Executor::run(const ApplyMigrations* action, Deadline deadline, Progress progress) {
    MigrationJob job;
    job.database = action->database;
    job.folder = action->folder;
    job.adopt = true;
    // The files lay open while the data was copied: what was approved when the command began must be there.
    if (action->scripts.empty() && action->command.empty()) {
        job.none_pending = estate_.config().migrate.approvals > 0;
    } else {
        job.approved = require_still_approved(estate_.config(), journal_, job.again);
    }
    MigrationNews news;
    news.progress = progress;
    news.applied = [this, action](const migration::File& file, Clock::duration time) {
        journal_.append(migrated_event(action->database, "green", file, time));
    };
    news.warning = [](const std::string& text) { spdlog::warn("{}", text); };
    news.output = [](const std::string& line) { std::fprintf(stderr, "  | %s\n", line.c_str()); };
    progress(action->database + ": " +
                 (action->command.empty() ? std::to_string(action->scripts.size()) + " migrations"
                                          : action->command.front()),
             -1);
    const auto applied = co_await apply_migrations(&estate_, std::move(job), std::move(news), deadline);
    results_.migrations += static_cast<int>(applied.size());
}

Task<void> Executor::run(const CarrySequences* action, Deadline deadline) {
    // Read by the gate, and schemas are frozen since; a switchover that another process goes on with reads it
    // here.
    const auto read = bindings_.find(replication::binding_for("sequence_plan", action->database));
    replication::CarryPlan plan;
    if (read != bindings_.end()) {
        plan = replication::carry_plan_from(read->second.value);
    }
    if (plan.from != to_string(action->from)) {
        plan = co_await read_plan(&estate_, action->from, action->database, deadline);
    }
    auto& from = estate_.server(action->from);
    auto& to = estate_.server(other(action->from));
    Standing here;
    Standing there;
    std::vector<Task<void>> reads;
    reads.push_back(read_sequences_of(&from, action->database, &here, deadline));
    reads.push_back(read_sequences_of(&to, action->database, &there, deadline));
    reads.push_back(measure_columns_of(&to, action->database, plan, &there, deadline));
    co_await all(std::move(reads));
    const auto carried = replication::carry(here.sequences, there.sequences, plan, there.measured);
    if (!carried.problems.empty()) {
        const auto& problem = carried.problems.front();
        throw Error(ErrorCode::conflict, to_string(other(action->from)),
                    "sequence " + problem.sequence + " can't be carried: " + problem.reason,
                    problem.fix.empty()
                        ? "mend the sequence, then try again"
                        : "on " + to_string(other(action->from)) + ": " + problem.fix + "; then try again");
    }
    results_.sequences += carried.total;
    if (carried.set.empty()) {
        co_return;
    }
    set(replication::binding_for("sequences", action->database), replication::to_json(carried.set));
    const auto statement = replication::set_sequences(action->database);
    auto text = postgres::bind(statement.text, values_for(statement, to));
    co_await to.script(action->database, text, deadline);
}

Task<void> Executor::run(const CompareData* action, Deadline deadline, Progress progress) {
    auto& serving = estate_.server(action->serving);
    auto& standing = estate_.server(other(action->serving));
    std::vector<Task<std::vector<replication::Table>>> reads;
    reads.push_back(tables_of(&serving, action->database, deadline));
    reads.push_back(tables_of(&standing, action->database, deadline));
    const auto both = co_await all(std::move(reads));
    const auto common = replication::published(both[0], both[1]);
    const std::function<void(int, int)> report = [&progress, action](int done, int total) {
        progress(action->database + "  table " + std::to_string(done) + " of " + std::to_string(total),
                 total == 0 ? 1.0 : static_cast<double>(done) / total);
    };
    auto comparison = co_await replication::compare_database(
        serving, standing, action->database, estate_.lanes(action->serving, action->database), common,
        estate_.config().jobs, deadline, report, accepts_owners_code(estate_.config()));
    const bool equal = comparison.equal;
    const auto differences = in_words(comparison);
    if (equal && !replication::migrated_in_words(comparison).empty()) {
        const auto keep = replication::keep_migrated_rows(action->database, comparison);
        co_await estate_.server(Side::green).script(action->database, keep.text.plain(), deadline);
    }
    results_.comparisons.push_back(std::move(comparison));
    if (!equal) {
        throw Error(ErrorCode::damage, to_string(other(action->serving)),
                    "rows differ between the sides: " + differences.where, differences.hint);
    }
}

namespace {

/// Of one probe: those of the pooler's other entries come after it.
constexpr auto probe_patience = std::chrono::seconds(4);

} // namespace

Task<void> Executor::run(const ProbeEntry* action, Deadline deadline) {
    const std::pair key(action->pooler, action->entry);
    try {
        co_await prove(action, std::min(deadline, after(probe_patience)));
        unproven_.erase(key);
    } catch (const Error&) {
        unproven_[key] = std::current_exception();
    }
}

Task<void> Executor::prove(const ProbeEntry* action, Deadline deadline) {
    const auto expected = to_string(action->expected);
    if (!identifiers_.contains(expected)) {
        const auto identity = co_await estate_.server(action->expected).identity(deadline);
        identifiers_[expected] = identity.system_identifier;
    }
    auto& unit = estate_.pooler(action->pooler);
    const auto result = co_await health::probe(unit.config.probe.with_database(action->entry), action->pooler,
                                               true, deadline);
    results_.longest_probe = std::max(results_.longest_probe, result.time);
    if (result.system_identifier != identifiers_[expected]) {
        throw Error(ErrorCode::conflict, action->pooler,
                    "entry " + action->entry + " answers from a server that is not " + expected,
                    "look at " + unit.config.config + " and SHOW DATABASES of " + action->pooler);
    }
    if (!result.wrote) {
        auto why = co_await read_only_server(&estate_.server(action->expected), deadline);
        if (!why) {
            why = Refusal{expected, expected + " takes no writes from clients: their sessions are read-only",
                          "on " + expected +
                              ": SELECT setrole::regrole, setconfig FROM pg_db_role_setting shows who made "
                              "them so; reset default_transaction_read_only there"};
        }
        throw ServerError(expected, why->message, std::string(read_only_state), why->hint);
    }
    results_.targets[action->pooler] = expected;
    proven_[{action->pooler, action->entry}] = expected;
}

} // namespace pgteal::cutover
