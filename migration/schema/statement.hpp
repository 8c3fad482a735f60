// SQL that makes an object as it was read. Pure.
#pragma once

#include <string>

#include "migration/schema/object.hpp"

namespace pgteal::migration::schema {

/// The statement that makes the object, without semicolon and in the plainest form: what PostgreSQL is told
/// to find out how it prints it. "" for kinds whose definition is only a description.
std::string create_statement(const Object& object);

/// The same for people, one statement a line, with semicolons: indexes CONCURRENTLY, checks and foreign keys
/// NOT VALID first and validated then, a table with its columns, constraints, indexes and what else belongs
/// to it (from `all`). "" when there is none.
std::string create_sql(const Object& object, const Objects& all);

/// "TABLE shop.orders", "CONSTRAINT positive ON shop.orders", "COLUMN shop.orders.id": as COMMENT ON takes
/// it.
std::string named(const Object& object);

/// "DROP TABLE shop.orders" and the like; "" where there is no such statement.
std::string drop_statement(const Object& object);

} // namespace pgteal::migration::schema
