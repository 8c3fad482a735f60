#include "health/settings/settings_trial.hpp"

#include <map>
#include <set>

#include "base/error.hpp"
#include "catalog/setting_text.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

/// Objects that come with roles, tablespaces and schema; and what would end or garble the trial itself.
bool can_be_tried(const std::string& name) {
    static const std::set<std::string> not_now{"role",
                                               "session_authorization",
                                               "search_path",
                                               "default_text_search_config",
                                               "default_tablespace",
                                               "temp_tablespaces",
                                               "default_table_access_method",
                                               "transaction_timeout",
                                               "client_encoding"};
    return !not_now.contains(name);
}

bool is_preload(const std::string& name) {
    return name == "session_preload_libraries" || name == "local_preload_libraries";
}

/// As a login loads it. Anybody may set local_preload_libraries, and a login takes them from one folder only
/// (source: miscinit.c, load_libraries; dfmgr.c, check_restricted_library_name); we are a superuser, whom
/// LOAD would give any file. "" when a login refuses it.
std::string library_path(const std::string& setting, const std::string& library) {
    const std::string folder = "$libdir/plugins/";
    if (setting != "local_preload_libraries") {
        return library;
    }
    const auto name = library.starts_with(folder) ? library.substr(folder.size()) : library;
    return name.find('/') == std::string::npos ? folder + name : "";
}

Task<std::string> load(postgres::Server* green, std::string setting, std::string value, Deadline deadline) {
    std::string problem;
    for (const auto& library : postgres::split_list(value)) {
        const auto path = library_path(setting, library);
        if (path.empty()) {
            problem = "access to library \"" + library + "\" is not allowed";
            break;
        }
        postgres::Server::Session session = co_await green->session("", deadline);
        try {
            std::string sql = "LOAD " + postgres::quote_literal(path);
            co_await session->exec(std::move(sql), deadline);
        } catch (const Error& error) {
            problem = error.what();
        }
        session->close(); // what it loaded stays loaded
        if (!problem.empty()) {
            break;
        }
    }
    co_return problem;
}

Task<std::string> set(postgres::Server* green, std::string name, std::string value, Deadline deadline) {
    std::string problem;
    try {
        const postgres::Params params{std::move(name), std::move(value)};
        co_await green->exec("", "SELECT pg_catalog.set_config($1, $2, true)", params, deadline);
    } catch (const ServerError& error) {
        problem = error.what();
    }
    co_return problem;
}

} // namespace

Task<SettingTrials> try_settings(postgres::Server& green, std::vector<StoredSetting> stored,
                                 std::vector<ParameterGrant> grants, Deadline deadline) {
    std::map<std::pair<std::string, std::string>, std::vector<StoredSetting>> different;
    for (const auto& one : stored) {
        if (can_be_tried(lower(one.name))) {
            different[{lower(one.name), one.value}].push_back(one);
        }
    }
    SettingTrials trials;
    try {
        for (const auto& [setting, rows] : different) {
            std::string name = setting.first;
            std::string value = setting.second;
            std::string problem;
            if (is_preload(name)) {
                problem = co_await load(&green, std::move(name), std::move(value), deadline);
            } else {
                problem = co_await set(&green, std::move(name), std::move(value), deadline);
            }
            ++trials.tried;
            if (!problem.empty()) {
                trials.refused.push_back({rows, std::move(problem)});
            }
        }
        for (const auto& grant : grants) {
            const postgres::Params name{grant.name};
            const auto known = co_await green.exec(
                "", "SELECT pg_catalog.current_setting($1, true) IS NOT NULL", name, deadline);
            // Anybody may make up one with a dot; without, a server has it or not.
            if (!known.get<bool>(0, 0) && grant.name.find('.') == std::string::npos) {
                trials.unknown.push_back(grant);
            }
        }
    } catch (const Error& error) {
        trials.problem = error.what();
    }
    co_return trials;
}

} // namespace pgteal::health
