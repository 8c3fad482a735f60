// The run as people read it: one column of state, one of what, one of how long. Redrawn on a terminal,
// printed once elsewhere.
#pragma once

#include <cstdio>
#include <string>

#include "cutover/engine/reporter.hpp"

namespace pgteal::cutover {

class Terminal : public Reporter {
public:
    /// `out`: stdout, or stderr with --json. `quiet`: says nothing but errors.
    Terminal(std::FILE* out, bool quiet);

    void started(const Step& step) override;
    void progress(const Step& step, const std::string& text, double fraction) override;
    void done(const Step& step, const std::string& summary, Clock::duration time) override;
    void undone(const Step& step) override;
    void clients_held() override;
    void clients_go_on(Clock::duration held) override;

    /// "  refused   gate   …" and what follows.
    void refused(const std::string& what, const std::string& message, const std::string& hint);
    void say(const std::string& text);

private:
    void line(const char* colour, const std::string& state, const std::string& what, const std::string& text,
              const std::string& time);
    void wipe();

    std::FILE* out_;
    bool quiet_;
    bool tty_;
    bool drawn_ = false;
    bool in_pause_ = false;
    Clock::time_point step_began_{};
    Clock::time_point last_line_{};
};

} // namespace pgteal::cutover
