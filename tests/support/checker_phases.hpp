// Which side served when, as far as the clients' own clock proves it.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/checker_findings.hpp"
#include "tests/support/workload_log.hpp"

namespace pgteal::workload {

struct Phase {
    Side side = Side::blue;
    Id acknowledged = 0;
    std::int64_t first_us = 0; // when the first and the last of its operations were acknowledged
    std::int64_t last_us = 0;
};

// The commit of an acknowledged operation lies between its intent and its outcome. These are the fewest
// phases that place every commit so; more of them than there were switches means that commits on the two
// sides were interleaved.
std::vector<Phase> phases(const std::vector<Op>& ops, Id blue, Id green);

} // namespace pgteal::workload
