#include "cutover/executor/blocker.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/error.hpp"

namespace pgteal::cutover {

namespace {

/// Pid 0 is a prepared transaction's (docs: pg_blocking_pids).
constexpr const char* blockers =
    "SELECT b.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), "
    "coalesce(a.datname::text, '')"
    " FROM unnest($1::int[]) AS mine (pid), LATERAL unnest(pg_blocking_pids(mine.pid)) AS b (pid)"
    " LEFT JOIN pg_stat_activity a ON a.pid = b.pid WHERE b.pid <> ALL ($1::int[]) ORDER BY a.xact_start "
    "LIMIT 1";

Task<std::optional<Refusal>> blocker_of(postgres::Server* server, Deadline deadline) {
    std::string pids;
    for (const int pid : server->pids()) {
        pids += (pids.empty() ? "{" : ",") + std::to_string(pid);
    }
    const postgres::Params ours{(pids.empty() ? "{" : pids) + "}"};
    const auto found = co_await server->exec("", blockers, ours, deadline);
    if (found.empty()) {
        co_return std::nullopt;
    }
    const auto& side = server->name();
    if (found.get<int>(0, 0) == 0) {
        co_return Refusal{
            side, "a prepared transaction on " + side,
            "on " + side +
                ": SELECT gid, database FROM pg_prepared_xacts; shows it, and COMMIT PREPARED or "
                "ROLLBACK PREPARED in its database ends it"};
    }
    co_return Refusal{
        side,
        fmt::format("pid {} (role {}, app \"{}\", database {}) on {}", found.text(0, 0), found.text(0, 1),
                    found.text(0, 2), found.text(0, 3), side),
        fmt::format("wait for it, or end it on {}: SELECT pg_terminate_backend({})", side, found.text(0, 0))};
}

} // namespace

Task<void> watch_blockers(postgres::Server* server, std::shared_ptr<BlockerWatch> watch) {
    while (!watch->over) {
        watch->ended.expires_after(std::chrono::seconds(2));
        boost::system::error_code ended;
        co_await watch->ended.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        if (watch->over) {
            break;
        }
        try {
            watch->blocker = co_await blocker_of(server, after(std::chrono::seconds(2)));
        } catch (const Error&) { // then nobody is named
        }
    }
}

} // namespace pgteal::cutover
