// What an approval is bound to: the meaning of the config, and the bytes of the migrations.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.hpp"
#include "cutover/record/approvals.hpp"
#include "cutover/record/digest.hpp"
#include "migration/files/layout.hpp"

namespace pgteal::cutover {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

json::object meaning_of_dsn(const postgres::Dsn& dsn) {
    json::object object;
    for (const char* key : {"host", "hostaddr", "port", "user", "dbname", "service"}) {
        if (const auto value = dsn.get(key)) {
            object[key] = *value;
        }
    }
    return object;
}

json::object meaning_of_side(const SideConfig& side) {
    json::object object;
    object["dsn"] = meaning_of_dsn(side.dsn);
    object["peer_dsn"] = meaning_of_dsn(side.peer_dsn);
    object["pooler_host"] = side.pooler_host;
    object["pooler_port"] = side.pooler_port;
    return object;
}

json::array list_of(std::vector<std::string> items) {
    json::array list;
    for (auto& item : items) {
        list.push_back(json::value(std::move(item)));
    }
    return list;
}

json::object meaning_of_migrate(const MigrateConfig& migrate) {
    json::object object;
    object["history"] = migrate.history;
    object["history_table"] = migrate.history_table;
    object["command"] = list_of(migrate.command);
    object["lock_timeout"] = migrate.lock_timeout.count();
    object["statement_timeout"] = migrate.statement_timeout.count();
    object["attempts"] = migrate.attempts;
    object["gaps"] = migrate.gaps;
    object["out_of_order"] = migrate.out_of_order;
    object["placeholders"] = migrate.placeholders;
    object["approvals"] = migrate.approvals;
    auto ignored = migrate.ignored_rules;
    std::sort(ignored.begin(), ignored.end());
    object["ignored_rules"] = list_of(std::move(ignored));
    return object;
}

/// Sections have no order of their own.
template <typename Items>
Items sorted(Items items) {
    std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return items;
}

[[noreturn]] void unreadable(const fs::path& path, const std::string& why) {
    throw Error(ErrorCode::file, "controller", "can't read " + path.string() + ": " + why,
                "make it readable, then run the command again");
}

std::string digest_of_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in || in.bad()) {
        unreadable(path, "it can't be opened or read");
    }
    return sha256(bytes);
}

/// What find_migrations() reads; for another tool, whatever is there.
void add_folder(Subject& subject, const std::string& database, const fs::path& folder, bool every_file) {
    for (const auto& path : migration::files_below(folder.string())) {
        std::error_code ignored;
        if ((every_file || migration::is_sql(path)) && fs::is_regular_file(folder / path, ignored)) {
            subject.files[database + "/" + path] = digest_of_file(folder / path);
        }
    }
}

} // namespace

json::object meaning_of(const Config& config) {
    json::object object;
    object["run"] = config.run;
    object["blue"] = meaning_of_side(config.blue);
    object["green"] = meaning_of_side(config.green);
    json::array databases;
    for (const auto& database : sorted(config.databases)) {
        json::object one;
        one["name"] = database.name;
        one["lanes"] = database.lanes;
        one["migrations"] = !database.migrations.empty();
        databases.push_back(std::move(one));
    }
    object["databases"] = std::move(databases);
    json::array poolers;
    for (const auto& pooler : sorted(config.poolers)) {
        json::object one;
        one["name"] = pooler.name;
        one["admin"] = meaning_of_dsn(pooler.admin);
        one["config"] = pooler.config;
        auto entries = pooler.entries;
        std::sort(entries.begin(), entries.end());
        one["entries"] = list_of(std::move(entries));
        poolers.push_back(std::move(one));
    }
    object["poolers"] = std::move(poolers);
    object["max_pause"] = config.max_pause.count();
    object["max_lag"] = config.max_lag.count;
    object["catch_up"] = config.catch_up.count();
    auto accept = config.accept;
    std::sort(accept.begin(), accept.end());
    object["accept"] = list_of(std::move(accept));
    object["migrate"] = meaning_of_migrate(config.migrate);
    return object;
}

Subject subject_of(const Config& config) {
    Subject subject;
    subject.config = sha256(json::serialize(meaning_of(config)));
    for (const auto& database : config.databases) {
        if (!database.migrations.empty()) {
            add_folder(subject, database.name, database.migrations, !config.migrate.command.empty());
        }
    }
    return subject;
}

} // namespace pgteal::cutover
