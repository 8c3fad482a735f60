// docs: the pages that are made from the program itself.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/check_id.hpp"
#include "cutover/cli/work.hpp"
#include "cutover/config/keys.hpp"
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

std::string checks_markdown() {
    std::string text =
        "# What check asks\n\nMade by `pgteal docs checks`; `scripts/check` fails when it is stale. Each "
        "finding of `pgteal check` names one of these,\nwith what is wrong, what it means for clients, and "
        "what to type. An error refuses `prepare` and `cutover`; one that can be\naccepted is a warning "
        "once its name stands in `accept` of `[check]` (docs/config.md).\n\n| check | asks | accepted |\n"
        "|---|---|---|\n";
    std::set<std::string_view> listed;
    for (const auto& row : health::check_rows) {
        const auto accepted = std::ranges::find(acceptables(), row.id, &Word::word);
        const bool may_be = accepted != acceptables().end();
        text += fmt::format("| `{}` | {} | {} |\n", row.id, row.asks, may_be ? accepted->meaning : "");
        listed.insert(row.id);
    }
    text += "\nOf the gate and of single findings, these can be accepted too:\n\n| name | what is accepted "
            "|\n|---|---|\n";
    for (const auto& [word, meaning] : acceptables()) {
        if (!listed.contains(word)) {
            text += fmt::format("| `{}` | {} |\n", word, meaning);
        }
    }
    return text;
}

struct Page {
    std::string name;
    std::string (*make)();
};

const std::array<Page, 5> pages{{{"runbook", runbook_markdown},
                                 {"config", config_page},
                                 {"schema", config_schema},
                                 {"checks", checks_markdown},
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
