// What the poolers' settings were before a switchover began, on disk before anything changes them: a resume
// must put them back although the process that changed them is gone.
#pragma once

#include "cutover/estate/baseline.hpp"

namespace pgteal::cutover {

/// Reads them from every pooler of the run into the journal. Throws Error(unreachable).
Task<void> record_pooler_settings(Estate* estate, Journal* journal, Deadline deadline);

/// Puts back what was recorded for this pooler; nothing when nothing was.
Task<void> put_back_pooler_settings(Estate* estate, const Journal* journal, std::string pooler,
                                    Deadline deadline);

} // namespace pgteal::cutover
