#include "cutover/config/config.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <thread>

#include <unistd.h>

#include <toml++/toml.h>

#include "base/error.hpp"
#include "cutover/config/acceptable.hpp"
#include "cutover/config/config_section.hpp"
#include "cutover/config/config_values.hpp"

namespace pgteal::cutover {

namespace {

Section section(const toml::table& root, const std::string& name, const std::string& path,
                const toml::table& empty) {
    const auto* node = root.get(name);
    if (node == nullptr) {
        return Section(empty, name, path);
    }
    if (!node->is_table()) {
        throw Error(ErrorCode::config, "",
                    path + ":" + std::to_string(node->source().begin.line) + ": [" + name +
                        "] must be one section",
                    "write [" + name + "]");
    }
    return Section(*node->as_table(), name, path);
}

std::vector<Section> sections(const toml::table& root, const std::string& name, const std::string& path) {
    std::vector<Section> found;
    const auto* node = root.get(name);
    if (node == nullptr) {
        return found;
    }
    if (!node->is_array_of_tables()) {
        throw Error(ErrorCode::config, "",
                    path + ":" + std::to_string(node->source().begin.line) + ": " + name +
                        " may be there several times",
                    "write [[" + name + "]] with two brackets");
    }
    for (const auto& item : *node->as_array()) {
        found.emplace_back(*item.as_table(), name, path);
    }
    return found;
}

void check_sections(const toml::table& root, const std::string& path) {
    std::vector<std::string_view> known;
    for (const auto& key : config_keys()) {
        auto name = key.table;
        if (name.starts_with('[')) {
            name = name.substr(1, name.size() - 2);
        }
        known.push_back(name);
    }
    for (const auto& [key, node] : root) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
            const auto meant = nearest(key.str(), known);
            throw Error(ErrorCode::config, "",
                        path + ":" + std::to_string(key.source().begin.line) + ": unknown section or key '" +
                            std::string(key.str()) + "'",
                        meant.empty() ? "docs/config.md lists every key"
                                      : "did you mean [" + std::string(meant) + "]?");
        }
    }
}

SideConfig read_side(const Section& section) {
    SideConfig side;
    side.dsn = section.dsn("dsn", false);
    side.peer_dsn = section.has("peer_dsn") && !section.text("peer_dsn", "").empty()
                        ? section.dsn("peer_dsn", false)
                        : side.dsn;
    side.pooler_host = section.text("pooler_host", side.dsn.host());
    side.pooler_port = section.text("pooler_port", side.dsn.port());
    side.password_command = section.list("password_command");
    return side;
}

template <typename Items>
void refuse_twice(const Items& items, const std::string& what, const std::vector<Section>& where) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (!seen.insert(items[i].name).second) {
            where[i].fail(where[i].table(),
                          "two [[" + what + "]] sections have the name '" + items[i].name + "'",
                          "each " + what + " is listed once");
        }
    }
}

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

void read_databases(Config& config, const toml::table& root) {
    const auto all = sections(root, "database", config.path);
    for (const auto& one : all) {
        DatabaseConfig database;
        database.name = one.required_text("name");
        database.lanes = one.number("lanes", 1, 1, 16);
        database.migrations = one.text("migrations", "");
        // pgteal makes, fences and drops databases from a session in postgres, and servers copy template1.
        if (database.name == "postgres" || database.name == "template0" || database.name == "template1") {
            one.fail(*one.table().get("name"), "database " + database.name + " can't be moved",
                     "pgteal works from it; move what is in it to a database of its own");
        }
        config.databases.push_back(std::move(database));
    }
    if (config.databases.empty()) {
        throw Error(ErrorCode::config, "", config.path + ": no [[database]] section",
                    "add one for each database to move");
    }
    refuse_twice(config.databases, "database", all);
}

void read_poolers(Config& config, const toml::table& root) {
    const auto all = sections(root, "pooler", config.path);
    for (const auto& one : all) {
        PoolerConfig pooler;
        pooler.name = one.required_text("name");
        pooler.admin = one.dsn("admin", true);
        if (!pooler.admin.get("dbname")) {
            pooler.admin = pooler.admin.with_database("pgbouncer");
        }
        pooler.probe = one.has("probe") ? one.dsn("probe", false) : pooler.admin.with("dbname", "");
        pooler.config = one.required_text("config");
        pooler.entries = one.list("entries");
        config.poolers.push_back(std::move(pooler));
    }
    if (config.poolers.empty()) {
        throw Error(ErrorCode::config, "", config.path + ": no [[pooler]] section",
                    "add one for each PgBouncer process that clients use");
    }
    refuse_twice(config.poolers, "pooler", all);
    std::set<std::string> files;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& path = config.poolers[i].config;
        if (!files.insert(std::filesystem::path(path).lexically_normal().string()).second) {
            all[i].fail(
                *all[i].table().get("config"), "two poolers have the config file " + path,
                "each PgBouncer process needs a file of its own: switched at the same moment, one would "
                "find it changed by the other");
        }
    }
}

void check_run_name(const Section& run, const std::string& name) {
    const bool fits = name.size() <= 40 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
                          return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                      });
    if (!fits) {
        run.fail(*run.table().get("name"),
                 "the run's name may hold letters, digits, '-', '_' and '.', at most 40", "");
    }
}

void check_accept(const Section& check, const std::vector<std::string>& accept) {
    const auto allowed = acceptable_names();
    for (const auto& one : accept) {
        if (std::find(allowed.begin(), allowed.end(), one) == allowed.end()) {
            const auto meant = nearest(one, allowed);
            check.fail(*check.table().get("accept"), "'" + one + "' can't be accepted",
                       meant.empty() ? "only " + acceptable_words() + " can"
                                     : "did you mean '" + std::string(meant) + "'?");
        }
    }
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
                    path + ":" + std::to_string(error.source().begin.line) + ": " +
                        std::string(error.description()),
                    "see https://toml.io for the syntax");
    }
    check_sections(root, path);
    const toml::table empty;
    Config config;
    config.path = path;
    const auto run = section(root, "run", path, empty);
    config.run = run.required_text("name");
    check_run_name(run, config.run);
    config.state = run.text("state", default_state());
    config.blue = read_side(section(root, "blue", path, empty));
    config.green = read_side(section(root, "green", path, empty));
    read_databases(config, root);
    read_poolers(config, root);
    const auto cutover = section(root, "cutover", path, empty);
    config.max_pause = cutover.duration("max_pause", config.max_pause);
    if (config.max_pause < std::chrono::milliseconds(100)) {
        cutover.fail(*cutover.table().get("max_pause"), "max_pause is below 100 ms",
                     "a switchover needs about 20 ms and the longest open transaction");
    }
    config.max_lag = cutover.size("max_lag", config.max_lag);
    const auto clone = section(root, "clone", path, empty);
    config.jobs =
        clone.number("jobs", static_cast<int>(std::max(1U, std::thread::hardware_concurrency())), 1, 128);
    config.catch_up = clone.duration("catch_up", config.catch_up);
    config.carry_partitions =
        section(root, "freeze", path, empty).word("partitions", "refuse", {"refuse", "carry"}) == "carry";
    const auto check = section(root, "check", path, empty);
    config.accept = check.list("accept");
    check_accept(check, config.accept);
    config.migrate = read_migrate(section(root, "migrate", path, empty), section(root, "lint", path, empty),
                                  section(root, "rehearse", path, empty));
    config.metrics = section(root, "metrics", path, empty).text("listen", "");
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
