// What clients find behind the entries once they go on. It keeps nobody from going back, whatever it comes
// to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cutover/engine/context.hpp"
#include "cutover/engine/reporter.hpp"
#include "cutover/engine/runner.hpp"

namespace pgteal::cutover {

struct Confirmed {
    std::optional<Error> problem;     ///< the first; none: every entry answers from `to` and takes writes
    bool served = false;              ///< a client, or pgteal like one, was seen to get through to `to`
    std::vector<std::string> waiting; ///< roles and entries of clients that go on waiting while others don't
    bool nobody = false;    ///< for seconds no client reached `to` through any pooler, and nobody is there
    bool read_only = false; ///< or all reached it, none could write, and nobody does
};

/// Probes each entry, again and again until all have answered, for 10 s at most; sees whether clients are
/// served. Throws nothing for what it can't reach.
Task<Confirmed> confirm(Context* context, Runner* runner, Reporter* reporter, Move move);

/// What the pause changed in the poolers' settings, where that is not done yet: whoever reads them next takes
/// them for their own. A pooler that does not answer is let be.
Task<Failures> put_settings_back(Context* context, Runner* runner, Move move);

} // namespace pgteal::cutover
