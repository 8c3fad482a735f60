#include "health/settings/settings_checks.hpp"

#include <algorithm>

#include "catalog/setting_text.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

std::vector<std::string> libraries_of(const ServerFacts& side, const std::string& setting) {
    return postgres::split_list(side.setting(setting));
}

bool loads(const ServerFacts& side, const std::string& library) {
    const auto bare = [](std::string name) { return name.substr(name.rfind('/') + 1); };
    for (const auto* setting :
         {"shared_preload_libraries", "session_preload_libraries", "local_preload_libraries"}) {
        const auto all = libraries_of(side, setting);
        if (std::any_of(all.begin(), all.end(),
                        [&](const auto& one) { return bare(one) == bare(library); })) {
            return true;
        }
    }
    return false;
}

/// "ALTER ROLE a IN DATABASE b RESET x;"
std::string reset(const StoredSetting& one) {
    const auto database = postgres::quote_identifier(one.database);
    const auto role = one.role.empty() ? std::string("ALL") : postgres::quote_identifier(one.role);
    const auto whose = one.role.empty() && !one.database.empty()
                           ? "DATABASE " + database
                           : "ROLE " + role + (one.database.empty() ? "" : " IN DATABASE " + database);
    return "ALTER " + whose + " RESET " + postgres::quote_identifier(one.name) + ";";
}

std::string whose(const StoredSetting& one) {
    const auto role = one.role.empty() ? std::string("all roles") : "role " + one.role;
    return one.database.empty() ? role
           : one.role.empty()   ? "database " + one.database
                                : role + " in database " + one.database;
}

} // namespace

CheckResult check_libraries(const ServerFacts& blue, const ServerFacts& green) {
    CheckResult result{"libraries", {}, "green loads what blue loads"};
    for (const auto* setting :
         {"shared_preload_libraries", "session_preload_libraries", "local_preload_libraries"}) {
        std::string wanted = green.setting(setting);
        std::vector<std::string> missing;
        for (const auto& library : libraries_of(blue, setting)) {
            if (!loads(green, library)) {
                missing.push_back(library);
                wanted += (wanted.empty() ? "" : ", ") + library;
            }
        }
        if (missing.empty()) {
            continue;
        }
        const bool shared = std::string_view(setting) == "shared_preload_libraries";
        std::string list;
        for (const auto& one : postgres::split_list(wanted)) {
            list += (list.empty() ? "" : ", ") + postgres::quote_literal(one);
        }
        add(result, Level::warning, green.side, setting,
            "blue loads " + list_of(missing) + " by " + setting +
                ", green does not. What clients have of it is missing after the cutover, and an extension "
                "that needs it can't be restored.",
            "on green:  ALTER SYSTEM SET " + std::string(setting) + " = " + list + ";  then " +
                (shared ? "restart green." : "SELECT pg_reload_conf();"));
    }
    return result;
}

CheckResult check_stored_settings(const SettingTrials& trials) {
    CheckResult result{
        "stored-settings", {}, count_of(trials.tried, "setting") + " of roles and databases tried"};
    if (!trials.problem.empty()) {
        add(result, Level::warning, "green", "",
            "not all settings of roles and databases could be tried on green: " + trials.problem +
                ". prepare may stop at one.",
            "pgteal check");
    }
    for (const auto& trial : trials.refused) {
        for (const auto& one : trial.stored) {
            const bool library = one.name.ends_with("_preload_libraries");
            add(result, Level::error, "green", whose(one),
                "green refuses " + one.name + ", a setting of " + whose(one) + ": " + trial.problem + ". " +
                    (library ? "After the cutover its clients' connections would end at once."
                             : "prepare could not carry it."),
                "on blue:  " + reset(one) + (library ? "  or install the library on green" : ""));
        }
    }
    for (const auto& grant : trials.unknown) {
        add(result, Level::error, "blue", "parameter " + grant.name,
            "privileges on parameter " + grant.name + " are " + grant.grantees +
                "'s, and green doesn't know that parameter. prepare could not carry them.",
            "on blue:  REVOKE ALL ON PARAMETER " + postgres::quote_identifier(grant.name) + " FROM " +
                grant.grantees + " CASCADE;");
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
