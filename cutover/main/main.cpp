#include <csignal>
#include <cstdio>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "cutover/cli.hpp"

int main(int argc, char** argv) {
    using namespace pgteal::cutover;
    std::signal(SIGPIPE, SIG_IGN); // a reader that went away must not end a switchover
    spdlog::set_default_logger(spdlog::stderr_color_mt("pgteal"));
    spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
    auto parsed = parse_command_line(argc, argv);
    if (!parsed.options) {
        std::fputs(parsed.text.c_str(), parsed.exit == Exit::done ? stdout : stderr);
        return static_cast<int>(parsed.exit);
    }
    return static_cast<int>(run_command(std::move(*parsed.options)));
}
