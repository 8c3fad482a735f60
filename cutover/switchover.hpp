// The switchover as a whole, and its two ways out: back before the switch point, forward after it.
#pragma once

#include <string>
#include <vector>

#include "cutover/context.hpp"
#include "cutover/reporter.hpp"
#include "cutover/runner.hpp"
#include "postgres/error.hpp"

namespace pgteal::cutover {

/// What a switchover came to; the --json document is made of it.
struct SwitchoverResult {
    std::string outcome; ///< "switched", "aborted", "interrupted"
    Side serving = Side::blue;
    std::int64_t epoch = 0;
    double pause_ms = 0;
    std::vector<StepTime> steps;
};

/// Thrown when a switchover failed: what it came to, and the error that stopped it.
class SwitchoverFailed : public Error {
public:
    SwitchoverFailed(const Error& cause, const std::string& message, std::string hint,
                     SwitchoverResult result)
        : Error(cause.code(), cause.side(), message, std::move(hint)), result_(std::move(result)) {}
    [[nodiscard]] const SwitchoverResult& result() const { return result_; }

private:
    SwitchoverResult result_;
};

/// Moves the serving side. Throws Error(refused) when the gate says no (nothing was touched),
/// SwitchoverFailed otherwise.
Task<SwitchoverResult> switchover(Context* context, Reporter* reporter, Side to);

/// Ends an interrupted switchover: back when it was not switched, forward when it was. Also back when it was
/// recorded and never came about: the old side was opened again by hand before the new one was. Throws
/// Error(conflict) when both were.
Task<SwitchoverResult> settle_switchover(Context* context, Reporter* reporter);

/// Opens every session and admin console that the pause needs.
Task<void> warm_up(Context* context, Deadline deadline);

} // namespace pgteal::cutover
