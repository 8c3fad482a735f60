// [migrate], [lint] and [rehearse] of pgteal.toml.
#include <regex>

#include "cutover/config/config_section.hpp"

namespace pgteal::cutover {

namespace {

std::string pattern(const Section& section, std::string_view key) {
    auto text = section.text(key, "");
    try {
        static_cast<void>(std::regex(text));
    } catch (const std::regex_error&) {
        section.fail(*section.table().get(key),
                     "'" + std::string(key) + "' is no regular expression: " + text,
                     "write it like \"^[a-z_]+$\"");
    }
    return text;
}

} // namespace

MigrateConfig read_migrate(const Section& migrate, const Section& lint, const Section& rehearse) {
    MigrateConfig config;
    config.history = migrate.word("history", config.history, {"pgteal", "flyway"});
    config.history_table = migrate.text("history_table", config.history_table);
    config.command = migrate.list("command");
    config.lock_timeout = migrate.duration("lock_timeout", config.lock_timeout);
    config.statement_timeout = migrate.duration("statement_timeout", config.statement_timeout);
    config.attempts = migrate.number("attempts", config.attempts, 1, 100);
    config.gaps = migrate.word("gaps", config.gaps, {"allow", "refuse"});
    config.out_of_order = migrate.word("out_of_order", config.out_of_order, {"allow", "refuse"});
    config.placeholders = migrate.word("placeholders", config.placeholders, {"refuse", "literal"});
    config.approvals = migrate.number("approvals", config.approvals, 0, 20);
    config.ignored_rules = lint.list("ignore");
    config.table_names = pattern(lint, "table_names");
    config.column_names = pattern(lint, "column_names");
    config.index_names = pattern(lint, "index_names");
    config.constraint_names = pattern(lint, "constraint_names");
    config.long_statement = rehearse.duration("long_statement", config.long_statement);
    config.long_lock = rehearse.duration("long_lock", config.long_lock);
    return config;
}

} // namespace pgteal::cutover
