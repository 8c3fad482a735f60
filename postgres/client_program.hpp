// pg_dump and pg_restore with the settings that all our sessions begin with.
#pragma once

#include <string>
#include <string_view>

#include "base/program.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::postgres {

/// Adds --dbname and the environment. The settings (`extra` last) travel in PGOPTIONS, so that argv stays
/// readable.
Program connected(Program program, const Dsn& dsn, std::string_view application, std::string_view extra);

} // namespace pgteal::postgres
