// Running other programs: pg_dump, pg_restore, password commands, hooks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postgres/async.hpp"

namespace pgteal::postgres {

/// A program as data. argv[0] is looked up in PATH. `environment` is added to ours; secrets go there, never
/// into argv.
struct Program {
    std::vector<std::string> argv;
    std::map<std::string, std::string> environment;
};

/// argv as a shell would take it, for people and the journal.
std::string to_string(const Program& program);

struct ProgramOutput {
    int exit_code = 0; ///< 128 + signal when it was killed
    std::string out;
    std::string err; ///< the last 64 kB
};

/// Runs without a shell and waits for the end; stdin is empty. Killed (with its children) at the deadline, or
/// when the calling coroutine is destroyed. Throws Error(program) when it can't be started and
/// DeadlinePassed; a non-zero exit is only returned.
Task<ProgramOutput> run_program(Program program, Deadline deadline);

} // namespace pgteal::postgres
