// How a session of pgteal's begins: one list of settings, in the startup packet as far as it can be.
//
// A database's owner may set the database's search_path and put a type "text" or an operator "=" of his own
// in front of pg_catalog's; whoever sets up logging decides where statements are kept. Neither may have a say
// in a superuser's session, from its first statement on, so what a session is depends on nothing but this
// list.
#pragma once

#include <string>
#include <string_view>

#include "postgres/dsn.hpp"

namespace pgteal::postgres {

/// What a session is for.
enum class Purpose {
    own,        ///< pgteal's own statements, asynchronous
    ledger,     ///< pgteal's own statements beside a migration: values print as the database has it
    program,    ///< pg_dump and pg_restore
    users_text, ///< a file of the user's: path, triggers and logging as psql would have them
};

/// `dsn` with the settings in `options`, behind those it has itself: the later one wins. What the server or
/// the role might refuse (by version, or since it is a superuser's) is left out until the login is
/// remembered. `extra`: more of the kind, such as "-c lock_timeout=2000".
Dsn with_startup(const Dsn& dsn, Purpose purpose, std::string_view extra = {});

/// The settings that with_startup() had to leave out, as commands for the session's first message; "" when
/// there are none.
std::string late_settings(const Dsn& dsn, Purpose purpose, int server_version, bool superuser);

/// Notes what a login found. Known to this process from then on, for this address and role.
void remember_login(const Dsn& dsn, int server_version, bool superuser);
/// The server refused what was remembered: it is another one by now.
void forget_login(const Dsn& dsn);
[[nodiscard]] bool login_is_known(const Dsn& dsn);

} // namespace pgteal::postgres
