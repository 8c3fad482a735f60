#include <csignal>
#include <cstdio>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "cutover/cli/cli.hpp"
#include "cutover/cli/lost_output.hpp"

namespace {

using pgteal::cutover::Exit;

/// 0 promises that what was asked for is there to be read.
Exit with_output_checked(Exit exit) {
    const auto lost = pgteal::cutover::lost_output(stdout);
    if (!lost) {
        return exit;
    }
    std::fprintf(stderr,
                 "  failed      the output could not be written: %s\n"
                 "              What stands on stdout is not complete. What the command did is done and "
                 "recorded: pgteal status shows it.\n",
                 lost->c_str());
    return exit == Exit::done ? Exit::failed : exit;
}

} // namespace

int main(int argc, char** argv) {
    using namespace pgteal::cutover;
    std::signal(SIGPIPE, SIG_IGN); // a reader that went away must not end a switchover
    spdlog::set_default_logger(spdlog::stderr_color_mt("pgteal"));
    spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
    auto parsed = parse_command_line(argc, argv);
    if (!parsed.options) {
        std::fputs(parsed.text.c_str(), parsed.exit == Exit::done ? stdout : stderr);
        return static_cast<int>(with_output_checked(parsed.exit));
    }
    return static_cast<int>(with_output_checked(run_command(std::move(*parsed.options))));
}
