#include "health/settings/client_settings.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "catalog/setting_text.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

/// Of time and memory (source: guc.c, time_unit_conversion_table and memory_unit_conversion_table); a unit's
/// own name in pg_settings may be a multiple, as 8kB.
double unit_size(std::string_view unit) {
    static const std::map<std::string_view, double> sizes{{"us", 0.001},
                                                          {"ms", 1},
                                                          {"s", 1000},
                                                          {"min", 60000},
                                                          {"h", 3600000},
                                                          {"d", 86400000},
                                                          {"B", 1.0 / 1024},
                                                          {"kB", 1},
                                                          {"MB", 1024},
                                                          {"GB", 1024 * 1024},
                                                          {"TB", 1024.0 * 1024 * 1024},
                                                          {"8kB", 8},
                                                          {"16MB", 16 * 1024}};
    const auto found = sizes.find(unit);
    return found == sizes.end() ? 1 : found->second;
}

/// "5min", "300s" and 300000 of unit ms are one.
std::string canonical_number(const ClientSetting& setting) {
    double number = 0;
    const auto* begin = setting.value.data();
    const auto* end = begin + setting.value.size();
    const auto [rest, problem] = std::from_chars(begin, end, number);
    if (problem != std::errc()) {
        return setting.value;
    }
    std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
    const double factor = number < 0 ? 1 : unit_size(unit.empty() ? std::string_view(setting.unit) : unit);
    return std::to_string(number * factor);
}

std::string canonical_bool(const std::string& value) {
    static const std::set<std::string> yes{"on", "t", "tr", "tru", "true", "y", "ye", "yes", "1"};
    return yes.contains(lower(value)) ? "on" : "off";
}

std::string canonical(const std::string& name, const ClientSetting& setting) {
    if (setting.type == "bool") {
        return canonical_bool(setting.value);
    }
    if (setting.type == "integer" || setting.type == "real") {
        return canonical_number(setting);
    }
    auto value = setting.value;
    if (name == "timezone" && value.starts_with("Etc/")) {
        value.erase(0, 4); // a second name of the same zone
    }
    if (name == "search_path" || name.ends_with("_libraries")) {
        std::string names;
        for (const auto& one : postgres::split_list(value)) {
            names += postgres::quote_identifier(one) + ",";
        }
        return names;
    }
    return setting.type == "enum" || name == "datestyle" || name == "timezone" ? lower(value) : value;
}

bool applications_own(const std::string& name) { return name.find('.') != std::string::npos; }

/// The value that rules on this side in `database`, whatever the files say; nullptr when they do.
const StoredSetting* stored(const ServerFacts& side, const std::string& database, const std::string& name) {
    const StoredSetting* found = nullptr;
    for (const auto& one : side.stored_settings) {
        const bool here = one.database == database || (one.database.empty() && found == nullptr);
        if (one.role.empty() && here && lower(one.name) == name) {
            found = &one;
        }
    }
    return found;
}

struct Difference {
    std::string name, blue, green; ///< as people read it
    std::string value;             ///< blue's
    bool both = true;              ///< know it
};

/// With its unit where it has one and is not -1 or 0.
std::string shown(const ClientSetting* setting) {
    if (setting == nullptr) {
        return "(unknown there)";
    }
    if (applications_own(setting->name)) {
        return "…";
    }
    const bool bare = setting->value.empty() ||
                      setting->value.find_first_not_of("-0123456789.") != std::string::npos ||
                      setting->value == "0" || setting->value == "-1";
    return setting->value.empty() ? "''" : setting->value + (bare ? "" : " " + setting->unit);
}

std::string trimmed(std::string text) {
    while (text.ends_with(' ')) {
        text.pop_back();
    }
    return text;
}

const ClientSetting* find(const ServerFacts& side, const std::string& name) {
    const auto found = side.client_settings.find(name);
    return found == side.client_settings.end() ? nullptr : &found->second;
}

/// Of `names` and of applications' own settings, where nothing that is carried to green overrules them.
std::vector<Difference> differences(const ServerFacts& blue, const ServerFacts& green,
                                    const std::string& database, const std::vector<std::string>& names) {
    std::vector<Difference> found;
    for (const auto& name : names) {
        const auto* there = find(blue, name);
        const auto* here = find(green, name);
        const bool both = there != nullptr && here != nullptr;
        // A setting that one major does not know is the other's affair, unless somebody set it.
        const bool matters = both || (there != nullptr && there->set) || (here != nullptr && here->set);
        if (!matters || (both && canonical(name, *there) == canonical(name, *here)) ||
            stored(blue, database, name) != nullptr) {
            continue;
        }
        found.push_back({there != nullptr ? there->name : here->name, trimmed(shown(there)),
                         trimmed(shown(here)), there != nullptr ? there->value : "", both});
    }
    return found;
}

std::vector<std::string> own_settings(const ServerFacts& blue, const ServerFacts& green) {
    std::set<std::string> names;
    for (const auto* side : {&blue, &green}) {
        for (const auto& [name, setting] : side->client_settings) {
            if (applications_own(name)) {
                names.insert(name);
            }
        }
    }
    return {names.begin(), names.end()};
}

std::string words(const std::vector<Difference>& differences) {
    std::string text;
    for (const auto& one : differences) {
        text += (text.empty() ? "" : ", ") + one.name;
        if (!applications_own(one.name)) {
            text += " " + one.blue + " -> " + one.green;
        }
    }
    return text;
}

/// Blue's values go along as its database's own settings.
std::string mend(const std::string& database, const std::vector<Difference>& differences, bool run_started) {
    std::string lines;
    std::vector<std::string> by_hand;
    for (const auto& one : differences) {
        if (applications_own(one.name) || !one.both) {
            by_hand.push_back(one.name); // may be a secret; or a name that blue refuses
            continue;
        }
        lines += "ALTER DATABASE " + postgres::quote_identifier(database) + " SET " +
                 postgres::setting_text(one.name, one.value).plain() + ";  ";
    }
    if (!lines.empty()) {
        lines.insert(0, run_started ? "on blue and on green:  " : "on blue, and prepare carries it:  ");
    }
    if (!by_hand.empty()) {
        lines += "make postgresql.conf of green say what blue's does of " + list_of(by_hand) +
                 ", and there: SELECT pg_reload_conf();";
    }
    return trimmed(lines);
}

std::vector<std::string> split(const std::string& words) {
    std::istringstream stream(words);
    return {std::istream_iterator<std::string>(stream), {}};
}

} // namespace

const std::vector<std::string>& visible_settings() {
    static const auto names =
        split("array_nulls backslash_quote bytea_output check_function_bodies client_min_messages "
              "createrole_self_grant datestyle default_table_access_method default_toast_compression "
              "event_triggers exit_on_error ignore_checksum_failure restrict_nonsystem_relation_kind "
              "session_replication_role temp_file_limit zero_damaged_pages "
              "default_text_search_config default_transaction_deferrable default_transaction_isolation "
              "escape_string_warning extra_float_digits gin_fuzzy_search_limit "
              "idle_in_transaction_session_timeout idle_session_timeout intervalstyle lc_monetary lc_numeric "
              "lc_time lo_compat_privileges lock_timeout password_encryption row_security search_path "
              "standard_conforming_strings statement_timeout synchronous_commit timezone "
              "timezone_abbreviations transaction_timeout transform_null_equals xmlbinary xmloption");
    return names;
}

const std::vector<std::string>& speed_settings() {
    static const auto names = split(
        "constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost "
        "default_statistics_target effective_cache_size effective_io_concurrency enable_bitmapscan "
        "enable_hashagg enable_hashjoin enable_indexonlyscan enable_indexscan enable_material "
        "enable_memoize enable_mergejoin enable_nestloop enable_partitionwise_aggregate "
        "enable_partitionwise_join enable_seqscan enable_sort from_collapse_limit hash_mem_multiplier jit "
        "join_collapse_limit maintenance_work_mem max_parallel_workers_per_gather plan_cache_mode "
        "random_page_cost seq_page_cost shared_buffers temp_buffers work_mem");
    return names;
}

const std::vector<std::string>& safety_settings() {
    static const auto names =
        split("autovacuum data_sync_retry fsync full_page_writes track_commit_timestamp "
              "track_counts wal_receiver_timeout wal_sender_timeout");
    return names;
}

namespace {

/// Of the server as a whole: what keeps rows, and what applications and lanes count on.
void judge_safety(CheckResult& result, const ServerFacts& blue, const ServerFacts& green) {
    const auto found = differences(blue, green, "", safety_settings());
    if (found.empty()) {
        return;
    }
    std::string lines;
    bool restart = false;
    for (const auto& one : found) {
        if (one.both) {
            lines += "ALTER SYSTEM SET " + postgres::setting_text(one.name, one.blue).plain() + ";  ";
        }
        restart = restart || one.name == "track_commit_timestamp" || one.name == "data_sync_retry";
    }
    add(result, Level::warning, green.side, "server",
        "the servers differ in what keeps rows safe, lanes alive, or is written down: " + words(found) +
            " (blue -> green). After the cutover clients live with green's.",
        lines.empty()
            ? ""
            : "on green:  " + lines + "SELECT pg_reload_conf();" + (restart ? "  -- and restart green" : ""));
}

} // namespace

CheckResult check_client_settings(const ServerFacts& blue, const ServerFacts& green,
                                  const std::vector<std::string>& databases, bool run_started) {
    CheckResult result{"session-settings", {}, "clients begin alike on both"};
    const auto* read_only = find(green, "default_transaction_read_only");
    if (read_only != nullptr && canonical("default_transaction_read_only", *read_only) == "on") {
        add(result, Level::error, green.side, "default_transaction_read_only",
            "default_transaction_read_only is on in green's configuration. After the cutover every write of "
            "clients would fail.",
            "on green:  ALTER SYSTEM SET default_transaction_read_only = off;  SELECT pg_reload_conf();");
    }
    auto names = visible_settings();
    const auto own = own_settings(blue, green);
    names.insert(names.end(), own.begin(), own.end());
    for (const auto& database : databases) {
        const auto found = differences(blue, green, database, names);
        if (found.empty()) {
            continue;
        }
        add(result, Level::warning, green.side, database,
            "the servers' configuration files differ in what clients of database " + database +
                " begin with: " + words(found) +
                " (blue -> green). A connection that is kept changes with the switch.",
            mend(database, found, run_started));
    }
    judge_safety(result, blue, green);
    const auto slower = differences(blue, green, "", speed_settings());
    std::vector<Difference> chosen;
    for (const auto& one : slower) {
        const auto* there = find(blue, lower(one.name));
        const auto* here = find(green, lower(one.name));
        if ((there != nullptr && there->set) || (here != nullptr && here->set)) {
            chosen.push_back(one);
        }
    }
    if (!chosen.empty()) {
        add(result, Level::info, green.side, "plans",
            "plans and speed depend on settings that differ: " + words(chosen) +
                " (blue -> green). Queries may get slower, or faster, with the switch.",
            "");
    }
    return result;
}

} // namespace pgteal::health
