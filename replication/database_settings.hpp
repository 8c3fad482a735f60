// Settings of roles and databases (pg_db_role_setting) as ALTER … SET text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgteal::replication {

/// `name TO value`. Variables that hold a list of names (search_path and its like) are stored as one quoted
/// list and must be given as separate literals; every other value is one literal (source: pg_dump's
/// dumputils.c, makeAlterConfigCommand).
std::string setting(const std::string& name, const std::string& value);

/// The elements of a stored list: `"$user", public` is {"$user", "public"} (source: SplitGUCList).
std::vector<std::string> split_list(std::string_view value);

/// A literal that postgres::bind() leaves alone: a value may well hold :"name", as JSON in a comment does.
std::string inert_literal(std::string_view value);

} // namespace pgteal::replication
