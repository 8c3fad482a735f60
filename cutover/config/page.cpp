#include <fmt/format.h>

#include "cutover/config/keys.hpp"
#include "cutover/config/views.hpp"

namespace pgteal::cutover {

namespace {

std::string approved(Approved what) {
    return what == Approved::value ? "yes" : what == Approved::presence ? "that it is there" : "no";
}

template <typename Owner>
std::string row(const Key<Owner>& key) {
    return std::visit(
        [&](const auto& field) {
            const auto made = as_json(Owner().*field.member);
            const auto unset = !key.unset.empty() ? std::string(key.unset)
                               : made.is_string() ? std::string(made.get_string())
                                                  : boost::json::serialize(made);
            return fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, form(field.limits), unset,
                               approved(key.approved), key.meaning);
        },
        key.field);
}

} // namespace

std::string config_page() {
    std::string text =
        "# The config\n\nMade by `pgteal docs config`; `scripts/check` fails when it is stale. TOML; unknown "
        "keys are errors; durations (`ms`, `s`, `min`, `h`, `d`) and sizes\n(`B`, `kB`, `MB`, `GB`, `TB`) "
        "are texts with their unit. Found through `-c FILE`, else `$PGTEAL_CONFIG`, else "
        "`./pgteal.toml`.\n\nEditors that know JSON schemas (taplo, Even Better TOML) complete and check "
        "keys as they are typed: `pgteal docs schema > pgteal.schema.json`, and\n`#:schema "
        "./pgteal.schema.json` as the first line of the config. In this repository it is "
        "[pgteal.schema.json](pgteal.schema.json).\n\nWhat stands under *approved* voids approvals when it "
        "changes ([approval](migrations/approval.md)).\n";
    for_each_section([&](const auto& one) {
        text += fmt::format("\n## {}\n\n", one.title());
        text += one.many == nullptr ? "" : fmt::format("One for each {}.\n\n", one.each);
        text += "| key | what | default | approved | meaning |\n|---|---|---|---|---|\n";
        for (const auto& key : one.keys) {
            text += row(key);
        }
    });
    return text;
}

} // namespace pgteal::cutover
