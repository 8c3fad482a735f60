#include "replication/compare.hpp"

#include <map>

#include "postgres/error.hpp"
#include "replication/compare_table.hpp"

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
            error = std::current_exception();
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
                                  Deadline deadline, std::function<void(int done, int total)> progress) {
    std::map<std::pair<std::string, std::string>, Table> standing_tables;
    std::set<Cast> known;
    std::set<Cast> impossible;
    {
        Server::Session session = co_await standing.session(database, deadline);
        std::vector<Table> found = co_await read_tables(*session, deadline);
        for (Table& table : found) {
            std::pair<std::string, std::string> name{table.schema, table.name};
            standing_tables.emplace(std::move(name), std::move(table));
        }
        for (const PublishedTable& table : tables) {
            const auto mine = standing_tables.find({table.table.schema, table.table.name});
            const auto wanted =
                mine == standing_tables.end() ? std::set<Cast>() : casts_of(table, mine->second);
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
    for (const Lane& lane : lanes) {
        numbers.push_back(lane.number);
    }
    // One for all jobs.
    LaneWatch watch(serving, standing, std::move(lanes));
    Work work;
    work.progress = std::move(progress);
    for (const PublishedTable& table : tables) {
        const auto mine = standing_tables.find({table.table.schema, table.table.name});
        if (mine == standing_tables.end()) {
            throw Error(ErrorCode::conflict, standing.name(),
                        "table " + table.table.display() + " in database " + database + " is missing on " +
                            standing.name());
        }
        work.pairs.push_back({&serving, &standing, database, numbers, compared_table(table, table.table),
                              compared_table(table, mine->second, impossible), deadline,
                              numbers.empty() ? nullptr : &watch});
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
