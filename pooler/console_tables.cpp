#include "pooler/console_tables.hpp"

#include <charconv>

#include "base/error.hpp"

namespace pgteal::pooler {

namespace {

using postgres::Result;

std::string field(const Result& table, int row, std::string_view column) {
    for (int i = 0; i < table.columns(); ++i) {
        if (table.column_name(i) == column) {
            return std::string(table.text(row, i));
        }
    }
    return {};
}

bool flag(const std::string& text) { return text == "1" || text == "yes" || text == "t" || text == "on"; }

int count(const std::string& text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string value_of(const std::map<std::string, std::string>& config, const std::string& key) {
    const auto found = config.find(key);
    return found == config.end() ? "" : found->second;
}

Clock::duration seconds(const std::map<std::string, std::string>& config, const std::string& key) {
    const std::string text = value_of(config, key);
    double value = 0;
    if (text.empty()) {
        return {};
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw Error(ErrorCode::server, "",
                    "PgBouncer shows " + key + " as \"" + text + "\", which is no number of seconds");
    }
    return from_seconds(value);
}

} // namespace

std::map<std::string, std::string> read_config_table(const Result& config) {
    std::map<std::string, std::string> values;
    for (int row = 0; row < config.rows(); ++row) {
        values[field(config, row, "key")] = field(config, row, "value");
    }
    return values;
}

Settings read_settings(const Result& version, const std::map<std::string, std::string>& config) {
    Settings settings;
    settings.version = version.empty() ? "" : field(version, 0, "version");
    if (const auto space = settings.version.rfind(' '); space != std::string::npos) {
        settings.version.erase(0, space + 1); // "PgBouncer 1.18.0"
    }
    settings.pool_mode = value_of(config, "pool_mode");
    settings.query_wait_timeout = seconds(config, "query_wait_timeout");
    settings.query_timeout = seconds(config, "query_timeout");
    settings.server_login_retry = seconds(config, "server_login_retry");
    settings.so_reuseport = flag(value_of(config, "so_reuseport"));
    settings.config_file = value_of(config, "conffile");
    return settings;
}

void read_session_pooling(const Result& users, const Result& pools, Settings* settings) {
    for (int row = 0; row < users.rows(); ++row) {
        if (field(users, row, "pool_mode") == "session") {
            settings->session_users.push_back(field(users, row, "name"));
        }
    }
    for (int row = 0; row < pools.rows(); ++row) {
        settings->pools.emplace_back(field(pools, row, "database"), field(pools, row, "user"));
        const bool in_use =
            count(field(pools, row, "cl_active")) + count(field(pools, row, "cl_waiting")) > 0;
        if (in_use && field(pools, row, "pool_mode") == "session") {
            settings->session_pools.emplace_back(field(pools, row, "database"), field(pools, row, "user"));
        }
    }
}

std::vector<std::pair<std::string, std::string>> read_replication_clients(const Result& clients) {
    std::set<std::pair<std::string, std::string>> found;
    for (int row = 0; row < clients.rows(); ++row) {
        const auto how = field(clients, row, "replication"); // none, logical or physical
        if (!how.empty() && how != "none") {
            found.emplace(field(clients, row, "database"), field(clients, row, "user"));
        }
    }
    return {found.begin(), found.end()};
}

std::vector<Entry> read_entries(const Result& databases, const std::string& default_pool_mode) {
    std::vector<Entry> entries;
    for (int row = 0; row < databases.rows(); ++row) {
        Entry entry;
        entry.name = field(databases, row, "name");
        if (entry.name == "pgbouncer") {
            continue;
        }
        entry.host = field(databases, row, "host");
        entry.port = field(databases, row, "port");
        entry.database = field(databases, row, "database");
        entry.pool_mode = field(databases, row, "pool_mode");
        if (entry.pool_mode.empty()) {
            entry.pool_mode = default_pool_mode;
        }
        entry.force_user = field(databases, row, "force_user");
        entry.paused = flag(field(databases, row, "paused"));
        entry.disabled = flag(field(databases, row, "disabled"));
        entry.server_connections = count(field(databases, row, "current_connections"));
        entries.push_back(std::move(entry));
    }
    return entries;
}

int count_clients(const Result& pools, const std::set<std::string>& entries) {
    int clients = 0;
    for (int row = 0; row < pools.rows(); ++row) {
        if (entries.contains(field(pools, row, "database"))) {
            clients += count(field(pools, row, "cl_active")) + count(field(pools, row, "cl_waiting"));
        }
    }
    return clients;
}

std::vector<Pool> pools_in(const Result& pools) {
    std::vector<Pool> all;
    for (int row = 0; row < pools.rows(); ++row) {
        const auto number = [&pools, row](std::string_view column) {
            return count(field(pools, row, column));
        };
        Pool pool{field(pools, row, "database"), field(pools, row, "user")};
        pool.waiting = number("cl_waiting");
        pool.clients = number("cl_active") + pool.waiting;
        pool.servers = number("sv_active") + number("sv_idle") + number("sv_used") + number("sv_tested");
        all.push_back(std::move(pool));
    }
    return all;
}

int count_logins(const Result& pools, const std::string& entry) {
    int logins = 0;
    for (int row = 0; row < pools.rows(); ++row) {
        if (field(pools, row, "database") == entry) {
            logins += count(field(pools, row, "sv_login"));
        }
    }
    return logins;
}

} // namespace pgteal::pooler
