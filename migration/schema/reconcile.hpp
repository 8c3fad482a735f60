// The SQL that would take a difference away. Pure.
#pragma once

#include <string>

#include "migration/schema/compare.hpp"

namespace pgteal::migration::schema {

/// What to run on the right side to make it like the left one. Nothing that drops an object, rewrites a table
/// or takes a privilege is ever given as SQL: such lines begin with "-- ". "" when nothing safe can be said;
/// where that holds for a part of it, the last line names that part.
/// `left` and `right` are the lists that the difference was found in.
std::string reconcile(const Difference& difference, const Objects& left, const Objects& right);

} // namespace pgteal::migration::schema
