#include "cutover/record/step_id.hpp"

#include <algorithm>
#include <array>

namespace pgteal::cutover {

namespace {

constexpr auto count = static_cast<std::size_t>(StepId::drift) + 1;

const std::array<std::string, count>& names() {
    static const std::array<std::string, count> all{
        "check",       "claim",       "freeze-ddl",   "roles",      "schema",     "lanes",    "copy",
        "build",       "migrate",     "subscribe",    "catch-up",   "analyze",    "compare",  "privileges",
        "arm-reverse", "gate",        "carry-grants", "stage",      "pause",      "fence",    "marker",
        "barrier",     "sequences",   "retarget",     "recheck",    "switch",     "resume",   "turn",
        "confirm",     "late-grants", "finish",       "idle-lanes", "take-along", "unswitch", "switch-stays",
        "sides",       "drift"};
    return all;
}

} // namespace

const std::string& name_of(StepId step) { return names().at(static_cast<std::size_t>(step)); }

std::optional<StepId> step_named(std::string_view name) {
    const auto found = std::find(names().begin(), names().end(), name);
    return found == names().end() ? std::nullopt
                                  : std::optional(static_cast<StepId>(found - names().begin()));
}

} // namespace pgteal::cutover
