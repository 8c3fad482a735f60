// A tool of the user's that migrates instead of pgteal: flyway, alembic, sqitch, anything.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/program.hpp"
#include "migration/files/find.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::migration {

struct External {
    std::vector<std::string> command; ///< program and arguments, run without a shell
    std::string folder;               ///< that it runs in: the migrations
    postgres::Dsn dsn;                ///< with the database
    std::string side = "green";
    Phase phase = Phase::expand;
    std::chrono::milliseconds lock_timeout{2000};
    std::chrono::milliseconds statement_timeout{0};
    std::string again = "pgteal prepare"; ///< for messages
};

/// The program with what it needs to find the database: PGTEAL_DSN (a conninfo string without secrets),
/// PGTEAL_SIDE, PGTEAL_PHASE, and libpq's variables for each part of the DSN. The password is in PGPASSWORD
/// alone. PGOPTIONS carries what lets a session write behind pgteal's fence and through its freeze, and the
/// timeouts; a tool that isn't made of libpq has to be told the same in its own words.
postgres::Program program_of(const External& external);

/// Runs it to its end; every line it prints goes to `on_line`. Its exit code 0 is its word that everything is
/// applied: what it did is recorded where the tool records it. Throws Error(program) when it can't be
/// started, Error(migration) with its last words when it fails, DeadlinePassed.
Task<void> run_external(External external, Deadline deadline,
                        std::function<void(const std::string&)> on_line);

} // namespace pgteal::migration
