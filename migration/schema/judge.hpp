// What the differences of blue, green and the expected schemas come to. Pure.
#pragma once

#include <optional>
#include <vector>

#include "migration/schema/compare.hpp"
#include "migration/schema/drift.hpp"

namespace pgteal::migration::schema {

struct Sides {
    Objects blue;
    std::optional<Objects> green;
    /// By the migrations that each side has applied. Where blue is older than its first migration there is
    /// none for blue.
    std::optional<Objects> blue_expected, green_expected;
};

/// The left side of each is what the right one should be like.
struct Found {
    std::vector<Difference> sides; ///< blue, green
    std::vector<Difference> blue;  ///< blue_expected, blue
    std::vector<Difference> green; ///< green_expected, green
};

/// Fills drift, explained and notes. Blue and green may differ where the expected schemas do: a difference is
/// drift when a side is not as the migrations leave it; without an expected schema of green, when the sides
/// differ.
void judge(const Sides& sides, Found found, Report* report);

} // namespace pgteal::migration::schema
