#include "health/schema/foreign_keys.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "health/facts/verdict.hpp"
#include "health/schema/sql.hpp"

namespace pgteal::health {

namespace {

/// For all keys of a database together: blue is at work.
constexpr auto enough = std::chrono::seconds(4);

} // namespace

Task<void> find_broken_keys(postgres::Server& blue, std::string database, ForeignKeys* keys,
                            Deadline deadline) {
    std::string text(sql::foreign_keys);
    const auto rows = co_await blue.exec(database, std::move(text), {}, deadline);
    const auto limit = std::min(deadline, after(enough));
    for (int i = 0; i < rows.rows(); ++i) {
        const auto column = [&rows, i](std::string_view name) { return rows.get<std::string>(i, name); };
        ForeignKey key{database, column("table"), column("name"), column("query"), column("fix")};
        // A superuser's SELECT would run what users put into indexes with their calls of constants.
        if (Clock::now() >= limit || !rows.get<bool>(i, "plain")) {
            keys->unlooked.push_back(std::move(key));
            continue;
        }
        try {
            const auto found = co_await blue.exec(database, key.query, {}, limit);
            if (!found.empty()) {
                keys->broken.push_back(std::move(key));
            }
        } catch (const Error&) { // it took too long, or somebody changed the table
            keys->unlooked.push_back(std::move(key));
        }
    }
}

CheckResult check_foreign_keys(const ForeignKeys& keys) {
    CheckResult result{"foreign-keys", {}, "rows keep the foreign keys"};
    for (const auto& key : keys.broken) {
        add(result, Level::error, "blue", key.database + ": " + key.table,
            "rows of " + key.table + " break its foreign key " + key.name +
                ": they came while triggers were off. prepare would stop where green builds the key, after "
                "the copy.",
            "on blue:  " + key.fix + (key.fix.empty() ? "mend" : "  or mend") +
                " the rows that this finds without its LIMIT:  " + key.query + ";");
    }
    std::vector<std::string> databases;
    for (const auto& key : keys.unlooked) {
        if (std::find(databases.begin(), databases.end(), key.database) != databases.end()) {
            continue;
        }
        databases.push_back(key.database);
        std::vector<std::string> names;
        for (const auto& one : keys.unlooked) {
            if (one.database == key.database) {
                names.push_back(one.name + " of " + one.table);
            }
        }
        add(result, Level::info, "blue", key.database,
            "whether rows break " + count_of(names.size(), "foreign key") + " (" + list_of(names) +
                ") was not looked at: it would take long, or run functions of users. prepare would stop "
                "where "
                "green builds such a key, after the copy.",
            "on blue, for each of them, as the table's owner:  " + key.query + ";");
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
