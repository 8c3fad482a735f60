#include "migration/lint/rules/rules.hpp"

#include <algorithm>

namespace pgteal::migration::lint {

namespace {

constexpr std::string_view all_wait = "Reads and writes of the table wait until it is done.";
constexpr std::string_view writes_wait = "Writes of the table wait until it is done; reads go on.";
constexpr std::string_view queue =
    "It waits behind the longest running query on the table, and everything that comes after it queues.";
constexpr std::string_view apply_waits = "Only the apply worker waits: green lags by the time it takes.";
constexpr std::string_view old_code = "Code that is running now fails or reads something else.";
constexpr std::string_view both_codes =
    "After the cutover the old code meets it; before, replication from blue does.";
constexpr std::string_view fails = "It fails.";

const std::vector<Rule>& table() {
    static const std::vector<Rule> all{
        // Columns
        {"add-column-volatile-default", Level::error, About::waiting,
         "A volatile default is computed for each row: the whole table is rewritten.", all_wait, apply_waits},
        {"add-column-serial", Level::error, About::waiting,
         "Each row gets a number of its own: the whole table is rewritten.", all_wait, apply_waits},
        {"add-column-identity", Level::error, About::waiting,
         "Each row gets a number of its own: the whole table is rewritten.", all_wait, apply_waits},
        {"add-column-stored-generated", Level::error, About::waiting,
         "A stored generated column is computed for each row: the whole table is rewritten.", all_wait,
         apply_waits},
        {"add-column-constrained-domain", Level::error, About::waiting,
         "The type is a domain with a condition, checked for each row: the whole table is rewritten.",
         all_wait, apply_waits},
        {"add-column-not-null", Level::error, About::failing,
         "A NOT NULL column without a default can't be added to a table that has rows.", fails, fails},
        {"add-column-check", Level::error, About::waiting,
         "A CHECK written at the new column is checked for every row under ACCESS EXCLUSIVE.", all_wait,
         apply_waits},
        {"add-column-foreign-key", Level::warning, About::waiting,
         "REFERENCES at the new column locks the other table against writes as well.", queue, ""},
        {"add-column-unique", Level::error, About::waiting,
         "The index of the new column's constraint is built under ACCESS EXCLUSIVE.", all_wait, apply_waits},
        {"partition-column", Level::error, About::failing,
         "A partition has the columns of its parent: they are changed there.", fails, fails},
        {"drop-column", Level::warning, About::breaking, "Code that still names the column fails.", old_code,
         both_codes},
        {"rename-column", Level::warning, About::breaking,
         "No moment suits the old and the new code at once.", old_code, both_codes},
        {"rename-table", Level::warning, About::breaking, "No moment suits the old and the new code at once.",
         old_code, both_codes},
        {"set-schema", Level::warning, About::breaking,
         "The table is gone for code that finds it under its present name.", old_code, both_codes},
        {"table-exists", Level::warning, About::failing,
         "The table is there already: the file was applied before, or it fails.", fails, fails},
        {"drop-table", Level::warning, About::breaking,
         "Code that still uses it fails, and its rows are gone.", old_code, both_codes},
        {"drop-not-null", Level::warning, About::breaking, "Code that never met NULL in this column will.",
         old_code, ""},
        {"set-not-null", Level::error, About::waiting,
         "Every row is read to see that none is NULL, under ACCESS EXCLUSIVE.", all_wait, apply_waits},
        // Types
        {"change-type-rewrite", Level::error, About::waiting,
         "The values of the new type are stored differently: the whole table and its indexes are rewritten.",
         all_wait, apply_waits},
        {"change-type-unknown", Level::warning, About::waiting,
         "Whether the table is rewritten depends on the column's present type, which only the server knows.",
         "If it is rewritten, reads and writes wait until it is done.", apply_waits},
        {"change-type-recheck", Level::error, About::waiting,
         "The rows stay, but a constraint that uses the column is checked again for each of them.", all_wait,
         apply_waits},
        {"change-type-reindex", Level::error, About::waiting,
         "The rows stay, but the indexes on the column are built anew under ACCESS EXCLUSIVE.", all_wait,
         apply_waits},
        {"change-type-dependants", Level::error, About::failing,
         "PostgreSQL doesn't change the type of a column that a view, rule, policy or generated column uses.",
         fails, fails},
        {"change-type-impossible", Level::error, About::failing, "The server refuses this change of type.",
         fails, fails},
        {"change-type-breaking", Level::warning, About::breaking,
         "Code that expects the old type may not take the new one, or loses what doesn't fit.", old_code,
         both_codes},
        // Constraints
        {"add-check", Level::error, About::waiting, "Every row is checked under ACCESS EXCLUSIVE.", all_wait,
         apply_waits},
        {"add-foreign-key", Level::error, About::waiting,
         "Every row is looked up in the other table, and both tables refuse writes meanwhile.",
         "Writes of both tables wait until it is done; reads go on.", apply_waits},
        {"validate-same-transaction", Level::error, About::waiting,
         "The strong lock of ADD CONSTRAINT is still held while VALIDATE reads every row: NOT VALID gained "
         "nothing.",
         all_wait, apply_waits},
        {"never-validated", Level::info, About::habit,
         "The constraint stays NOT VALID: rows that were there before may violate it.", "", ""},
        {"add-unique", Level::error, About::waiting,
         "The constraint's index is built under ACCESS EXCLUSIVE.", all_wait, apply_waits},
        {"add-primary-key", Level::error, About::waiting,
         "The key's index is built, and the columns are checked for NULL, under ACCESS EXCLUSIVE.", all_wait,
         apply_waits},
        {"add-exclusion", Level::error, About::waiting,
         "The constraint's index is built under ACCESS EXCLUSIVE, and there is no concurrent way.", all_wait,
         apply_waits},
        {"primary-key-nullable", Level::error, About::waiting,
         "The index is there, but a column of the key may be NULL: every row is read under ACCESS EXCLUSIVE.",
         all_wait, apply_waits},
        {"foreign-key-without-index", Level::warning, About::habit,
         "No index begins with the foreign key's columns: each DELETE and each key UPDATE of the other table "
         "reads this whole table.",
         "Deletes in the other table become slow and hold locks for longer.",
         "The same: also for the deletes that arrive from blue."},
        {"drop-foreign-key", Level::warning, About::waiting,
         "The other table is locked ACCESS EXCLUSIVE too, because its triggers go.", queue, ""},
        {"drop-constraint", Level::info, About::breaking, "Rows that the constraint kept out can come in.",
         "Code that relies on it meets them.", ""},
        {"drop-primary-key", Level::warning, About::breaking,
         "Rows lose their identity: duplicates can come in, and replicated UPDATE and DELETE stop.", old_code,
         "UPDATE and DELETE of the table stop replication."},
        // Indexes
        {"create-index", Level::error, About::waiting,
         "The index is built under SHARE: nobody writes the table meanwhile.", writes_wait, apply_waits},
        {"drop-index", Level::warning, About::waiting,
         "The table is locked ACCESS EXCLUSIVE for a moment, once every query on it has ended.", queue, ""},
        {"reindex", Level::error, About::waiting,
         "The table is locked against writes and each index against reads while it is built.",
         "Writes wait until it is done, and so do queries that plan with the index.", apply_waits},
        {"move-index", Level::error, About::waiting,
         "The index is copied under ACCESS EXCLUSIVE: queries that would open it wait.", all_wait,
         apply_waits},
        {"concurrently-partitioned", Level::error, About::failing,
         "PostgreSQL doesn't build an index on a partitioned table concurrently.", fails, fails},
        {"concurrently-in-transaction", Level::error, About::failing,
         "CONCURRENTLY can't run inside a transaction block.", fails, fails},
        {"concurrently-not-alone", Level::warning, About::failing,
         "CONCURRENTLY can't run inside a transaction, so the other statements of this file run without one "
         "too: a failure leaves the file half applied. Tools that wrap a file in a transaction fail.",
         "A failure leaves the file half applied.", "A failure leaves the file half applied."},
        {"concurrently-if-not-exists", Level::warning, About::failing,
         "A build that failed leaves an INVALID index of this name; IF NOT EXISTS then passes over it, and "
         "nothing uses it.",
         "Queries stay slow, writes keep the useless index up to date.",
         "Queries stay slow, writes keep the useless index up to date."},
        {"duplicate-index", Level::info, About::habit, "An index with the same columns is there already.", "",
         ""},
        // Tables
        {"rewrite-table", Level::error, About::waiting,
         "The whole table is written anew under ACCESS EXCLUSIVE.", all_wait, apply_waits},
        {"set-unlogged-referenced", Level::error, About::failing,
         "A table that a logged table refers to can't be unlogged.", fails, fails},
        {"truncate", Level::warning, About::breaking,
         "Every row goes at once, under ACCESS EXCLUSIVE, and concurrent snapshots see an empty table.",
         queue, "Rows that blue still has are gone on green: the sides differ."},
        {"lock-table", Level::warning, About::waiting, "The lock is held until the transaction ends.", queue,
         apply_waits},
        {"refresh-materialized-view", Level::error, About::waiting,
         "Nobody reads the view while it is filled again.", "Reads of the view wait until it is done.", ""},
        {"refresh-without-data", Level::warning, About::breaking,
         "The view can't be read until it is filled again.", old_code, ""},
        {"replace-view", Level::error, About::failing,
         "CREATE OR REPLACE VIEW can only append columns: it can't drop, rename or reorder any.", fails,
         fails},
        {"drop-view", Level::warning, About::breaking, "Code that still reads the view fails.", old_code,
         "After the cutover the old code meets it."},
        {"attach-partition", Level::error, About::waiting,
         "Every row of the new partition is checked against its bounds under ACCESS EXCLUSIVE.",
         "Reads and writes of the new partition (and of the default partition) wait until it is done.",
         apply_waits},
        {"detach-partition", Level::warning, About::waiting,
         "The parent is locked ACCESS EXCLUSIVE: no partition can be used meanwhile.", queue, ""},
        {"create-partition", Level::warning, About::waiting,
         "CREATE TABLE … PARTITION OF locks the parent ACCESS EXCLUSIVE, and reads the default partition "
         "when "
         "there is one.",
         queue, ""},
        {"drop-partition", Level::warning, About::waiting,
         "The parent is locked ACCESS EXCLUSIVE as well: no partition can be used meanwhile.", queue, ""},
        // Types of the user
        {"enum-value-same-transaction", Level::error, About::failing,
         "A new value of an enum can't be used in the transaction that adds it.", fails, fails},
        {"enum-rename-value", Level::warning, About::breaking, "Code that still writes the old value fails.",
         old_code, both_codes},
        {"domain-constraint", Level::error, About::waiting,
         "Every table with a column of the domain is locked against writes and read as a whole.",
         "Writes of those tables wait until it is done.", apply_waits},
        {"composite-in-use", Level::error, About::failing,
         "PostgreSQL doesn't change an attribute's type while a column has the composite type.", fails,
         fails},
        {"drop-type", Level::warning, About::breaking,
         "Columns, functions and casts that use the type go with it, or the statement fails.", old_code,
         both_codes},
        // Rows
        {"update-without-where", Level::warning, About::waiting,
         "Every row is written again in one transaction: row locks, WAL and dead rows for the whole table.",
         "Writers of those rows wait for the whole transaction, and replicas lag.",
         "Replicated columns differ from blue's, and blue's next UPDATE overwrites them."},
        {"delete-without-where", Level::warning, About::waiting,
         "Every row is deleted in one transaction: row locks, WAL and dead rows for the whole table.",
         "Writers of those rows wait for the whole transaction, and replicas lag.",
         "Rows that blue still has are gone on green: the sides differ."},
        // Sessions and transactions
        {"lock-timeout", Level::info, About::waiting,
         "Nothing limits how long the statement waits for its lock.", queue, ""},
        {"work-under-lock", Level::warning, About::waiting,
         "The transaction goes on working while it holds ACCESS EXCLUSIVE.",
         "The locked table can't be used until all of it is done.", apply_waits},
        {"not-repeatable", Level::info, About::habit,
         "The file runs without a transaction: after a failure in its middle, this statement fails when it "
         "is "
         "run again.",
         "", ""},
        {"transaction-control", Level::warning, About::failing,
         "Migration tools run each file in a transaction of their own; pgteal migrate apply refuses it.",
         "The tool's own transaction ends here.", "pgteal refuses the file."},
        {"transaction-left-open", Level::error, About::failing,
         "BEGIN without COMMIT: what follows is rolled back, or its locks stay.", fails, fails},
        // Names
        {"naming-table", Level::warning, About::habit, "The name doesn't follow the convention.", "", ""},
        {"naming-column", Level::warning, About::habit, "The name doesn't follow the convention.", "", ""},
        {"naming-index", Level::warning, About::habit, "The name doesn't follow the convention.", "", ""},
        {"naming-constraint", Level::warning, About::habit, "The name doesn't follow the convention.", "",
         ""},
        // The linter itself
        {"suppression-without-reason", Level::warning, About::habit,
         "A suppression says why: -- pgteal: allow <rule>: reason. Without a reason it has no effect.", "",
         ""},
        {"suppression-unknown-rule", Level::warning, About::habit, "There is no rule of that name.", "", ""},
        {"suppression-unused", Level::info, About::habit, "It suppresses nothing.", "", ""},
    };
    return all;
}

} // namespace

const std::vector<Rule>& rules() { return table(); }

const Rule* find_rule(std::string_view id) {
    const auto& all = rules();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Rule& one) { return one.id == id; });
    return found != all.end() ? &*found : nullptr;
}

} // namespace pgteal::migration::lint
