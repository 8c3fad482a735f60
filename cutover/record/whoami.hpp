// Who runs this process, for the journal.
#pragma once

#include <string>

namespace pgteal::cutover {

/// "alice@ctl1", or "root@ctl1 (sudo: alice)". What the operating system and sudo say; no proof.
std::string whoami();

} // namespace pgteal::cutover
