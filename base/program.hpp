// Running other programs: pg_dump, pg_restore, password commands, hooks.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.hpp"

namespace pgteal::postgres {

/// A program as data. argv[0] is looked up in PATH. `environment` is added to ours; secrets go there, never
/// into argv.
struct Program {
    std::vector<std::string> argv;
    std::map<std::string, std::string> environment;
    std::string directory = {}; ///< that it runs in; "" = ours
    bool private_files = false; ///< what it makes is for our user alone (umask 077): dumps hold passwords
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

/// The same; what it prints, to either stream, is also handed on as it comes, in pieces of any length, and of
/// `out` too only the end is kept.
Task<ProgramOutput> run_program(Program program, Deadline deadline,
                                std::function<void(std::string_view piece)> on_output);

} // namespace pgteal::postgres
