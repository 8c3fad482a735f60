// Publications of others that take in pgteal's own tables. A publication FOR ALL TABLES can't leave any out
// up to PostgreSQL 18, and a subscriber stops at the first row of a table that it lacks (source:
// logicalrep_rel_open).
#include "health/schema/publication_checks.hpp"

#include "health/facts/verdict.hpp"

namespace pgteal::health {

namespace {

std::vector<std::string> readers(const ServerFacts& blue, const std::string& database) {
    std::vector<std::string> names;
    for (const auto& slot : blue.slots) {
        if (!slot.named_as_ours && slot.database == database && slot.plugin == "pgoutput") {
            names.push_back(slot.name);
        }
    }
    return names;
}

} // namespace

CheckResult check_all_tables_publications(const ServerFacts& blue,
                                          const std::vector<DatabaseFacts>& databases,
                                          const std::map<std::string, std::string>& subscriber_tables,
                                          const std::vector<std::string>& accept) {
    CheckResult result{"all-tables-publications", {}, "none"};
    for (const auto& database : databases) {
        std::vector<std::string> names;
        for (const auto& row : database.notable) {
            if (row.kind == "publication") {
                names.push_back(row.name);
            }
        }
        if (names.empty()) {
            continue;
        }
        const auto tables = subscriber_tables.find(database.name);
        const std::string sql = tables == subscriber_tables.end() ? "" : tables->second;
        const auto slots = readers(blue, database.name);
        const std::string what = (names.size() == 1 ? "publication " : "publications ") + list_of(names) +
                                 " FOR ALL TABLES: from prepare on also of pgteal's own tables. ";
        const std::string after =
            "  and when pgteal abort or finish is done and it has caught up, there:  DROP "
            "SCHEMA pgteal CASCADE;";
        if (slots.empty()) {
            add(result, Level::warning, "blue", database.name,
                what + "A subscriber that is set up during the run would stop at their first row.",
                "on each subscriber, before it starts:  " + sql + after);
            continue;
        }
        add(result, accepted(accept, result.check) ? Level::warning : Level::error, "blue", database.name,
            what + "A subscriber (slot " + list_of(slots) +
                ") that lacks them stops at their first row, its slot keeps WAL until the disk is full, and "
                "that outlasts abort, since the rows are in the WAL.",
            "on each subscriber, before prepare:  " + sql +
                "  then say accept = [\"all-tables-publications\"] in [check] of pgteal.toml;" + after);
    }
    return result;
}

} // namespace pgteal::health
