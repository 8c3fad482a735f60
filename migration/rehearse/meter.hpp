// Running statements on a scratch database, and what each of them cost.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "migration/apply/session.hpp"
#include "migration/files/find.hpp"
#include "migration/lint/rules/lock.hpp"

namespace pgteal::migration::rehearse {

struct HeldLock {
    std::string relation; ///< "schema.name"
    lint::Lock mode = lint::Lock::none;
    Clock::duration time{}; ///< from the start of the statement that took it to the end of its transaction
    bool index = false;     ///< the relation is an index
};

struct Measured {
    int line = 0;
    std::string statement; ///< on one line, shortened, without passwords
    Clock::duration time{};
    /// New with this statement, on relations that were there before its transaction: one a relation, its
    /// strongest. A statement outside a transaction is watched from another session, which may miss a lock
    /// that is held for less than a few milliseconds.
    std::vector<HeldLock> locks;
    /// The strongest on a table that an earlier statement of the same transaction took, when this one took
    /// none on a table; mode none else.
    HeldLock held_before;
    std::vector<std::string> rewrites; ///< relations that got a new file (pg_class.relfilenode)
    std::int64_t rows = 0;             ///< written, as its command tag or the transaction's statistics say
    Bytes wal{};                       ///< the server's, meanwhile (pg_current_wal_insert_lsn)
    bool in_transaction = true;
    int transaction = 0; ///< statements of a script with the same number share one
    std::string skipped; ///< why it was not run; "" = it was
};

/// What is run: a migration, or its way back.
struct Script {
    std::string name;
    const std::vector<Statement>& statements;
    bool transactional = true;
    bool no_transaction_asked = false;
};

/// Blocking; used from one thread.
class Meter {
public:
    /// Opens two sessions on the scratch database: one that runs, one that watches. Throws
    /// Error(unreachable).
    Meter(const postgres::Dsn& scratch, const SessionSettings& settings);
    ~Meter();
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;

    /// Runs the script as `migrate apply` would: in one transaction, or statement by statement. What was
    /// measured is in `out`, also when it throws Error(migration) "script:line: message (SQLSTATE)" or
    /// Error(connection_lost). A new session each time: no setting leaks from one script into the next.
    void run(const Script& script, std::vector<Measured>* out);

    /// All of them in one transaction that is rolled back; none may need to be outside one. Throws as run().
    /// `begins` is called before each.
    void try_out(const std::vector<Script>& scripts, std::vector<std::vector<Measured>>* out,
                 const std::function<void(std::size_t)>& begins);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace pgteal::migration::rehearse
