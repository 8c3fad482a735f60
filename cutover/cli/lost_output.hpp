// Whether what was printed has arrived: a full disk must not look like a finished report.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

namespace pgteal::cutover {

/// Flushes `out`. Why what was written to it is not all there; nullopt when it is, or when the reader of a
/// pipe or socket has gone: it has read what it wanted, as `| head -1` does.
std::optional<std::string> lost_output(std::FILE* out);

} // namespace pgteal::cutover
