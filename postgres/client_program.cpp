#include "postgres/client_program.hpp"

#include <cstdlib>

#include "postgres/startup.hpp"

namespace pgteal::postgres {

Program connected(Program program, const Dsn& dsn, std::string_view application, std::string_view extra) {
    auto full = with_startup(dsn, Purpose::program, extra)
                    .with("application_name", application)
                    .with("connect_timeout", dsn.get("connect_timeout").value_or("10"));
    for (auto& [name, value] : full.secrets_environment()) {
        program.environment[name] = value;
    }
    // A service file may have options, and libpq asks it before the environment.
    if (!dsn.get("service") && std::getenv("PGSERVICE") == nullptr) {
        program.environment["PGOPTIONS"] = full.get("options").value_or("");
        full = full.with("options", "");
    }
    program.argv.push_back("--dbname=" + full.display());
    return program;
}

} // namespace pgteal::postgres
