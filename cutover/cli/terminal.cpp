#include "cutover/cli/terminal.hpp"

#include <cmath>

#include <fmt/format.h>
#include <unistd.h>

namespace pgteal::cutover {

namespace {

constexpr const char* green = "\033[32m";
constexpr const char* yellow = "\033[33m";
constexpr const char* red = "\033[31m";
constexpr const char* plain = "";

std::string bar(double fraction) {
    constexpr int width = 20;
    const auto full = static_cast<int>(std::lround(fraction * width));
    return "[" + std::string(static_cast<std::size_t>(full), '#') +
           std::string(static_cast<std::size_t>(width - full), '.') + "]  " +
           fmt::format("{:.0f}%", fraction * 100);
}

} // namespace

Terminal::Terminal(std::FILE* out, bool quiet)
    : out_(out), quiet_(quiet), tty_(::isatty(::fileno(out)) == 1) {}

void Terminal::wipe() {
    if (drawn_) {
        std::fputs("\r\033[K", out_);
        drawn_ = false;
    }
}

void Terminal::line(const char* colour, const std::string& state, const std::string& what,
                    const std::string& text, const std::string& time) {
    if (quiet_) {
        return;
    }
    wipe();
    const std::string shown = tty_ && *colour != '\0' ? colour + fmt::format("{:<9}", state) + "\033[0m"
                                                      : fmt::format("{:<9}", state);
    std::fputs(fmt::format("  {} {:<12} {:<58} {:>10}\n", shown, what, text, time).c_str(), out_);
    std::fflush(out_);
}

void Terminal::started(const Step& step) {
    static_cast<void>(step);
    step_began_ = Clock::now();
    last_line_ = step_began_;
}

void Terminal::progress(const Step& step, const std::string& text, double fraction) {
    const auto now = Clock::now();
    // Under two seconds nothing needs explaining; after that a terminal is redrawn and a log gets a line now
    // and then.
    if (quiet_ || in_pause_ || now - step_began_ < std::chrono::seconds(2)) {
        return;
    }
    const double elapsed = to_seconds(now - step_began_);
    std::string left;
    if (fraction > 0.02 && fraction < 1) {
        left = duration_text(from_seconds(elapsed / fraction * (1 - fraction))) + " left";
    }
    const auto words = fraction >= 0 ? bar(fraction) + "  " + text : text;
    if (tty_ && now - last_line_ > std::chrono::milliseconds(200)) {
        last_line_ = now;
        std::fputs(
            fmt::format("\r\033[K  {}running\033[0m   {:<12} {}   {}", yellow, step.id, words, left).c_str(),
            out_);
        std::fflush(out_);
        drawn_ = true;
    } else if (!tty_ && now - last_line_ > std::chrono::seconds(10)) {
        last_line_ = now;
        line(plain, "running", step.id, words, left);
    }
}

void Terminal::done(const Step& step, const std::string& summary, Clock::duration time) {
    line(green, "done", step.id, summary, duration_text(time));
}
void Terminal::undone(const Step& step) { line(yellow, "undone", step.id, "as before", ""); }

void Terminal::clients_held() {
    in_pause_ = true;
    if (!quiet_) {
        wipe();
        std::fputs("  ---- clients held "
                   "--------------------------------------------------------------------------\n",
                   out_);
        std::fflush(out_);
    }
}

void Terminal::clients_go_on(Clock::duration held) {
    in_pause_ = false;
    if (!quiet_) {
        const auto text = fmt::format("  ---- clients go on: held {} ", duration_text(held));
        std::fputs((text + std::string(text.size() < 94 ? 94 - text.size() : 0, '-') + "\n").c_str(), out_);
        std::fflush(out_);
    }
}

void Terminal::refused(const std::string& what, const std::string& message, const std::string& hint) {
    wipe();
    line(red, "refused", what, message, "");
    if (!hint.empty()) {
        say("            " + hint);
    }
}

void Terminal::say(const std::string& text) {
    if (!quiet_) {
        wipe();
        std::fputs((text + "\n").c_str(), out_);
        std::fflush(out_);
    }
}

} // namespace pgteal::cutover
