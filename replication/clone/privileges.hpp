// Privileges on what a database holds, the database itself, and default privileges. No lane carries them, and
// the freeze lets them change: what was granted and revoked on the side that serves is done on the other one,
// too.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

/// One way in which privileges are not those of a new object.
struct Privilege {
    bool taken = false;  ///< a standard one that is gone; else one that was granted
    bool option = false; ///< WITH GRANT OPTION, besides the privilege itself
    std::string name;    ///< "SELECT"
    std::string grantee; ///< "public", "owner", "role:<name>"
    std::string grantor; ///< "owner" or "role:<name>"
    auto operator<=>(const Privilege&) const = default;
};

/// What GRANT and REVOKE name.
struct PrivilegeTarget {
    std::string kind;   ///< "TABLE", "ROUTINE" …; of default privileges "TABLES" and the like
    std::string name;   ///< quoted, qualified; "" of default privileges
    std::string column; ///< quoted; "" for the whole
    std::string prefix; ///< "ALTER DEFAULT PRIVILEGES FOR ROLE … "; "" of objects
    auto operator<=>(const PrivilegeTarget&) const = default;
};
struct Privileges {
    std::string owner;
    std::string schema; ///< quoted: default privileges in it need it
    std::set<Privilege> entries;
};
using PrivilegeMap = std::map<PrivilegeTarget, Privileges>;

/// With objects that have none but the standard ones, and the columns of `tables` ("s.t").
Task<PrivilegeMap> read_privileges(postgres::Server& server, std::string database,
                                   std::set<std::string> tables, Deadline deadline);
/// Tables of which a column has privileges.
std::set<std::string> tables_with_column_privileges(const PrivilegeMap& privileges);

/// What differs from the standard; for a record.
boost::json::value to_json(const PrivilegeMap& privileges);
PrivilegeMap privileges_from_json(const boost::json::value& recorded);

struct PrivilegePlan {
    std::vector<postgres::Statement> statements; ///< in their order
    /// By the place of a statement: the GRANT of what its grantor may lack there, beside the grant option.
    std::map<std::size_t, std::string> needs;
    int changes = 0;
    bool of_database = false;       ///< CONNECT and its like are among them
    std::set<std::string> left_out; ///< "role x is not there": what could not be carried, and why
    /// What a grantor granted on the source and may not on the target, where it has no grant option. As whom,
    /// and the statement with which an owner would give the same.
    std::vector<std::pair<std::string, std::string>> refused;
    PrivilegeMap
        source_base; ///< the source as it counts as carried: without what waits for a role to be there
    PrivilegeMap target_base; ///< `target_base`, with what the statements change
    PrivilegeMap touched;     ///< the entries that they grant or revoke
};
/// Pure. `base` after an attempt whose end is not known, which touched `doubtful`: what of it the source has
/// counts as not recorded, and what it has no more as recorded, so that either is looked at again.
PrivilegeMap with_doubt(PrivilegeMap base, const PrivilegeMap& doubtful, const PrivilegeMap& source);
/// Pure. What was granted or revoked on the source since `base` was recorded there, and is not so on the
/// target. What the target has otherwise stays: migrations grant, too. Objects and privileges (MAINTAIN
/// before 17) that the target doesn't have are left out.
PrivilegePlan plan_privileges(const std::string& database, const PrivilegeMap& base,
                              const PrivilegeMap& source, const PrivilegeMap& target,
                              PrivilegeMap target_base, const std::set<std::string>& target_roles,
                              int target_version);

} // namespace pgteal::replication
