// docs: the pages that are made from the program itself.
#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/runbook/runbook.hpp"
#include "migration/lint/report/report.hpp"
#include "migration/lint/rules/rules.hpp"

namespace pgteal::cutover {

namespace {

std::string config_markdown() {
    std::string text = "# The config\n\nMade by `pgteal docs config`; `scripts/check` fails when it is "
                       "stale. TOML; unknown keys are errors; durations (`ms`, `s`, `min`, `h`) and sizes\n"
                       "(`kB`, `MB`, `GB`) carry their unit. Found through `-c FILE`, else `$PGTEAL_CONFIG`, "
                       "else `./pgteal.toml`.\n";
    std::string_view table;
    for (const auto& key : config_keys()) {
        if (key.table != table) {
            table = key.table;
            text +=
                fmt::format("\n## [{}]\n\n| key | type | default | meaning |\n|---|---|---|---|\n", table);
        }
        text += fmt::format("| `{}` | {} | {} | {} |\n", key.key, key.type, key.fallback, key.meaning);
    }
    return text;
}

std::string rules_markdown() {
    std::string text =
        "# The linter's rules\n\nMade by `pgteal docs rules`; `scripts/check` fails when it is stale. Level "
        "error: the statement fails, or clients wait for work that grows\nwith the table. Warning: running "
        "code breaks, or a lock queues. Info: worth knowing.\n\n| rule | level | why |\n|---|---|---|\n";
    for (const auto& rule : migration::lint::rules()) {
        text += fmt::format("| `{}` | {} | {} |\n", rule.id, to_string(rule.level), rule.why);
    }
    return text;
}

} // namespace

Task<Exit> run_docs(Session* session) {
    if (session->options.argument == "config") {
        print(config_markdown());
        co_return Exit::done;
    }
    if (session->options.argument == "rules") {
        print(rules_markdown());
        co_return Exit::done;
    }
    print(runbook_markdown());
    co_return Exit::done;
}

} // namespace pgteal::cutover
