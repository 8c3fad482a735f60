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
    const auto left_out = journal.fact("poolers_left_out");
    if (left_out.is_array()) {
        for (const auto& name : left_out.as_array()) {
            without.emplace(name.as_string());
        }
    }
    std::erase_if(baselines, [&without](const auto& one) { return without.contains(one.name); });
    return baselines;
}

std::vector<PoolerBaseline> every_recorded_pooler(const Journal& journal) {
    std::vector<PoolerBaseline> baselines;
    const auto fact = journal.fact("poolers");
    if (!fact.is_array()) {
        return baselines;
    }
    for (const auto& item : fact.as_array()) {
        const auto& object = item.as_object();
        PoolerBaseline one;
        one.name = std::string(object.at("name").as_string());
        one.path = std::string(object.at("path").as_string());
        one.hash = std::string(object.at("hash").as_string());
        for (const auto& [entry, target] : object.at("entries").as_object()) {
            const auto& parts = target.as_array();
            one.entries[std::string(entry)] = {std::string(parts.at(0).as_string()),
                                               std::string(parts.at(1).as_string()),
                                               std::string(parts.at(2).as_string())};
        }
        baselines.push_back(std::move(one));
    }
    return baselines;
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
    boost::json::array all;
    for (const auto& one : baselines) {
        boost::json::object entries;
        for (const auto& [entry, target] : one.entries) {
            entries[entry] = boost::json::array{target.host, target.port, target.database};
        }
        boost::json::object object;
        object["name"] = one.name;
        object["path"] = one.path;
        object["hash"] = one.hash;
        object["entries"] = std::move(entries);
        all.push_back(std::move(object));
    }
    journal.set_fact("poolers", all);
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

namespace {

constexpr const char* left_behind_fact = "poolers_left_behind";

} // namespace

std::set<std::string> left_behind(const Journal& journal) {
    std::set<std::string> names;
    const auto recorded = journal.fact(left_behind_fact);
    if (recorded.is_array()) {
        for (const auto& name : recorded.as_array()) {
            names.emplace(name.as_string());
        }
    }
    return names;
}

void record_left_behind(Journal& journal, const std::set<std::string>& names) {
    if (names == left_behind(journal)) {
        return;
    }
    boost::json::array all;
    for (const auto& name : names) {
        all.push_back(boost::json::string(name));
    }
    journal.set_fact(left_behind_fact, all);
}

} // namespace pgteal::cutover
