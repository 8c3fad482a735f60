#include "pooler/pools.hpp"

#include "pooler/admin_sessions.hpp"
#include "pooler/console_tables.hpp"

namespace pgteal::pooler {

Task<std::vector<Pool>> read_pools(postgres::Dsn admin, std::string pooler, Deadline deadline) {
    AdminSessions sessions(std::move(pooler), std::move(admin));
    const postgres::Result shown = co_await sessions.command("SHOW POOLS", deadline);
    co_return pools_in(shown);
}

} // namespace pgteal::pooler
