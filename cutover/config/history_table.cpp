#include "cutover/config/history_table.hpp"

namespace pgteal::cutover {

migration::HistoryTable history_of(const Config& config) {
    return migration::history_table(config.migrate.history, config.migrate.history_table);
}

std::string left_out(const Config& config) {
    const bool any = config.migrate.history == "flyway" || !config.migrate.command.empty();
    const auto table = history_of(config);
    return any ? table.schema + "." + table.name : std::string();
}

} // namespace pgteal::cutover
