#include "cutover/checks/role_names.hpp"

#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/roles_power.hpp"

namespace pgteal::cutover {

Task<health::CheckResult> check_role_names(Estate* estate, Side from, Deadline deadline) {
    health::CheckResult result{"role-names", {}, "no role is more on the other side"};
    const auto to = other(from);
    const auto keep = estate->config().side(to).dsn.get("user").value_or("");
    try {
        const auto source = co_await replication::read_roles(estate->server(from), deadline);
        const auto target = co_await replication::read_roles(estate->server(to), deadline);
        for (const auto& [name, why] : replication::stronger_roles(source, target, keep)) {
            const auto role = postgres::quote_identifier(name);
            health::add(result, health::Level::error, to_string(from), name,
                        "role " + name + " " + why + " (there: on " + to_string(to) +
                            ", by the same name). Whoever has it here would become more by the move.",
                        "on " + to_string(to) + ", where no clients are:  ALTER ROLE " + role +
                            " RENAME TO " + postgres::quote_identifier(name + "_of_" + to_string(to)) +
                            ";  or, where both are the same, give it there the rights that it has on " +
                            to_string(from));
        }
        const auto older = co_await estate->server(from).identity(deadline);
        const auto newer = co_await estate->server(to).identity(deadline);
        constexpr int admin_option_since = 160000;
        for (const auto& role : source.roles) {
            if (role.create_role && !role.superuser && older.version < admin_option_since &&
                newer.version >= admin_option_since) {
                health::add(
                    result, health::Level::info, to_string(to), role.name,
                    "role " + role.name +
                        " has CREATEROLE, and from PostgreSQL 16 on that manages only roles that it has "
                        "ADMIN OPTION on: after the cutover it can't grant, alter or drop the others.",
                    "on " + to_string(to) +
                        ", after prepare, for each role that it has to manage:  GRANT ROLE TO " +
                        postgres::quote_identifier(role.name) +
                        " WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;");
            }
        }
    } catch (const Error& error) {
        health::add(result, health::Level::warning, error.side(), "",
                    std::string("whether a role would become more on the other side could not be told: ") +
                        error.what(),
                    error.hint().empty() ? "mend that, then pgteal check again" : error.hint());
    }
    co_return result;
}

} // namespace pgteal::cutover
