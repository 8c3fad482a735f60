#include "pooler/trial/trial_config.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/error.hpp"
#include "pooler/file/connect_string.hpp"
#include "pooler/file/ini.hpp"

namespace pgteal::pooler {

namespace {

// Well formed, and of no password.
constexpr std::string_view no_secret =
    "SCRAM-SHA-256$4096:cGd0ZWFsIHRyaWFsIHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

bool meant_for_servers(const std::string& key) {
    return key.starts_with("server_tls") || key.starts_with("dns_") || key == "resolv_conf" ||
           key == "auth_file";
}

std::string value_of(const std::map<std::string, std::string>& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? "" : found->second;
}

} // namespace

std::map<std::string, std::string> effective_settings(std::map<std::string, std::string> shown,
                                                      std::string_view text) {
    for (const auto& item : ini::scan(text)) {
        if (item.kind == ini::Item::Kind::setting && item.section == "pgbouncer") {
            shown[item.key] = std::string(text.substr(item.begin, item.end - item.begin));
        }
    }
    return shown;
}

std::vector<std::string> users_in(std::string_view auth_file) {
    std::vector<std::string> users;
    while (!auth_file.empty()) {
        const auto end = std::min(auth_file.find('\n'), auth_file.size());
        auto line = auth_file.substr(0, end);
        auth_file.remove_prefix(std::min(end + 1, auth_file.size()));
        const auto quote = line.find_first_not_of(" \t");
        if (quote == std::string_view::npos || line[quote] != '"') {
            continue; // a comment
        }
        std::string name;
        for (auto at = quote + 1; at < line.size(); ++at) {
            if (line[at] == '"') {
                if (at + 1 == line.size() || line[at + 1] != '"') {
                    break;
                }
                ++at;
            }
            name += line[at];
        }
        if (!name.empty()) {
            users.push_back(std::move(name));
        }
    }
    return users;
}

std::string trial_name(std::size_t index) { return "t" + std::to_string(index); }

std::string trial_client(const TrialPlace& place) {
    return place.known.empty() ? "pgteal" : place.known.front();
}

std::string trial_entry(const LoginToTry& login, const std::map<std::string, std::string>& options,
                        const TrialPlace& place) {
    std::string line;
    const auto add = [&line](const std::string& key, std::string_view value) {
        if (!value.empty()) {
            line += (line.empty() ? "" : " ") + key + "=" + quote_option(value, true);
        }
    };
    try {
        // Without a host PgBouncer looks for the server's socket in its own folder, which is another one
        // here.
        add("host",
            login.target.host.empty() ? value_of(place.settings, "unix_socket_dir") : login.target.host);
        add("port", login.target.port);
        add("dbname", login.target.database);
        add("user", login.user);
        const bool forced = value_of(options, "user") == login.user;
        const auto password = forced ? value_of(options, "password") : "";
        const bool known = std::find(place.known.begin(), place.known.end(), login.user) != place.known.end();
        add("password", !password.empty() ? std::string_view(password)
                        : known           ? std::string_view()
                                          : no_secret);
        for (const auto* key : {"client_encoding", "datestyle", "timezone"}) {
            add(key, value_of(options, key));
        }
    } catch (const std::invalid_argument& error) {
        throw Error(ErrorCode::config, "",
                    "the login of " + login.user + " through entry " + login.entry +
                        " can't be tried: " + error.what());
    }
    return line;
}

std::string trial_config(const std::vector<std::string>& entries, const TrialPlace& place) {
    std::string text = "[databases]\n";
    for (std::size_t i = 0; i < entries.size(); ++i) {
        text += trial_name(i) + " = " + entries[i] + "\n";
    }
    text += "[pgbouncer]\n";
    for (const auto& [key, value] : place.settings) {
        if (meant_for_servers(key) && !value.empty()) {
            text += key + " = " + value + "\n";
        }
    }
    // `any` reads no auth_file; `trust` wants the client in it. Either way each entry forces its user.
    const bool any = value_of(place.settings, "auth_type") == "any" || place.known.empty();
    text += std::string("auth_type = ") + (any ? "any" : "trust") + "\n";
    text += "listen_addr =\nlisten_port = 6432\nunix_socket_dir = " + place.folder +
            "\nunix_socket_mode = 0700\n"
            "server_connect_timeout = 3\ndefault_pool_size = 1\nmax_client_conn = 50\n"
            "log_connections = 1\nlog_disconnections = 1\nlog_pooler_errors = 1\n";
    return text;
}

} // namespace pgteal::pooler
