// The second look: two definitions that different servers printed, given to one server and printed again.
#pragma once

#include <vector>

#include "migration/schema/compare.hpp"
#include "migration/schema/copy.hpp"
#include "migration/schema/scratch.hpp"

namespace pgteal::migration::schema {

/// The differences worth a second look: of both sides, and in nothing but how SQL is printed.
std::vector<Difference*> suspicious(std::vector<Difference>& differences);

/// What has to be in the database for that: where blue's objects are that these differences are about.
std::vector<Address> needed(const std::vector<Difference*>& differences, bool left_is_blue);

/// Loads both definitions of each into the scratch database, which holds what they depend on, in a
/// transaction that is rolled back, and takes away those changes that the server prints alike. A definition
/// that can't be loaded there is a different one.
Task<void> look_again(std::vector<Difference*> differences, Scratch& scratch, Deadline deadline);

/// Differences without any change left.
void drop_settled(std::vector<Difference>* differences);

} // namespace pgteal::migration::schema
