// GRANT and REVOKE. Pure.
#pragma once

#include <string>

#include "migration/schema/compare.hpp"

namespace pgteal::migration::schema {

/// What gives the object the privileges of the change's left side: GRANT for what it lacks, REVOKE, as a
/// comment, for what it has beyond (docs: DDL, "Privileges").
std::string grants(const Object& object, const Change& change);

} // namespace pgteal::migration::schema
