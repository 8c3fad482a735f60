// Running a case's files while watching.
#include <atomic>
#include <thread>

#include "migration/lint/world/catalog_read.hpp"
#include "tests/migration/lint/measured.hpp"

namespace pgteal::migration::lint::test {

namespace {

using namespace std::chrono_literals;

/// No parallel workers: what they read is counted elsewhere. No hash and merge joins: the check of a foreign
/// key then looks its values up in the referenced key, and a scan of that table would be the planner's
/// choice.
constexpr auto watched_options =
    " -c max_parallel_maintenance_workers=0 -c max_parallel_workers_per_gather=0 -c enable_hashjoin=off"
    " -c enable_mergejoin=off -c jit=off";

postgres::Dsn watched(const postgres::Dsn& dsn, const Case& one) {
    return dsn.with("options", dsn.get("options").value_or("") + watched_options +
                                   (one.options.empty() ? "" : " " + one.options));
}

int pid_of(pqxx::transaction_base& work) {
    return work.exec("SELECT pg_catalog.pg_backend_pid()").at(0)[0].as<int>();
}

Unit observe_transaction(pqxx::connection& connection, const Snapshot& before,
                         const std::vector<std::string>& statements, bool keep) {
    Unit unit;
    pqxx::work work(connection);
    Watch watch(before, filenodes(work));
    watch.tuples_before(work);
    try {
        for (const auto& statement : statements) {
            work.exec(statement);
        }
        watch.locks(work, pid_of(work), true);
        watch.tuples_after(work);
        watch.files_after(work);
        unit.relations = watch.done();
        unit.renamed = watch.renamed(work);
        if (keep) {
            work.commit();
        }
    } catch (const pqxx::failure& error) {
        unit.failure = error.what();
    }
    return unit;
}

/// A waiting session, and those that it waits for.
class Holders {
public:
    Holders(const postgres::Dsn& dsn, const std::vector<std::string>& holds) {
        for (const auto& sql : holds) {
            connections_.push_back(std::make_unique<pqxx::connection>(dsn.conninfo()));
            works_.push_back(std::make_unique<pqxx::work>(*connections_.back()));
            works_.back()->exec(sql);
        }
    }
    ~Holders() {
        while (!works_.empty()) {
            release();
        }
    }
    Holders(const Holders&) = delete;
    Holders& operator=(const Holders&) = delete;

    /// The first of those that still hold.
    void release() {
        if (!works_.empty()) {
            works_.front()->abort();
            works_.erase(works_.begin());
        }
    }

private:
    std::vector<std::unique_ptr<pqxx::connection>> connections_;
    std::vector<std::unique_ptr<pqxx::work>> works_;
};

} // namespace

Unit observe_held(const postgres::Dsn& dsn, const Case& one, const Snapshot& before,
                  const std::string& statement) {
    Unit unit;
    pqxx::connection looker(dsn.conninfo());
    pqxx::nontransaction look(looker);
    Watch watch(before, filenodes(look));
    Holders holders(dsn, one.holds);

    pqxx::connection worker(dsn.conninfo());
    const int pid = worker.backendpid();
    std::atomic<bool> over{false};
    // The session's statement_timeout is this thread's deadline.
    std::thread thread([&] {
        try {
            pqxx::nontransaction(worker).exec(statement);
        } catch (const std::exception& error) {
            unit.failure = error.what();
        }
        over = true;
    });
    int waits = 0;
    while (!over) {
        watch.locks(look, pid, false);
        const auto row =
            look.exec("SELECT coalesce(wait_event_type, '') FROM pg_catalog.pg_stat_activity WHERE pid = " +
                      std::to_string(pid));
        waits = !row.empty() && std::string(row.at(0)[0].c_str()) == "Lock" ? waits + 1 : 0;
        if (waits >= 4) {
            holders.release();
            waits = 0;
        }
        std::this_thread::sleep_for(5ms);
    }
    thread.join();
    watch.files_after(look);
    watch.built_indexes(look);
    unit.relations = watch.done();
    unit.renamed = watch.renamed(look);
    return unit;
}

MeasuredServer::MeasuredServer(std::string side) : side_(std::move(side)), template_(side_) {
    // Nobody shall take locks uncalled, and there shall be a place to move tables to.
    template_.sql("ALTER SYSTEM SET autovacuum = off");
    template_.sql("SELECT pg_catalog.pg_reload_conf()");
    pqxx::connection connection(template_.dsn().conninfo());
    pqxx::nontransaction work(connection);
    work.exec("SET allow_in_place_tablespaces = on");
    if (work.exec("SELECT FROM pg_catalog.pg_tablespace WHERE spcname = 'other'").empty()) {
        work.exec("CREATE TABLESPACE other LOCATION ''");
    }
    if (work.exec("SELECT FROM pg_catalog.pg_roles WHERE rolname = 'app'").empty()) {
        work.exec("CREATE ROLE app");
    }
    template_.sql(read_fixture());
    template_.sql("VACUUM ANALYZE");
}

const SideDatabase& MeasuredServer::database_for(const Case& one) {
    const bool commits = one.files.size() > 1 || !one.files.front().transactional;
    if (!one.setup.empty() || commits) {
        own_.reset();
        own_ = std::make_unique<SideDatabase>(side_, template_.name());
        if (!one.setup.empty()) {
            own_->sql(one.setup + ";\nANALYZE");
        }
        return *own_;
    }
    if (!pristine_ || written_) {
        pristine_.reset();
        pristine_catalog_.reset();
        written_ = false;
        pristine_ = std::make_unique<SideDatabase>(side_, template_.name());
    }
    return *pristine_;
}

Catalog MeasuredServer::catalog_for(const Case& one, const SideDatabase& database) {
    const auto dsn = database.dsn();
    if (&database != pristine_.get() || !one.options.empty()) {
        return read_catalog(dsn.with("options", dsn.get("options").value_or("") + " " + one.options), side_);
    }
    if (!pristine_catalog_) {
        pristine_catalog_ = read_catalog(dsn, side_);
    }
    return *pristine_catalog_;
}

void MeasuredServer::done(const Observation& seen) {
    for (const auto& unit : seen.units) {
        for (const auto& [name, done] : unit.relations) {
            written_ = written_ || done.lock == Lock::row_exclusive;
        }
    }
}

Observation observe(const SideDatabase& database, const Case& one) {
    const auto dsn = watched(database.dsn(), one);
    pqxx::connection connection(dsn.conninfo());
    Snapshot before;
    {
        pqxx::work work(connection);
        before = snapshot(work);
    }
    Observation result;
    std::size_t count = 0;
    for (const auto& file : one.files) {
        const bool last_file = &file == &one.files.back();
        if (file.transactional) {
            std::vector<std::string> statements;
            std::vector<std::size_t> numbers;
            for (const auto& statement : file.statements) {
                statements.push_back(statement.text);
                numbers.push_back(count++);
            }
            result.units.push_back(observe_transaction(connection, before, statements, !last_file));
            result.units.back().statements = numbers;
        } else {
            for (const auto& statement : file.statements) {
                result.units.push_back(statement.transactional
                                           ? observe_transaction(connection, before, {statement.text}, true)
                                           : observe_held(dsn, one, before, statement.text));
                result.units.back().statements = {count++};
                if (result.failed()) {
                    return result;
                }
            }
        }
        if (result.failed()) {
            return result;
        }
    }
    return result;
}

} // namespace pgteal::migration::lint::test
