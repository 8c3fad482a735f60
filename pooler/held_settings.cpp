#include "pooler/held_settings.hpp"

#include "pooler/admin_sessions.hpp"
#include "pooler/console_tables.hpp"
#include "postgres/quote.hpp"

namespace pgteal::pooler {

namespace {

HeldSettings held_in(const postgres::Result& shown) {
    const auto all = read_config_table(shown);
    HeldSettings held;
    for (const char* key : {"server_login_retry", "min_pool_size"}) {
        if (const auto found = all.find(key); found != all.end() && !found->second.empty()) {
            held.insert(*found);
        }
    }
    return held;
}

} // namespace

Task<HeldSettings> read_held_settings(postgres::Dsn admin, std::string pooler, Deadline deadline) {
    AdminSessions sessions(std::move(pooler), std::move(admin));
    const postgres::Result shown = co_await sessions.command("SHOW CONFIG", deadline);
    co_return held_in(shown);
}

Task<void> put_back_settings(postgres::Dsn admin, std::string pooler, HeldSettings before,
                             Deadline deadline) {
    AdminSessions sessions(std::move(pooler), std::move(admin));
    const postgres::Result shown = co_await sessions.command("SHOW CONFIG", deadline);
    auto now = held_in(shown);
    for (const auto& [key, value] : before) {
        if (now[key] != value) {
            const std::string command = "SET " + key + " = " + postgres::quote_literal(value);
            co_await sessions.command(command, deadline);
        }
    }
}

} // namespace pgteal::pooler
