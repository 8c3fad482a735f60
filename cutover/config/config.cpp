#include "cutover/config/config.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "base/error.hpp"
#include "cutover/config/keys.hpp"
#include "cutover/config/read_values.hpp"

namespace pgteal::cutover {

namespace {

std::string default_state() {
    if (::geteuid() == 0) {
        return "/var/lib/pgteal";
    }
    if (const char* xdg = std::getenv("XDG_STATE_HOME"); xdg != nullptr && *xdg != '\0') {
        return std::string(xdg) + "/pgteal";
    }
    const char* home = std::getenv("HOME");
    return std::string(home == nullptr ? "." : home) + "/.local/state/pgteal";
}

/// What follows from other keys.
void complete(SideConfig* side) {
    if (side->peer_dsn == postgres::Dsn()) {
        side->peer_dsn = side->dsn;
    }
    if (side->pooler_host.empty()) {
        side->pooler_host = side->dsn.host();
    }
    if (side->pooler_port.empty()) {
        side->pooler_port = side->dsn.port();
    }
}

void complete(PoolerConfig* pooler) {
    if (!pooler->admin.get("dbname")) {
        pooler->admin = pooler->admin.with_database("pgbouncer");
    }
    if (pooler->probe == postgres::Dsn()) {
        pooler->probe = pooler->admin.with("dbname", "");
    }
}

void refuse_unknown(const toml::table& table, const std::vector<std::string_view>& known,
                    const std::string& path, const std::string& kind, const std::string& where) {
    for (const auto& [key, node] : table) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
            const auto hint = meant(key.str(), known);
            throw Error(ErrorCode::config, "",
                        fmt::format("{}:{}: unknown {} '{}'{}", path, key.source().begin.line, kind,
                                    key.str(), where),
                        hint.empty() ? "docs/config.md lists every key" : hint);
        }
    }
}

template <typename Named>
std::vector<std::string_view> names(const std::vector<Named>& all) {
    std::vector<std::string_view> found;
    for (const auto& one : all) {
        found.push_back(one.name);
    }
    return found;
}

template <typename Owner>
void read_section(const toml::table& table, const Section<Owner>& section, const std::string& path,
                  Owner* owner) {
    refuse_unknown(table, names(section.keys), path, "key", " in " + section.title());
    for (const auto& key : section.keys) {
        const toml::node* node = table.get(key.name);
        if (node != nullptr) {
            const Spot spot{path, key.name, *node};
            if (key.unset == required && node->value_exact<std::string>() == "") {
                spot.fail(fmt::format("'{}' is empty", key.name));
            }
            std::visit([&](const auto& field) { owner->*field.member = read(spot, field.limits); },
                       key.field);
        } else if (key.unset == required) {
            Spot{path, key.name, table}.fail(fmt::format("{} has no '{}'", section.title(), key.name),
                                             "add it; docs/config.md lists every key");
        }
    }
}

/// Texts that no two sections may share.
template <typename Owner>
void refuse_twice(const toml::array& all, const Section<Owner>& section, const std::string& path) {
    for (const auto& key : section.keys) {
        const auto* field = std::get_if<Field<Owner, std::string>>(&key.field);
        if (field == nullptr || field->limits.once.empty()) {
            continue;
        }
        std::set<std::string> seen;
        for (const auto& one : all) {
            const Spot spot{path, key.name, *one.as_table()->get(key.name)};
            const auto text = read(spot, field->limits);
            const auto same =
                field->limits.path ? std::filesystem::path(text).lexically_normal().string() : text;
            if (!seen.insert(same).second) {
                spot.fail(fmt::format("two {} sections have the {} '{}'", section.title(), key.name, text),
                          std::string(field->limits.once));
            }
        }
    }
}

template <typename Owner>
void read_sections(const toml::table& root, const Section<Owner>& section, Config* config) {
    const toml::table empty;
    const auto* node = root.get(section.name);
    const Spot spot{config->path, section.name, node == nullptr ? empty : *node};
    if (section.many == nullptr) {
        const auto* table = spot.node.as_table();
        if (table == nullptr) {
            spot.fail(section.title() + " must be one section", "write " + section.title());
        }
        read_section(*table, section, config->path, &section.place_in(*config));
        return;
    }
    if (node == nullptr) {
        spot.fail("no " + section.title() + " section", fmt::format("add one for each {}", section.each));
    }
    if (!node->is_array_of_tables()) {
        spot.fail(fmt::format("{} may be there several times", section.name),
                  "write " + section.title() + " with two brackets");
    }
    for (const auto& one : *node->as_array()) {
        read_section(*one.as_table(), section, config->path, &(config->*section.many).emplace_back());
    }
    refuse_twice(*node->as_array(), section, config->path);
}

} // namespace

std::vector<std::string> Config::database_names() const {
    std::vector<std::string> names;
    for (const auto& database : databases) {
        names.push_back(database.name);
    }
    return names;
}

const DatabaseConfig& Config::database(std::string_view name) const {
    for (const auto& database : databases) {
        if (database.name == name) {
            return database;
        }
    }
    throw Error(ErrorCode::internal, "", "no database " + std::string(name) + " in the config");
}

Config parse_config(const std::string& text, const std::string& path) {
    toml::table root;
    try {
        root = toml::parse(text, path);
    } catch (const toml::parse_error& error) {
        throw Error(ErrorCode::config, "",
                    fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()),
                    "see https://toml.io for the syntax");
    }
    std::vector<std::string_view> known;
    for_each_section([&](const auto& one) { known.push_back(one.name); });
    refuse_unknown(root, known, path, "section or key", "");
    Config config;
    config.path = path;
    config.state = default_state();
    config.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    for_each_section([&](const auto& one) { read_sections(root, one, &config); });
    complete(&config.blue);
    complete(&config.green);
    for (auto& pooler : config.poolers) {
        complete(&pooler);
    }
    return config;
}

Config load_config(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    if (file) {
        text << file.rdbuf();
    }
    if (!file || std::filesystem::is_directory(path)) {
        throw Error(ErrorCode::config, "", "can't read the config file " + path,
                    "name it with -c FILE or $PGTEAL_CONFIG");
    }
    return parse_config(text.str(), path);
}

} // namespace pgteal::cutover
