#include "cutover/look/binding.hpp"

#include <spdlog/spdlog.h>

#include "base/error.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto binding_patience = std::chrono::seconds(5);

Task<void> read_server(postgres::Server* server, std::string side, std::map<std::string, std::string>* found,
                       bool must) {
    try {
        const auto identity = co_await server->identity(after(binding_patience));
        (*found)[side] = identity.system_identifier;
    } catch (const Error&) {
        if (must) {
            throw;
        }
    }
}

Task<Binding> read_binding(Context* context, bool must) {
    Binding now;
    for (const auto& database : context->estate.config().databases) {
        now.lanes[database.name] = database.lanes;
    }
    std::vector<Task<void>> reads;
    for (const auto side : {Side::blue, Side::green}) {
        reads.push_back(read_server(&context->estate.server(side), to_string(side), &now.servers, must));
    }
    co_await all(std::move(reads));
    co_return now;
}

/// Poolers of the run that the config has no more, and of the config that the run has not.
void compare_poolers(Context* context) {
    const auto& config = context->estate.config();
    const bool accepted =
        std::find(config.accept.begin(), config.accept.end(), "pooler-gone") != config.accept.end();
    const auto baselines = every_recorded_pooler(context->journal);
    std::set<std::string> left_out;
    for (const auto& one : baselines) {
        const bool there = std::any_of(config.poolers.begin(), config.poolers.end(),
                                       [&one](const auto& pooler) { return pooler.name == one.name; });
        if (there) {
            continue;
        }
        if (!accepted) {
            throw Error(
                ErrorCode::refused, one.name,
                "pooler " + one.name +
                    " of the run is gone from the config: its clients would stay where "
                    "they are",
                "put its section back, under the same name; if its machine is dead for good, say accept = "
                "[\"pooler-gone\"] in [check]");
        }
        spdlog::warn(
            "pooler {} is left as it is; the side that does not serve is fenced, so that its clients "
            "can't write there",
            one.name);
        left_out.insert(one.name);
    }
    if (!baselines.empty() && left_out.size() == baselines.size()) {
        throw Error(ErrorCode::refused, "", "no pooler of the run is left in the config",
                    "a run without a pooler moves nobody: put one back");
    }
    if (context->journal.recall(facts::poolers_left_out).value_or(std::set<std::string>{}) != left_out) {
        context->journal.remember(facts::poolers_left_out, left_out);
    }
}

} // namespace

std::map<std::string, std::string> bound_servers(const Config& config) {
    const auto journal = Journal::peek(config.state, config.run);
    if (!journal || !peek_progress(config).active) {
        return {};
    }
    const auto recorded = journal->recall(facts::binding);
    return recorded ? recorded->servers : std::map<std::string, std::string>{};
}

Task<void> record_binding(Context* context) {
    const auto now = co_await read_binding(context, true);
    context->journal.remember(facts::binding, now);
}

std::optional<Refusal> judge_binding(const Binding& recorded, const Binding& now) {
    const std::string undo = "give the config back what it had, or begin another run with another [run] name";
    for (const auto& [side, identifier] : now.servers) {
        const auto was = recorded.servers.find(side);
        if (was != recorded.servers.end() && was->second != identifier) {
            return Refusal{side,
                           "the config's " + side +
                               " is not the server that the run began with (system_identifier " + identifier +
                               ", was " + was->second + ")",
                           undo};
        }
    }
    for (const auto& [database, lanes] : now.lanes) {
        const auto was = recorded.lanes.find(database);
        if (was == recorded.lanes.end()) {
            return Refusal{"", "database " + database + " was added to the config after the run began", undo};
        }
        if (was->second != lanes) {
            return Refusal{"",
                           "database " + database + " has lanes = " + std::to_string(lanes) +
                               " in the config; the run began with " + std::to_string(was->second),
                           undo};
        }
    }
    for (const auto& [database, lanes] : recorded.lanes) {
        if (!now.lanes.contains(database)) {
            return Refusal{"", "database " + database + " of the run is gone from the config", undo};
        }
    }
    return std::nullopt;
}

Task<void> require_bound(Context* context) {
    if (!context->progress().active) {
        co_return;
    }
    if (const auto recorded = context->journal.recall(facts::binding)) {
        const auto now = co_await read_binding(context, false);
        if (const auto refusal = judge_binding(*recorded, now)) {
            throw Error(ErrorCode::refused, refusal->side, refusal->message, refusal->hint);
        }
    }
    compare_poolers(context);
}

void require_known_poolers(const Context& context) {
    const auto baselines = every_recorded_pooler(context.journal);
    for (const auto& pooler : context.estate.config().poolers) {
        if (std::none_of(baselines.begin(), baselines.end(),
                         [&pooler](const auto& one) { return one.name == pooler.name; })) {
            throw Error(
                ErrorCode::refused, pooler.name,
                "pooler " + pooler.name +
                    " was added to the config after the run began: its clients would stay behind",
                "before the first cutover pgteal prepare takes note of it; after it, take it out of the "
                "config and let it lead to the side that serves");
        }
    }
}

} // namespace pgteal::cutover
