// Dropping a scratch database, whatever the migrations have made of it.
#pragma once

#include <string>

#include "migration/apply/session.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::migration::rehearse {

/// Drops database `name` with the sessions of our own role in it; nothing when there is none. Anybody else's
/// session makes it fail. Code of a migration may have
/// made it a template, closed it or given it subscriptions, and DROP DATABASE refuses each of these
/// (dbcommands.c, dropdb): they are taken off first. A subscription's slot on its publisher, if it has one,
/// stays. Blocks for minutes at most. Throws Error, which names the database and the way out.
void drop_database(Session& control, const postgres::Dsn& server, const std::string& name);

} // namespace pgteal::migration::rehearse
