// How the objects of lanes are named.
#pragma once

#include <string>
#include <string_view>

namespace pgteal::replication {

/// "pgteal_<run>_<database>_": what the names of all lanes of a run start with in one database.
std::string object_prefix(const std::string& run, const std::string& database);

/// Whether `name` is what Lane::object() gives for some lane of this run and database.
bool is_lane_object(std::string_view name, const std::string& run, const std::string& database);

/// "pgteal.marker_<n>", fit for SQL as it is.
std::string marker_table(int number);

} // namespace pgteal::replication
