#include "cutover/estate/baseline.hpp"

#include "base/error.hpp"
#include "cutover/estate/leads.hpp"
#include "pooler/file/config_file.hpp"

namespace pgteal::cutover {

namespace {

bool points_at_blue(const Config& config, const pooler::Entry& entry) {
    return entry.host == config.blue.pooler_host && entry.port == config.blue.pooler_port;
}

Task<PoolerBaseline> read_one(Estate* estate, PoolerUnit* unit, Deadline deadline) {
    PoolerBaseline baseline;
    baseline.name = unit->config.name;
    baseline.path = unit->config.config;
    const auto file = pooler::read_config(unit->config.config);
    baseline.hash = file.hash;
    const auto entries = co_await unit->console->entries(deadline);
    const auto& wanted = unit->config.entries;
    std::string known;
    const auto spelled = co_await spell_as_config(estate, entries, deadline);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& entry = entries[i];
        const bool named = std::find(wanted.begin(), wanted.end(), entry.name) != wanted.end();
        if (named || (wanted.empty() && points_at_blue(estate->config(), spelled.entries[i]))) {
            // In the file's own spelling: that is what comes back with blue.
            baseline.entries[entry.name] = {entry.host, entry.port, entry.database};
        }
        known += (known.empty() ? "" : ", ") + entry.name;
    }
    for (const auto& name : wanted) {
        if (!baseline.entries.contains(name)) {
            throw Error(ErrorCode::config, baseline.name, "pooler " + baseline.name + " has no entry " + name,
                        "its entries are: " + known);
        }
    }
    co_return baseline;
}

} // namespace

Task<std::vector<PoolerBaseline>> read_poolers(Estate* estate, Deadline deadline) {
    std::vector<PoolerBaseline> baselines;
    for (auto& unit : estate->poolers()) {
        auto one = co_await read_one(estate, &unit, deadline);
        baselines.push_back(std::move(one));
    }
    co_return baselines;
}

std::vector<pooler::Entry> new_entries(const Config& config, Side serving, const PoolerBaseline& baseline,
                                       const std::vector<pooler::Entry>& entries) {
    const auto& side = config.side(serving);
    const auto names = config.database_names();
    std::vector<pooler::Entry> found;
    for (const auto& entry : entries) {
        if (!baseline.entries.contains(entry.name) && entry.host == side.pooler_host &&
            entry.port == side.pooler_port &&
            std::find(names.begin(), names.end(), entry.database) != names.end()) {
            found.push_back(entry);
        }
    }
    return found;
}

Task<void> add_new_entries(Estate* estate, Side serving, std::vector<PoolerBaseline>* baselines,
                           Deadline deadline) {
    const auto& config = estate->config();
    for (auto& baseline : *baselines) {
        auto& unit = estate->pooler(baseline.name);
        const auto& wanted = unit.config.entries;
        const auto entries = co_await unit.console->entries(deadline);
        const auto spelled = co_await spell_as_config(estate, entries, deadline);
        for (const auto& entry : new_entries(config, serving, baseline, spelled.entries)) {
            if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), entry.name) == wanted.end()) {
                continue;
            }
            const auto as_found = std::find_if(entries.begin(), entries.end(),
                                               [&entry](const auto& one) { return one.name == entry.name; });
            baseline.entries[entry.name] =
                serving == Side::blue
                    ? pooler::Target{as_found->host, as_found->port, entry.database}
                    : pooler::Target{config.blue.pooler_host, config.blue.pooler_port, entry.database};
        }
    }
}

std::vector<PoolerBaseline> recorded_poolers(const Journal& journal) {
    auto baselines = every_recorded_pooler(journal);
    auto without = left_behind(journal);
    without.merge(journal.recall(facts::poolers_left_out).value_or(std::set<std::string>{}));
    std::erase_if(baselines, [&without](const auto& one) { return without.contains(one.name); });
    return baselines;
}

std::vector<PoolerBaseline> every_recorded_pooler(const Journal& journal) {
    return journal.recall(poolers_recorded).value_or(std::vector<PoolerBaseline>{});
}

void record_poolers(Journal& journal, std::vector<PoolerBaseline> baselines) {
    const auto known = [&baselines](const auto& other) {
        return std::any_of(baselines.begin(), baselines.end(),
                           [&other](const auto& one) { return one.name == other.name; });
    };
    for (const auto& one : every_recorded_pooler(journal)) { // those that are left out stay known
        if (!known(one)) {
            baselines.push_back(one);
        }
    }
    journal.remember(poolers_recorded, baselines);
}

pooler::Target target_for(const Config& config, Side side, const pooler::Target& original) {
    // Blue's own words in the file come back as they were; green's come from the config.
    if (side == Side::blue && original.host.find(',') == std::string::npos) {
        return original;
    }
    const auto& own = config.side(side);
    if (own.pooler_host.find(',') != std::string::npos || own.pooler_port.find(',') != std::string::npos) {
        // PgBouncer takes a list of hosts in turns, and knows no target_session_attrs.
        throw Error(ErrorCode::config, to_string(side),
                    "the poolers can't be led to several hosts (" + own.pooler_host +
                        "): PgBouncer takes them in turns",
                    "pooler_host and pooler_port in [" + to_string(side) + "] of " + config.path +
                        ": the one address");
    }
    return pooler::Target{own.pooler_host, own.pooler_port, original.database};
}

std::map<std::string, pooler::Target> targets_for(const Config& config, Side side,
                                                  const PoolerBaseline& baseline) {
    std::map<std::string, pooler::Target> targets;
    for (const auto& [entry, original] : baseline.entries) {
        targets[entry] = target_for(config, side, original);
    }
    return targets;
}

std::set<std::string> left_behind(const Journal& journal) {
    return journal.recall(facts::poolers_left_behind).value_or(std::set<std::string>{});
}

void record_left_behind(Journal& journal, const std::set<std::string>& names) {
    if (names != left_behind(journal)) {
        journal.remember(facts::poolers_left_behind, names);
    }
}

} // namespace pgteal::cutover
