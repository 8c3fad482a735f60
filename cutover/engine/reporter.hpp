// What a run says while it goes on. The terminal, --json and the metrics are three listeners of the same
// words.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cutover/engine/step.hpp"

namespace pgteal::cutover {

class Reporter {
public:
    virtual ~Reporter() = default;
    virtual void started(const Step& step) { static_cast<void>(step); }
    /// Called often; `fraction` below 0 when unknown.
    virtual void progress(const Step& step, const std::string& text, double fraction) {
        static_cast<void>(step);
        static_cast<void>(text);
        static_cast<void>(fraction);
    }
    virtual void done(const Step& step, const std::string& summary, Clock::duration time) {
        static_cast<void>(step);
        static_cast<void>(summary);
        static_cast<void>(time);
    }
    virtual void undone(const Step& step) { static_cast<void>(step); }
    virtual void clients_held() {}
    virtual void clients_go_on(Clock::duration held) { static_cast<void>(held); }
    virtual void copied(double bytes, double tables) {
        static_cast<void>(bytes);
        static_cast<void>(tables);
    }
};

} // namespace pgteal::cutover
