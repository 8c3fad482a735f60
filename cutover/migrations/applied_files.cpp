#include "cutover/migrations/applied_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "cutover/migrations/migrations.hpp"

namespace pgteal::cutover {

std::vector<std::string> changed_files(const std::string& folder,
                                       const std::vector<migration::Applied>& rows) {
    std::map<std::string, std::string> applied; // a repeatable file has a row each time
    for (const auto& row : rows) {
        if (row.finished() && !row.checksum.empty() && !row.script.empty()) {
            applied[row.script] = row.checksum;
        }
    }
    std::vector<std::string> changed;
    for (const auto& [script, checksum] : applied) {
        // Not parsed: a draft in the same folder is nobody's business here.
        std::ifstream in(std::filesystem::path(folder) / script, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        if (in.is_open() && migration::checksum(bytes) != checksum) {
            changed.push_back(script);
        }
    }
    return changed;
}

Task<std::vector<std::string>> changed_since_applied(Estate* estate, std::string database) {
    const auto& config = estate->config();
    std::vector<std::string> changed;
    const auto folder = config.database(database).migrations;
    if (folder.empty() || !config.migrate.command.empty()) {
        co_return changed;
    }
    const auto green = estate->server(Side::green).dsn().with_database(database);
    const auto table = history_of(config);
    const std::function<void()> look = [&] {
        changed = changed_files(folder, migration::history(green, "green", table));
    };
    co_await run_blocking(look);
    co_return changed;
}

} // namespace pgteal::cutover
