// ALTER for what differs in columns, tables and sequences. Pure.
#pragma once

#include <string>

#include "migration/schema/compare.hpp"

namespace pgteal::migration::schema {

/// Where a difference was found: both lists in which its two objects are.
struct Lists {
    const Objects& left;
    const Objects& right;
};

/// The object of that kind and identity; null when the list has none.
const Object* find(const Objects& objects, const std::string& kind, const std::string& identity);

/// "SET (a=1);" for what is new or has another value in the left list of options, "RESET (b);" for what only
/// the right one has, each behind `alter`.
std::string set_options(const std::string& alter, const Change& change);

/// For each the change's attribute on the right side as on the left one; "" when there is no SQL for it. What
/// rewrites the table, or would leave the column neither as it was nor as it should be, is a comment.
std::string alter_column(const Object& left, const Object& right, const Change& change, const Lists& lists);
std::string alter_table(const Object& left, const Change& change, const Lists& lists);
std::string alter_sequence(const Object& left, const Object& right, const Change& change, const Lists& lists);

/// The same for a column of a view or materialized view, or an attribute of a composite type, which are no
/// objects of their own: `attribute` as split_attribute() gives it, `column` its quoted name.
std::string alter_part(const Object& left, const std::string& attribute, const std::string& column,
                       const Change& change, const Lists& lists);

} // namespace pgteal::migration::schema
