#include "cutover/look/service.hpp"

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "pooler/pools.hpp"

namespace pgteal::cutover {

namespace {

struct Told {
    bool answered = false;
    bool waiting = false;
    bool served = false;
    std::set<std::string> stuck;
};

Task<void> ask(PoolerUnit* unit, PoolerBaseline baseline, Told* told, Deadline deadline) {
    const auto own = unit->config.probe.get("user").value_or("");
    const auto pools = co_await pooler::read_pools(unit->config.admin, baseline.name, deadline);
    for (const auto& pool : pools) {
        if (baseline.entries.contains(pool.entry)) {
            told->waiting = told->waiting || pool.waiting > 0;
            told->served = told->served || (pool.servers > 0 && (pool.user != own || pool.clients > 0));
            if (pool.waiting > 0 && pool.servers == 0 && pool.user != own) {
                told->stuck.insert("role " + pool.user + " through entry " + pool.entry + " of " +
                                   baseline.name);
            }
        }
    }
    told->answered = true;
}

} // namespace

Task<Service> read_service(Context* context, bool refused, Deadline deadline, std::set<std::string>* stuck) {
    const auto baselines = recorded_poolers(context->journal);
    std::vector<Told> told(baselines.size());
    std::vector<Task<void>> questions;
    for (std::size_t i = 0; i < baselines.size(); ++i) {
        questions.push_back(
            ask(&context->estate.pooler(baselines[i].name), baselines[i], &told[i], deadline));
    }
    co_await settle(std::move(questions));
    bool waiting = false;
    for (const auto& one : told) {
        if (stuck != nullptr) {
            stuck->insert(one.stuck.begin(), one.stuck.end());
        }
    }
    for (const auto& one : told) {
        if (one.served) {
            co_return Service::served;
        }
        if (!one.answered) {
            co_return Service::untold;
        }
        waiting = waiting || one.waiting;
    }
    co_return waiting || refused ? Service::nobody : Service::idle;
}

Task<bool> somebody_there(Context* context, Side side, bool writing, Deadline deadline) {
    auto& server = context->estate.server(side);
    const postgres::Params wanted{std::string(writing ? "true" : "false")};
    try {
        for (const auto& database : context->estate.config().database_names()) {
            const auto found = co_await server.exec(
                database,
                "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = "
                "pg_catalog.current_database() "
                "AND backend_type = 'client backend' AND (usename = current_user AND application_name LIKE "
                "'pgteal%') IS NOT TRUE AND (backend_xid IS NOT NULL OR NOT $1::boolean)",
                wanted, deadline);
            if (found.get<int>(0, 0) > 0) {
                co_return true;
            }
        }
    } catch (const Error& error) {
        spdlog::debug("sessions on {}: {}", to_string(side), error.what());
        co_return true;
    }
    co_return false;
}

} // namespace pgteal::cutover
