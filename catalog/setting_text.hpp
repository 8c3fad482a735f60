// Settings of roles and databases (pg_db_role_setting) as ALTER … SET text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postgres/statement.hpp"

namespace pgteal::postgres {

/// `name TO value`. Variables that hold a list of names (search_path and its like) are stored as one quoted
/// list and must be given as separate literals; every other value is one literal (source: pg_dump's
/// dumputils.c, makeAlterConfigCommand).
/// The value of an application's own setting, which has a dot in its name, is never shown: it may be a
/// secret.
SqlText setting_text(const std::string& name, const std::string& value);

/// The elements of a stored list: `"$user", public` is {"$user", "public"} (source: SplitGUCList).
std::vector<std::string> split_list(std::string_view value);

} // namespace pgteal::postgres
