// Roles that rehearsed statements make: they live outside the scratch database, so each is marked for the
// sweep.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "migration/apply/session.hpp"
#include "migration/rehearse/server_wide.hpp"

namespace pgteal::migration::rehearse {

/// "" when the statement may be run; else why not, for people: it would change the server, and with it more
/// than the scratch database.
std::string why_not(pqxx::transaction_base& work, const std::string& statement);

/// Marks the roles that `work` has made and not committed yet: those that `outside` can't see.
void mark_new_roles(pqxx::transaction_base& work, Session& outside, const std::string& scratch);

/// What the server's databases share, but for what a rehearsal made. Holds no secrets.
struct Shared {
    struct Entry {
        std::set<std::string> roles; ///< that it is about
        std::string state;
    };
    std::map<std::string, Entry> entries; ///< by what it is, for people: "role app"
    std::set<std::string> roles;
    std::map<std::string, std::string> names, marked; ///< of roles, by oid: all; this scratch database's
    std::map<std::string, bool> slots; ///< of replication, by name; true: of the database one is connected to
};

/// As `work` sees it. A changed password shows only to a login that may read pg_authid.
Shared read_shared(pqxx::transaction_base& work);

/// Pure. What is not as it was, such as "role app"; "" if nothing. Roles that were made in between, and what
/// is only about them, are no change: they are dropped.
std::string changed(const Shared& before, const Shared& after);

/// For messages.
struct Where {
    std::string place; ///< file and line
    std::string side;
};

/// What code of the user's changes can be seen only afterwards: if that is more than the scratch database, it
/// is rolled back. Returns why, or "". Replication slots don't roll back: one that the statement has made, as
/// its name in the text or its database shows, is dropped; for any other that is new it throws
/// Error(migration).
std::string exec_contained(pqxx::work& work, const std::string& statement, const Where& where,
                           const std::function<void(pqxx::transaction_base&)>& exec);

/// The same for what has committed by itself: throws ErrorCode::migration, which says what stays.
void expect_unchanged(const Shared& before, pqxx::transaction_base& now, const std::string& statement,
                      const Where& where);

} // namespace pgteal::migration::rehearse
