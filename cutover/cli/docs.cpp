// docs: the pages that are made from the program itself.
#include <array>

#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/config/views.hpp"
#include "cutover/runbook/runbook.hpp"
#include "migration/lint/report/report.hpp"
#include "migration/lint/rules/rules.hpp"

namespace pgteal::cutover {

namespace {

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

struct Page {
    std::string name;
    std::string (*make)();
};

const std::array<Page, 4> pages{{{"runbook", runbook_markdown},
                                 {"config", config_page},
                                 {"schema", config_schema},
                                 {"rules", rules_markdown}}};

} // namespace

std::vector<std::string> docs_pages() {
    std::vector<std::string> names;
    for (const auto& one : pages) {
        names.push_back(one.name);
    }
    return names;
}

Task<Exit> run_docs(Session* session) {
    for (const auto& one : pages) {
        if (one.name == session->options.argument) {
            print(one.make());
        }
    }
    co_return Exit::done;
}

} // namespace pgteal::cutover
