// What the pause asks the side that served: nobody writes any more, and nobody came in since.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "postgres/statement.hpp"

namespace pgteal::cutover {

/// The whole fence of one database in one round trip. After the commit of the settings every new session is
/// read-only or kept out; sessions that began before are ended. A session that was just starting may have
/// read the old settings and not show in pg_stat_activity yet: until it does it holds a RowExclusiveLock on
/// its database (source: postinit.c), so locks are looked at first and sessions after.
postgres::Statement fence_statement(const std::string& database, std::int64_t epoch,
                                    std::chrono::milliseconds limit);

/// Who got in past the fence (a superuser, a replication session) may have written after the marker: then
/// nothing is switched.
postgres::Statement recheck_statement(const std::string& database);

/// A session's first look at a catalog takes milliseconds, since it fills its caches, and its second a
/// fraction of one. A Server gives out the session that was used last: these are the ones of the pause.
postgres::Statement warm_statement(const std::string& database);

} // namespace pgteal::cutover
