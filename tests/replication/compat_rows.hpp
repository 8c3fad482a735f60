// Looking at the two sides of a case.
#pragma once

#include "tests/replication/compat_matrix.hpp"

namespace pgteal::replication::compat::test {

inline Deadline soon() { return after(std::chrono::seconds(60)); }
/// With {s} and {pub} replaced.
std::string filled(std::string text, const Run& run);
/// In a transaction whose search_path is the case's schema.
std::string in_schema(const std::string& text, const Run& run);
std::string subscriber_of(const Run& run);
Task<std::vector<postgres::Result>> sql(Matrix* matrix, std::string side, std::string database,
                                        std::string text);

/// Says what the rows and tables of both sides show, once all writes are through: never that the lane
/// stopped.
Task<void> compare_rows(Matrix* matrix, Run* run, const Schema* blue, const Schema* green);

} // namespace pgteal::replication::compat::test
