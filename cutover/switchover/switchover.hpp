// The switchover as a whole, and its two ways out: back before the switch point, forward after it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cutover/engine/context.hpp"
#include "cutover/engine/reporter.hpp"
#include "cutover/engine/runner.hpp"

namespace pgteal::cutover {

/// What a switchover came to; the --json document is made of it.
struct SwitchoverResult {
    /// "switched", "aborted", "interrupted", "returned" (no client reached the new side: back by itself)
    std::string outcome;
    Side serving = Side::blue;
    std::int64_t epoch = 0;
    Clock::duration held{};
    std::vector<StepTime> steps;
    bool turned = false; ///< when interrupted: the old side follows all the same
    bool served = false; ///< past the switch: a client, or pgteal like one, was seen to get through
    std::vector<std::string> waiting{};           ///< roles and entries whose clients were seen to wait on
    std::optional<Clock::time_point> held_from{}; ///< when this process held clients
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
/// SwitchoverFailed otherwise. A switch-back goes without poolers that do not answer. `returning`: from a
/// side that no client reached; then it stays where it comes to.
Task<SwitchoverResult> switchover(Context* context, Reporter* reporter, Side to, bool returning = false);

/// Ends an interrupted switchover: back when it was not switched, forward when it was. Where it comes to a
/// side that no client had reached, it is seen whether one does now; if not, going back is tried anew. Also
/// back when it was recorded and never came about: the old side was opened again by hand before the new one
/// was. Throws Error(conflict) when both were.
Task<SwitchoverResult> settle_switchover(Context* context, Reporter* reporter);

/// Before a switch-back, when the switch to green is on record and not at its end: brings it as far as going
/// back needs, confirmed or not, without the poolers that do not answer. Throws what keeps it from that.
Task<void> settle_for_way_back(Context* context, Reporter* reporter);

/// Opens every session and admin console that the pause needs.
Task<void> warm_up(Context* context, Deadline deadline);

} // namespace pgteal::cutover
