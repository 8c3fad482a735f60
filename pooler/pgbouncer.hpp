// PgBouncer through its admin console (PgBouncer docs: usage.md, "Admin console"). Simple queries only, one
// command a message.
#pragma once

#include <memory>
#include <string>

#include "pooler/pooler.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::pooler {

/// A server login that ends early, whatever the reason, makes PgBouncer refuse new clients of that pool and
/// try no other login for server_login_retry, 15 s by default (source: objects.c, disconnect_server,
/// launch_new_connection, check_fast_fail). PAUSE closes servers in the middle of their login, and goes on
/// starting some: for min_pool_size, three times a second (janitor.c, check_pool_size looks at the global
/// PAUSE only), and for the first client of a pool. So pause() first sets min_pool_size to 0 and waits a
/// moment for logins under way, raise_shield() keeps new ones from starting, and resume() sets
/// server_login_retry to 50 ms for what slipped through. resume() of the last paused entry puts min_pool_size
/// back, settle() server_login_retry, and a RELOAD or restart both. An entry's own min_pool_size can't be
/// changed from the console: raise the shield right after its pause.
///
/// `admin`: DSN of the console (dbname=pgbouncer). Nothing is connected before the first call.
std::unique_ptr<Pooler> make_pgbouncer(std::string name, postgres::Dsn admin);

} // namespace pgteal::pooler
