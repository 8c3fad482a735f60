#include "cutover/fence/own_tables.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "cutover/fence/run_row.hpp"
#include "replication/lane/control.hpp"

namespace pgteal::cutover {

std::string locks_own_table_text() {
    return "l.granted AND a.backend_type = 'client backend' AND a.usename <> current_user\n"
           "  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())\n"
           "  AND EXISTS (SELECT FROM pg_class c WHERE c.oid = l.relation AND c.relkind = 'r'\n"
           "                AND c.relnamespace = to_regnamespace('pgteal')\n"
           "                AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', "
           "'AccessExclusiveLock')\n"
           "                     OR c.relname <> 'probe' AND l.mode IN ('RowShareLock', "
           "'RowExclusiveLock')))";
}

std::string take_run_row_text(bool write) {
    return past_lockers(std::string(write ? "LOCK TABLE pgteal.run IN ROW EXCLUSIVE MODE; " : "") +
                        "SELECT FROM pgteal.run FOR UPDATE");
}

namespace {

/// A transaction that goes on this long is none that ends by itself.
constexpr const char* lasts = "clock_timestamp() - a.xact_start > interval '1 s'";

Task<std::optional<Refusal>> locker_of(postgres::Server* server, std::string database, std::string again,
                                       Deadline deadline) {
    const std::string sql = "SELECT a.pid, a.usename::text, a.application_name, c.relname::text";
    const std::string from = " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_class c ON "
                             "c.oid = l.relation\n WHERE " +
                             locks_own_table_text();
    const auto lasting = co_await lasting_locker(server, std::move(database), sql, from, deadline);
    if (!lasting) {
        co_return std::nullopt;
    }
    const auto& found = *lasting;
    const auto& side = server->name();
    co_return Refusal{side,
                      fmt::format("pid {} (role {}, app \"{}\") holds a lock on pgteal.{} of {}, and pgteal "
                                  "waits for it",
                                  found.text(0, 0), found.text(0, 1), found.text(0, 2), found.text(0, 3),
                                  side),
                      fmt::format("wait for it, or end it on {}: SELECT pg_terminate_backend({}){}", side,
                                  found.text(0, 0), again.empty() ? "" : "; then run " + again + " again")};
}

} // namespace

Task<std::optional<postgres::Result>> lasting_locker(postgres::Server* server, std::string database,
                                                     std::string columns, std::string from,
                                                     Deadline deadline) {
    const std::string sql = columns + ", " + lasts + from + "\n ORDER BY a.xact_start LIMIT 1";
    for (int looks = 0; looks < 10; ++looks) {
        auto found = co_await server->exec(database, sql, {}, deadline);
        if (found.empty()) {
            break;
        }
        if (found.get<bool>(0, found.columns() - 1)) {
            co_return found;
        }
        co_await sleep_for(std::chrono::milliseconds(150));
    }
    co_return std::nullopt;
}

Task<std::optional<Refusal>> own_table_lockers(Estate* estate, std::string again, Deadline deadline) {
    for (const auto side : {Side::blue, Side::green}) {
        for (const auto& database : estate->config().database_names()) {
            try {
                auto locker = co_await locker_of(&estate->server(side), database, again, deadline);
                if (locker) {
                    co_return locker;
                }
            } catch (const Error&) {
                break; // it is away, or has no such database yet: nothing waits there
            }
        }
    }
    co_return std::nullopt;
}

Task<void> require_unlocked(Estate* estate, std::string again) {
    const auto locker = co_await own_table_lockers(estate, std::move(again), after(std::chrono::seconds(5)));
    if (locker) {
        throw Error(ErrorCode::refused, locker->side, locker->message, locker->hint);
    }
}

Task<void> require_droppable_schema(Estate* estate, Side side, std::string database) {
    auto trial = replication::try_drop_control_schema(database).text.plain();
    co_await estate->server(side).script(database, std::move(trial), after(std::chrono::seconds(20)));
}

Task<void> require_droppable_schemas(Estate* estate) {
    for (const auto side : {Side::blue, Side::green}) {
        for (const auto& database : estate->config().database_names()) {
            co_await require_droppable_schema(estate, side, database);
        }
    }
}

} // namespace pgteal::cutover
