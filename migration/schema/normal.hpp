// SQL as different majors print it, brought to one form. Pure.
#pragma once

#include <optional>
#include <string>

#include "migration/schema/compare.hpp"

namespace pgteal::migration::schema {

/// The parse tree of what an object's definition or attribute says, as text: without positions, and without
/// what ruleutils.c prints differently from one major to the next although it means the same:
/// - up to 15 a query of one table is printed with qualified columns, from 16 on without;
/// - up to 13 EXTRACT, SUBSTRING, OVERLAY, POSITION, TRIM, AT TIME ZONE and OVERLAPS are printed as calls,
/// and
///   EXTRACT is date_part(); this counts only when `across_14` says that the other side is beyond it;
/// - from 14 on IN stands before the arguments of procedures;
/// - an array's cast is moved to its elements when printed SQL is read again.
/// Nothing when libpg_query's grammar, which is PostgreSQL 15's, doesn't know it: then only a server can
/// tell.
std::optional<std::string> normal_form(const Object& object, const std::string& attribute,
                                       const std::string& sql, bool across_14);

/// For CompareOptions: both normal forms are there and equal.
SameSql same_normal_form(int left_version, int right_version);

} // namespace pgteal::migration::schema
