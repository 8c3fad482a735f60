// The settings that a pause changes for its length (see pgbouncer.hpp), for whoever has to put them back when
// the process that changed them is gone.
#pragma once

#include <map>
#include <string>

#include "base/async.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::pooler {

/// server_login_retry and min_pool_size, as SHOW CONFIG has them.
using HeldSettings = std::map<std::string, std::string>;

/// Read them before a pause, when they are the operator's. Both calls open a session of their own on the
/// console; they throw Error(unreachable), ConnectionLost, DeadlinePassed, ServerError.
Task<HeldSettings> read_held_settings(postgres::Dsn admin, std::string pooler, Deadline deadline);

/// SET of each that is not as given. A RELOAD or a restart puts them back to the file's by itself, and other
/// settings are never touched.
Task<void> put_back_settings(postgres::Dsn admin, std::string pooler, HeldSettings before, Deadline deadline);

} // namespace pgteal::pooler
