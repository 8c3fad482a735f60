#include "cutover/config/acceptable.hpp"

namespace pgteal::cutover {

const std::vector<Acceptable>& acceptables() {
    static const std::vector<Acceptable> all{
        {"unlogged-tables", "their rows are not kept in step"},
        {"large-objects", "their changes are not replicated"},
        {"extension-members", "tables that an extension owns are not carried"},
        {"system-schemas", "users' objects in system schemas are not carried"},
        {"capacity", "green has less room than blue uses"},
        {"trial-restore", "objects of blue that green refuses"},
        {"security-labels", "labels of roles and databases are not carried"},
        {"standby-entries", "poolers' entries that lead to standbys of blue stay there"},
        {"other-entries", "poolers' entries of databases that are not in the run stay on blue"},
        {"owners-code",
         "code of users that a lane, the restore of the schema or compare runs as a superuser"},
        {"function-names", "functions that rows call name things without a schema"},
        {"reads-tables", "constraints, columns and indexes whose functions read tables"},
        {"schema-changes", "functions that clients' writes run and that change the schema"},
        {"all-tables-publications", "subscribers of others have pgteal's tables"},
        {"untried-logins",
         "pgteal can't try the poolers' logins, since PgBouncer runs in a container or as a user "
         "that pgteal may not become"},
        {"switch-back", "the way back may lose writes"},
        {"pooler-gone", "a pooler of the run is dead and out of the config"},
    };
    return all;
}

std::vector<std::string_view> acceptable_names() {
    std::vector<std::string_view> names;
    for (const auto& one : acceptables()) {
        names.push_back(one.name);
    }
    return names;
}

std::string acceptable_words() {
    const auto names = acceptable_names();
    std::string words;
    for (std::size_t i = 0; i < names.size(); ++i) {
        words += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
        words += names[i];
    }
    return words;
}

std::string acceptable_meanings() {
    std::string words;
    for (const auto& one : acceptables()) {
        words += (words.empty() ? "" : ", ") + std::string(one.name) + " (" + std::string(one.meaning) + ")";
    }
    return words;
}

} // namespace pgteal::cutover
