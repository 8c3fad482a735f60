// The SQL that would take a difference away. Pure.
#pragma once

#include <string>

#include "migration/schema/compare.hpp"

namespace pgteal::migration::schema {

/// What to run on the right side to make it like the left one. Nothing that drops an object, rewrites a table
/// or takes a privilege is ever given as SQL: such lines begin with "-- ". "" when nothing safe can be said.
/// `left` is the list that the difference was found in.
std::string reconcile(const Difference& difference, const Objects& left);

} // namespace pgteal::migration::schema
