// Copying the rows of one lane's tables: a few workers, each with a session on both sides, take parts from
// one queue.

#include <map>

#include "base/error.hpp"
#include "postgres/connection.hpp"
#include "replication/clone/clone.hpp"
#include "replication/clone/copy_as_owner.hpp"
#include "replication/clone/copy_plan.hpp"
#include "replication/lane/owners_code.hpp"

namespace pgteal::replication {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t tables_a_probe = 200;
constexpr auto start_over =
    "Run `pgteal prepare` again: it goes on with the tables that are not finished yet.";

/// Data, names and rules are as they are on blue, where the run holds the schema.
constexpr auto mend_first = "where rows or functions of blue are the reason: pgteal abort (blue goes on "
                            "serving), mend them there, then pgteal "
                            "check and pgteal prepare; otherwise run pgteal prepare again: it goes on with "
                            "the tables that are not finished yet";

/// What the rows meet (data exceptions, broken constraints, names that are not found, RAISE), not the
/// servers.
bool is_of_rows(const std::string& sqlstate) {
    return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("42") ||
           sqlstate.starts_with("54") || sqlstate == "P0001" ||
           sqlstate == "XX000"; // a row of more than 1 GB
}

struct CopyRun {
    postgres::Server& from;
    postgres::Server& to;
    std::string database;
    std::vector<Table> tables;
    std::string snapshot;
    CopyOptions options;
    std::function<void(const CopyProgress&)> report;

    std::map<std::size_t, AsOwner> as_owner; ///< tables with code of their owners', on the target
    std::vector<CopyPart> parts;
    std::size_t next_part = 0;
    std::vector<std::int64_t> rows; ///< by table
    std::vector<int> parts_left;    ///< by table
    CopyProgress progress;
    std::exception_ptr failure; ///< the first one

    [[nodiscard]] const std::string& target() const {
        return options.target_database.empty() ? database : options.target_database;
    }
    void tell(const Table& table, std::size_t bytes) {
        progress.table = table.display();
        progress.done.count += static_cast<std::int64_t>(bytes);
        if (report) {
            report(progress);
        }
    }
};

/// Thrown into the other workers' COPYs once one has failed.
struct OthersFailed : std::exception {};

Deadline soon() { return after(60s); }

std::exception_ptr naming(const Table& table, const std::exception_ptr& error) {
    const std::string lead = "the copy of " + table.display() + " failed: ";
    try {
        std::rethrow_exception(error);
    } catch (const ServerError& e) {
        const std::string hint = is_of_rows(e.sqlstate()) ? mend_first
                                 : e.hint().empty()       ? start_over
                                                          : e.hint();
        return std::make_exception_ptr(
            ServerError(e.side(), lead + e.what(), e.sqlstate(), hint, e.detail()));
    } catch (const Error& e) {
        return std::make_exception_ptr(
            Error(e.code(), e.side(), lead + e.what(), e.hint().empty() ? start_over : e.hint()));
    } catch (...) {
        return std::current_exception();
    }
}

/// Code may be slow, but it doesn't keep a copy for ever.
constexpr auto insert_limit = 24h;

Task<void> insert_as_owner(const Table& table, const AsOwner& owner, postgres::Connection& target,
                           std::int64_t copied) {
    const std::string text = insert_staged(table, owner, target.backend_pid());
    const auto results = co_await target.script(text, after(insert_limit));
    const auto inserted = results.at(results.size() - 4).get<std::int64_t>(0, 0);
    if (inserted != copied) {
        throw Error(ErrorCode::conflict, target.label(),
                    "of " + std::to_string(copied) + " rows " + std::to_string(inserted) +
                        " were inserted: something on the table leaves rows out");
    }
}

Task<void> copy_part(CopyRun& run, CopyPart part, postgres::Connection& source,
                     postgres::Connection& target) {
    const Table& table = run.tables[part.table];
    co_await target.script(begin_writing(table, part), soon());
    const std::function<void(std::size_t)> progress = [&run, &table](std::size_t bytes) {
        if (run.failure) {
            throw OthersFailed();
        }
        run.tell(table, bytes);
    };
    const auto owner = run.as_owner.find(part.table);
    const bool staged = owner != run.as_owner.end();
    if (staged) {
        co_await target.script(stage_rows(table, owner->second), soon());
    }
    const std::string copy_in = staged ? copy_staged_command() : copy_in_command(table, part);
    const auto rows = co_await postgres::pipe_copy(source, copy_out_command(table, part), target, copy_in,
                                                   run.options.stall, progress);
    if (staged) {
        co_await insert_as_owner(table, owner->second, target, rows);
    }
    co_await target.script("COMMIT", soon());
    run.rows[part.table] += rows;
    if (--run.parts_left[part.table] == 0) {
        if (run.options.note_copied) {
            co_await target.script(run.options.note_copied(table), soon());
        }
        ++run.progress.tables_done;
        run.tell(table, 0);
    }
}

Task<void> copy_parts(CopyRun& run, std::size_t& current) {
    auto source = co_await run.from.session(run.database, soon());
    auto target = co_await run.to.session(run.target(), soon());
    co_await source->script(begin_reading(run.snapshot), soon());
    while (!run.failure && run.next_part < run.parts.size()) {
        const CopyPart part = run.parts[run.next_part++];
        current = part.table;
        co_await copy_part(run, part, *source, *target);
    }
    co_await source->script("COMMIT", soon());
}

Task<void> work(CopyRun* run) {
    constexpr auto none = static_cast<std::size_t>(-1);
    std::size_t current = none;
    try {
        co_await copy_parts(*run, current);
    } catch (...) {
        if (!run->failure) {
            run->failure = current == none ? std::current_exception()
                                           : naming(run->tables[current], std::current_exception());
        }
    }
}

/// The tables that `probe` finds on the target, quoted; those that an extension has filled don't count.
Task<std::vector<const Table*>> probe_target(CopyRun& run, postgres::Connection& target,
                                             std::string (*probe)(const std::vector<Table>&, std::size_t,
                                                                  std::size_t)) {
    std::vector<const Table*> found;
    for (std::size_t first = 0; first < run.tables.size(); first += tables_a_probe) {
        const std::size_t end = std::min(first + tables_a_probe, run.tables.size());
        const auto result = co_await target.exec(probe(run.tables, first, end), after(run.options.stall));
        for (int row = 0; row < result.rows(); ++row) {
            const Table& table = run.tables[result.get<std::size_t>(row, 0)];
            if (!table.extension_config) {
                found.push_back(&table);
            }
        }
    }
    co_return found;
}

Task<void> empty_target(CopyRun& run) {
    auto target = co_await run.to.session(run.target(), soon());
    const auto used = co_await probe_target(run, *target, find_used);
    if (!used.empty()) {
        std::string names;
        for (const Table* table : used) {
            names += (names.empty() ? "ONLY " : ", ONLY ") + table->qualified();
        }
        co_await target->script("TRUNCATE " + names, after(run.options.stall));
    }
}

/// A table that holds rows is never emptied unasked.
Task<void> require_empty(CopyRun& run) {
    auto target = co_await run.to.session(run.target(), soon());
    const auto filled = co_await probe_target(run, *target, find_filled);
    if (!filled.empty()) {
        const std::string others =
            filled.size() == 1 ? "" : " (and " + std::to_string(filled.size() - 1) + " more)";
        throw Error(ErrorCode::conflict, run.to.name(),
                    "table " + filled.front()->display() + others + " in database " + run.target() + " on " +
                        run.to.name() + " holds rows already; nothing was copied",
                    "Empty or drop the database on " + run.to.name() + ", then run `pgteal prepare` again.");
    }
}

/// Read on the target, whose code it is that runs. A superuser's table runs as a superuser's either way.
Task<void> find_owners_code(CopyRun& run) {
    auto target = co_await run.to.session(run.target(), soon());
    const auto parts = co_await read_owners_code(*target, soon());
    std::map<std::pair<std::string, std::string>, std::size_t> numbers;
    for (std::size_t i = 0; i < run.tables.size(); ++i) {
        numbers.emplace(std::pair(run.tables[i].schema, run.tables[i].name), i);
    }
    for (const OwnersCode& part : parts) {
        const auto table = numbers.find({part.schema, part.relation});
        if (table == numbers.end() || !part.has_code() || part.owner_is_superuser) {
            continue;
        }
        AsOwner& owner = run.as_owner[table->second];
        owner.owner = part.owner;
        if (part.kind == "column") {
            owner.coded.insert(part.name);
        }
    }
}

/// A commit flushes only if its transaction wrote WAL (xact.c, RecordTransactionCommit): having an id is not
/// enough. Its flush covers every earlier commit. The message is for no one: pgoutput leaves it out unless
/// asked.
Task<void> flush_target(CopyRun& run) {
    const std::string text = "BEGIN; SET LOCAL synchronous_commit = on; "
                             "SELECT pg_catalog.pg_logical_emit_message(true, 'pgteal', 'copied'); COMMIT";
    auto target = co_await run.to.session(run.target(), soon());
    co_await target->script(text, soon());
}

void plan(CopyRun& run, int jobs, bool tid_ranges) {
    run.parts = plan_parts(run.tables, jobs, run.options.split_above, tid_ranges);
    run.rows.assign(run.tables.size(), 0);
    run.parts_left.assign(run.tables.size(), 0);
    for (const CopyPart& part : run.parts) {
        ++run.parts_left[part.table];
    }
    run.progress.database = run.database;
    run.progress.tables = static_cast<int>(run.tables.size());
    for (const Table& table : run.tables) {
        run.progress.total_estimate.count += table.size_with_toast().count;
    }
}

Task<int> version_of(postgres::Server& server, std::string database) {
    auto session = co_await server.session(std::move(database), soon());
    co_return session->server_version();
}

} // namespace

Task<std::vector<CopiedTable>> copy_tables(postgres::Server& from, postgres::Server& to, std::string database,
                                           std::vector<Table> tables, std::string snapshot, int jobs,
                                           bool truncate_first,
                                           std::function<void(const CopyProgress&)> progress,
                                           CopyOptions options) {
    CopyRun run{from,
                to,
                std::move(database),
                std::move(tables),
                std::move(snapshot),
                std::move(options),
                std::move(progress),
                {},
                {},
                0,
                {},
                {},
                {},
                {}};
    const int version = co_await version_of(from, run.database);
    plan(run, jobs, version >= 140000);
    if (truncate_first) {
        co_await empty_target(run);
    } else {
        co_await require_empty(run);
    }
    co_await find_owners_code(run);
    const auto workers = std::min(static_cast<std::size_t>(std::max(jobs, 1)), run.parts.size());
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < workers; ++i) {
        tasks.push_back(work(&run));
    }
    co_await all(std::move(tasks));
    if (run.failure) {
        std::rethrow_exception(run.failure);
    }
    co_await flush_target(run);
    std::vector<CopiedTable> copied;
    for (std::size_t i = 0; i < run.tables.size(); ++i) {
        copied.push_back({run.tables[i].display(), run.rows[i]});
    }
    co_return copied;
}

Task<std::vector<CopiedTable>> copy_tables(postgres::Server& from, postgres::Server& to, std::string database,
                                           std::vector<Table> tables, std::string snapshot, int jobs,
                                           bool truncate_first,
                                           std::function<void(const CopyProgress&)> progress) {
    const CopyOptions options;
    auto copied = co_await copy_tables(from, to, std::move(database), std::move(tables), std::move(snapshot),
                                       jobs, truncate_first, std::move(progress), options);
    co_return copied;
}

} // namespace pgteal::replication
