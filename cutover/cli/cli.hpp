// The command line as a value.
#pragma once

#include <optional>

#include "cutover/cli/commands.hpp"

namespace pgteal::cutover {

/// What main() has to do: run a command, or print a text (help, version, a usage error) and leave with that
/// code.
struct Parsed {
    std::optional<Options> options;
    std::string text;
    Exit exit = Exit::done;
};
Parsed parse_command_line(int argc, char** argv);

/// Runs the command to its end; turns every error into its message and exit code.
Exit run_command(Options options);

} // namespace pgteal::cutover
