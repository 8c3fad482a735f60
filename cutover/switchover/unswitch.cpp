#include "cutover/switchover/unswitch.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/fence/fence.hpp"
#include "cutover/fence/run_row.hpp"
#include "cutover/gate/login_trials.hpp"
#include "cutover/look/service.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto watched_for = std::chrono::seconds(4);
/// A newer PgBouncer (seen: 1.24) fails whoever waits as soon as a login to the server fails, so that clients
/// are seen waiting now and then only. Where none was for so long, their logins are tried.
constexpr auto nobody_comes = std::chrono::milliseconds(300);
constexpr auto unswitch_patience = std::chrono::seconds(10);

/// Raises unless the slot holds nothing but our markers after the switch. What it holds is read and stays.
/// pgoutput's messages (docs: protocol-logicalrep-message-formats): a letter, I U D with the relation's OID
/// after it; T is a TRUNCATE.
postgres::Statement prove_unwritten(const replication::Lane& lane) {
    return {lane.database,
            fmt::format(R"(DO $unwritten$
DECLARE
  start pg_lsn;
  written bigint;
BEGIN
  SELECT reverse_start INTO start FROM pgteal.run;
  SELECT pg_catalog.count(*) INTO written FROM (
    SELECT c.lsn, pg_catalog.get_byte(c.data, 0) AS kind, c.data
      FROM pg_catalog.pg_logical_slot_peek_binary_changes({}, NULL, NULL, 'proto_version', '1', 'publication_names', {}) c) m
    WHERE m.lsn > start AND CASE WHEN m.kind = 84 THEN true WHEN m.kind IN (73, 85, 68) THEN
      (pg_catalog.get_byte(m.data, 1)::bigint << 24) + (pg_catalog.get_byte(m.data, 2) << 16)
        + (pg_catalog.get_byte(m.data, 3) << 8) + pg_catalog.get_byte(m.data, 4) <> '{}'::regclass::oid::bigint
      ELSE false END;
  IF start IS NULL OR written > 0 THEN
    RAISE EXCEPTION 'clients wrote % rows there since the switch', written USING ERRCODE = '55006';
  END IF;
END
$unwritten$)",
                        postgres::quote_literal(lane.object()), postgres::quote_literal(lane.object()),
                        lane.marker_table()),
            {}};
}

std::vector<Action> close_actions(Context& context, Move move) {
    std::vector<Action> actions;
    for (const auto& database : context.estate.config().database_names()) {
        actions.push_back(sql(move.to, fence_statement(database, move.epoch, std::chrono::seconds(2)), 0));
    }
    for (const auto& lane : context.estate.lanes(move.to)) {
        actions.push_back(sql(move.to, prove_unwritten(lane), 1));
    }
    for (const auto& database : context.estate.config().database_names()) {
        actions.push_back(sql(move.to,
                              {database,
                               "BEGIN READ WRITE; SET LOCAL synchronous_commit = local; " +
                                   require_epoch_text(move.epoch) + "; " + require_attempt_text() +
                                   "; UPDATE pgteal.run SET epoch = " + std::to_string(move.epoch - 1) +
                                   ", serving = " + postgres::quote_literal(to_string(move.from)) +
                                   ", reverse_start = NULL; COMMIT",
                               {}},
                              2));
    }
    return actions;
}

/// For those that were closed and not put back.
std::vector<Action> open_actions(Context& context, Move move) {
    std::vector<Action> actions;
    for (const auto& database : context.estate.config().database_names()) {
        actions.push_back(sql(move.to, {database,
                                        "BEGIN READ WRITE; " + require_epoch_text(move.epoch) + "; " +
                                            lift_fence(context.journal, database) + "; COMMIT",
                                        {}}));
    }
    return actions;
}

Task<bool> refuses_logins(Context* context, Move move) {
    try {
        const auto refused = co_await refused_logins(context, move, false);
        co_return !refused.empty();
    } catch (const Error& error) {
        spdlog::debug("logins after the switch: {}", error.what());
    }
    co_return false;
}

} // namespace

Task<bool> nobody_reaches(Context* context, Move move) {
    const auto until = after(watched_for);
    const auto idle_until = after(nobody_comes);
    bool waited = false;
    while (true) {
        const auto service = co_await read_service(context, false, after(console_patience));
        waited = waited || service == Service::nobody;
        if (service == Service::served || service == Service::untold) {
            co_return false;
        }
        if (service == Service::idle && !waited && Clock::now() >= idle_until) {
            waited = co_await refuses_logins(context, move);
            if (!waited) {
                co_return false;
            }
        }
        if (Clock::now() >= until) {
            break;
        }
        co_await sleep_for(std::chrono::milliseconds(50));
    }
    co_return !co_await somebody_there(context, move.to, false, after(console_patience));
}

Task<void> unswitch(Context* context, Runner* runner, Move move) {
    auto step = aside(StepId::unswitch);
    step.in_pause = true; // for its clients nothing is there
    std::exception_ptr error;
    try {
        auto actions = close_actions(*context, move);
        co_await runner->together(&step, std::move(actions), move.epoch, after(unswitch_patience));
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        step.id = name_of(StepId::switch_stays);
        auto actions = open_actions(*context, move);
        co_await runner->apart(&step, std::move(actions), move.epoch, after(unswitch_patience));
        std::rethrow_exception(error);
    }
}

} // namespace pgteal::cutover
