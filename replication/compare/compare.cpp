#include "replication/compare/compare.hpp"

#include <map>

#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/compare/compare_table.hpp"
#include "replication/compare/migrated_rows.hpp"
#include "replication/compare/sql.hpp"
#include "replication/lane/owners_code.hpp"

namespace pgteal::replication {

using postgres::Server;

namespace {

/// What the jobs share. They run on one thread.
struct Work {
    std::vector<ComparedPair> pairs;
    std::vector<TableComparison> results;
    std::size_t next = 0;
    int done = 0;
    bool failed = false;
    std::function<void(int, int)> progress;
};

/// Somebody holds the table for longer than compare waits: who does, is the next question.
std::exception_ptr naming_lock(const ComparedPair& pair, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ServerError& e) {
        constexpr const char* lock_not_available = "55P03";
        if (e.sqlstate() != lock_not_available) {
            return error;
        }
        return std::make_exception_ptr(Error(
            ErrorCode::conflict, e.side(),
            "table " + pair.serving.display + " in database " + pair.database + " on " + e.side() +
                " is locked by somebody; compare gave up after 30 s",
            "on " + e.side() + ", database " + pair.database +
                ":  SELECT a.pid, a.usename, a.query FROM pg_locks l JOIN pg_stat_activity a USING "
                "(pid) WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.relation = " +
                postgres::quote_literal(pair.serving.table) + "::regclass;   then pgteal compare again"));
    } catch (...) {
        return error;
    }
}

Task<void> compare_next_tables(Work* work) {
    while (work->next < work->pairs.size() && !work->failed) {
        const std::size_t at = work->next++;
        bool finished = false;
        // A failed job ends the others at their next table.
        std::exception_ptr error;
        try {
            co_await compare_table(work->pairs[at], &work->results[at]);
            finished = true;
        } catch (...) {
            error = naming_lock(work->pairs[at], std::current_exception());
        }
        if (!finished) {
            work->failed = true;
            std::rethrow_exception(error);
        }
        ++work->done;
        if (work->progress) {
            work->progress(work->done, static_cast<int>(work->pairs.size()));
        }
    }
}

using TableName = std::pair<std::string, std::string>;

Task<std::map<TableName, PlainTypes>> read_plain_types(postgres::Connection* session, Deadline deadline) {
    const postgres::Result rows = co_await session->exec(std::string(sql::plain_types), deadline);
    std::map<TableName, PlainTypes> types;
    for (int row = 0; row < rows.rows(); ++row) {
        types[{rows.get<std::string>(row, "schema"), rows.get<std::string>(row, "name")}]
             [rows.get<std::string>(row, "column")] = rows.get<std::string>(row, "plain");
    }
    co_return types;
}

/// Throws Error(conflict) for the first of the tables that can't be planned over without running users' code.
Task<void> refuse_planned_code(Server& server, std::string database,
                               const std::vector<PublishedTable>* tables, Deadline deadline) {
    Server::Session session = co_await server.session(database, deadline);
    const std::vector<RowlessCode> parts = co_await read_rowless_code(*session, deadline);
    for (const RowlessCode& part : parts) {
        const bool compared = std::ranges::any_of(*tables, [&part](const PublishedTable& table) {
            return table.table.schema == part.schema && table.table.name == part.relation;
        });
        if (part.planned && compared) {
            const std::string role = (co_await server.identity(deadline)).role;
            throw Error(ErrorCode::conflict, server.name(),
                        "database " + database + " on " + server.name() + ": " + told(part) +
                            ". The table is not compared",
                        way_out(part.code, server.name(), database, role));
        }
    }
}

/// Whether the server would cast one into the other at all; values are another matter.
Task<bool> has_cast(postgres::Connection* session, Cast cast, Deadline deadline) {
    bool has = true;
    try {
        // Not run: a domain may refuse the NULL.
        co_await session->exec("SELECT x.v::" + cast.second + " FROM (SELECT NULL::" + cast.first +
                                   ") AS x(v) WHERE false",
                               deadline);
    } catch (const ServerError& error) {
        constexpr const char* cannot_coerce = "42846";
        has = error.sqlstate() != cannot_coerce; // what else is wrong, the comparison will meet
    }
    co_return has;
}

} // namespace

Task<Comparison> compare_database(Server& serving, Server& standing, std::string database,
                                  std::vector<Lane> lanes, std::vector<PublishedTable> tables, int jobs,
                                  Deadline deadline, std::function<void(int done, int total)> progress,
                                  bool owners_code_accepted) {
    if (!owners_code_accepted) {
        co_await refuse_planned_code(serving, database, &tables, deadline);
        co_await refuse_planned_code(standing, database, &tables, deadline);
    }
    std::map<TableName, Table> standing_tables;
    std::map<TableName, SidesTypes> types;
    MigratedRows migrated; // on green, whichever side that is
    std::string serving_written;
    std::string standing_written;
    std::set<Cast> known;
    std::set<Cast> impossible;
    {
        Server::Session session = co_await serving.session(database, deadline);
        auto plain = co_await read_plain_types(&*session, deadline);
        for (auto& [name, columns] : plain) {
            types[name].wanted = std::move(columns);
        }
        migrated = co_await read_migrated_rows(*session, deadline);
        serving_written = written_by(migrated.ranges);
    }
    {
        Server::Session session = co_await standing.session(database, deadline);
        auto plain = co_await read_plain_types(&*session, deadline);
        for (auto& [name, columns] : plain) {
            types[name].mine = std::move(columns);
        }
        auto here = co_await read_migrated_rows(*session, deadline);
        standing_written = written_by(here.ranges);
        migrated.inserted.merge(here.inserted);
        std::vector<Table> found = co_await read_tables(*session, deadline);
        for (Table& table : found) {
            TableName name{table.schema, table.name};
            standing_tables.emplace(std::move(name), std::move(table));
        }
        for (const PublishedTable& table : tables) {
            const TableName name{table.table.schema, table.table.name};
            const auto mine = standing_tables.find(name);
            const auto wanted =
                mine == standing_tables.end() ? std::set<Cast>() : casts_of(table, mine->second, types[name]);
            for (const Cast& cast : wanted) {
                if (known.insert(cast).second) {
                    const bool has = co_await has_cast(&*session, cast, deadline);
                    if (!has) {
                        impossible.insert(cast);
                    }
                }
            }
        }
    }
    std::vector<int> numbers;
    std::vector<std::string> subscriptions;
    for (const Lane& lane : lanes) {
        numbers.push_back(lane.number);
        subscriptions.push_back(lane.object());
    }
    // One for all jobs.
    LaneWatch watch(serving, standing, std::move(lanes));
    Work work;
    work.progress = std::move(progress);
    for (const PublishedTable& table : tables) {
        const TableName name{table.table.schema, table.table.name};
        const auto mine = standing_tables.find(name);
        if (mine == standing_tables.end()) {
            throw Error(ErrorCode::conflict, standing.name(),
                        "table " + table.table.display() + " in database " + database + " is missing on " +
                            standing.name());
        }
        const SidesTypes& sides = types[name];
        const SidesTypes itself{sides.wanted, sides.wanted};
        work.pairs.push_back({&serving, &standing, database, numbers, subscriptions,
                              compared_table(table, table.table, {}, itself),
                              compared_table(table, mine->second, impossible, sides), deadline,
                              numbers.empty() ? nullptr : &watch,
                              std::move(migrated.inserted[table.table.display()])});
        work.pairs.back().serving.written_by = serving_written;
        work.pairs.back().standing.written_by = standing_written;
        work.results.push_back({database, table.table.display(), 0, {}, 0});
    }
    std::vector<Task<void>> workers;
    for (int job = 0; job < std::max(jobs, 1); ++job) {
        workers.push_back(compare_next_tables(&work));
    }
    co_await all(std::move(workers));

    Comparison comparison;
    for (TableComparison& table : work.results) {
        comparison.equal = comparison.equal && table.difference_count == 0;
        comparison.rows += table.rows;
        comparison.tables.push_back(std::move(table));
    }
    co_return comparison;
}

} // namespace pgteal::replication
