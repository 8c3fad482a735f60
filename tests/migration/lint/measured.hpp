// The suite of measured statements: what PostgreSQL did for each, seen from outside, as the truth that the
// linter is held against.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "migration/files/find.hpp"
#include "migration/lint/lint.hpp"
#include "tests/migration/lint/side_database.hpp"

namespace pgteal::migration::lint::test {

/// One case of tests/migration/lint/measured/<area>.sql; the format is told in its README.md.
struct Case {
    std::string area, id;
    int from_version = 0, to_version = 99;
    std::string options;            ///< of the session, as libpq's `options` has them
    std::vector<std::string> holds; ///< sessions that keep a lock or snapshot while a statement waits
    std::string setup;
    std::vector<File> files;
};

/// Throws std::runtime_error with file and line.
std::vector<Case> parse_cases(const std::string& area, const std::string& text);

/// All areas of the folder PGTEAL_MEASURED_DIR, or of the suite. fixture.sql is none.
std::vector<Case> read_cases();
std::string read_fixture();

struct Done {
    Lock lock = Lock::none;
    bool rewrite = false;
    bool scan = false;
    bool has_rows = false;     ///< before
    bool materialized = false; ///< a materialized view: nobody writes to it but REFRESH

    /// Those who use it wait for work that grows with it.
    [[nodiscard]] bool dangerous() const {
        return has_rows && lock >= (materialized ? Lock::access_exclusive : Lock::share) && (rewrite || scan);
    }
};

/// A transaction, or a statement outside of one. Relations that the migrations made themselves are left out.
struct Unit {
    std::vector<std::size_t> statements;        ///< counted over all files
    std::map<std::string, Done> relations;      ///< by the name that they had before everything
    std::map<std::string, std::string> renamed; ///< name afterwards -> name before everything
    std::string failure;                        ///< what the server said, when it refused
};

struct Observation {
    std::vector<Unit> units;
    [[nodiscard]] bool dangerous() const;
    [[nodiscard]] bool failed() const { return !units.empty() && !units.back().failure.empty(); }
};

/// A server of the lab with the fixture as a template database, and a database for each case that wants one.
class MeasuredServer {
public:
    explicit MeasuredServer(std::string side);
    /// With the case's setup. One that needs none, and commits nothing, gets the same as others of its sort.
    const SideDatabase& database_for(const Case& one);
    Catalog catalog_for(const Case& one, const SideDatabase& database);
    /// Rows that were written and rolled back stay in the file: then the next case gets another database.
    void done(const Observation& seen);
    [[nodiscard]] int major() const { return template_.major(); }

private:
    std::string side_;
    SideDatabase template_;
    std::unique_ptr<SideDatabase> pristine_, own_;
    std::optional<Catalog> pristine_catalog_;
    bool written_ = false;
};

/// Runs the case's files on a database that has its setup, and watches. What runs in a transaction is rolled
/// back if it is the last.
Observation observe(const SideDatabase& database, const Case& one);

// The parts of observe().

struct Relation {
    std::string name;  ///< schema.name
    std::string table; ///< of an index: its table
    std::string kind;
    bool has_rows = false;
};
using Snapshot = std::map<unsigned, Relation>; ///< by oid

Snapshot snapshot(pqxx::transaction_base& work);
std::map<unsigned, std::string> filenodes(pqxx::transaction_base& work);

/// Locks of one backend, and what changed of the relations in `before`, as one Done for each table.
class Watch {
public:
    Watch(const Snapshot& before, std::map<unsigned, std::string> filenodes)
        : before_(before), filenodes_(std::move(filenodes)) {}

    /// `of_indexes`: a lock that shuts an index shuts its table. Not so where REINDEX CONCURRENTLY and its
    /// like drop indexes that are dead by then.
    void locks(pqxx::transaction_base& work, int pid, bool of_indexes);
    void tuples_before(pqxx::transaction_base& work);
    void tuples_after(pqxx::transaction_base& work);
    void files_after(pqxx::transaction_base& work);
    /// Indexes that were not there, or have another file: only where tuples can't be counted.
    void built_indexes(pqxx::transaction_base& work);
    [[nodiscard]] std::map<std::string, Done> done() const;
    std::map<std::string, std::string> renamed(pqxx::transaction_base& work) const;

private:
    Done& of(const std::string& table) { return done_[table]; }

    const Snapshot& before_;
    std::map<unsigned, std::string> filenodes_; ///< when the unit began
    std::map<unsigned, long long> tuples_;
    std::map<std::string, Done> done_;
};

/// A statement that can't run in a transaction: from a session of its own, held up by the case's holders so
/// that its locks can be seen.
Unit observe_held(const postgres::Dsn& dsn, const Case& one, const Snapshot& before,
                  const std::string& statement);

} // namespace pgteal::migration::lint::test
