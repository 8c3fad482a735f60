// Whether this journal is the newest: what pgteal.run says on the servers outranks it. A journal that was
// copied or restored, and a controller that slept while another went on, must neither take back, go on nor
// remove.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/refusal.hpp"
#include "cutover/engine/context.hpp"

namespace pgteal::cutover {

/// pgteal.run of one database of one side.
struct SeenRow {
    Side side = Side::blue;
    std::string database;
    RunRow row;
};

/// Pure. Refuses when a row belongs to another run, or has an epoch above `highest`, the highest that the
/// journal knows of.
std::optional<Refusal> judge_epochs(const std::vector<SeenRow>& rows, const std::string& run_id,
                                    std::int64_t highest);

/// Reads the rows of both sides and throws Error(refused) when judge_epochs() refuses. A side that doesn't
/// answer for `patience` is passed over: nothing can be done to it either.
Task<void> require_newest_journal(Context* context, std::int64_t highest,
                                  std::chrono::milliseconds patience = console_patience);

} // namespace pgteal::cutover
