#include "migration/schema/expected.hpp"

#include <algorithm>
#include <set>

#include "migration/apply/apply.hpp"
#include "migration/files/parser.hpp"

namespace pgteal::migration::schema {

namespace {

bool has(const std::vector<Applied>& rows, const File& file) {
    return std::any_of(rows.begin(), rows.end(), [&file](const Applied& row) {
        return row.finished() && same_migration(file, row) &&
               (!file.repeatable || row.checksum == file.checksum);
    });
}

/// Its effects go beyond the database it runs in (docs: pg_authid, pg_database and pg_tablespace are shared).
bool changes_the_server(const std::string& statement) {
    const auto words = parser::tokens(statement);
    static const std::set<std::string, std::less<>> verbs{"CREATE", "ALTER", "DROP"};
    static const std::set<std::string, std::less<>> shared{"ROLE",       "USER",   "GROUP",       "DATABASE",
                                                           "TABLESPACE", "SYSTEM", "SUBSCRIPTION"};
    if (words.empty()) {
        return false;
    }
    // What a block or procedure does can't be seen; owners may be those of databases too.
    if (words[0] == "DO" || words[0] == "CALL" || words[0] == "REASSIGN") {
        return true;
    }
    if (words.size() < 2) {
        return false;
    }
    if (words[0] == "COMMENT" || words[0] == "GRANT" || words[0] == "REVOKE" || words[0] == "SECURITY") {
        const auto on = std::find(words.begin(), words.end(), "ON");
        // These words are not reserved: a table may be called role, and then no name comes after it.
        static const std::set<std::string, std::less<>> after_a_name{"TO", "FROM", "IS", ",", ".", "("};
        if (words.end() - on > 2 && (shared.contains(*(on + 1)) || *(on + 1) == "PARAMETER") &&
            !after_a_name.contains(*(on + 2))) {
            return true;
        }
    }
    if (verbs.contains(words[0]) && shared.contains(words[1])) {
        return !(words.size() > 2 && words[1] == "USER" && words[2] == "MAPPING");
    }
    // GRANT role TO role, as opposed to GRANT … ON …
    return (words[0] == "GRANT" || words[0] == "REVOKE") &&
           std::find(words.begin(), words.end(), "ON") == words.end();
}

} // namespace

AppliedFiles applied_files(const std::vector<File>& files, const std::vector<Applied>& blue,
                           const std::vector<Applied>& green) {
    AppliedFiles applied;
    for (const auto& file : files) {
        if (has(blue, file)) {
            applied.on_blue.push_back(file);
        } else if (has(green, file)) {
            applied.only_on_green.push_back(file);
        } else if (!below_baseline(file, blue.empty() ? green : blue)) {
            ++applied.pending;
        }
    }
    return applied;
}

std::string why_not(const std::vector<File>& files) {
    for (const auto& file : files) {
        for (const auto& statement : file.statements) {
            if (changes_the_server(statement.text)) {
                return file.script + ":" + std::to_string(statement.line) + " changes more than its database";
            }
        }
    }
    return "";
}

bool is_whole_history(const Objects& replayed, const Objects& blue) {
    const auto tables = [](const Objects& objects) {
        std::set<std::string> names;
        for (const auto& object : objects.list) {
            if (object.kind == "table") {
                names.insert(object.identity);
            }
        }
        return names;
    };
    const auto made = tables(replayed);
    const auto there = tables(blue);
    const auto common = static_cast<std::size_t>(
        std::count_if(there.begin(), there.end(), [&](const auto& name) { return made.contains(name); }));
    return common > 0 && common * 2 >= there.size();
}

Task<void> replay(std::vector<File> files, Scratch& scratch) {
    if (files.empty()) {
        co_return;
    }
    const auto dsn = scratch.dsn();
    const std::function<void()> work = [&files, &dsn] {
        Options options;
        options.side = "the scratch database on green";
        options.again = "pgteal migrate drift";
        options.policy.out_of_order = true;
        for (const auto phase : {Phase::expand, Phase::contract}) {
            options.policy.phase = phase;
            apply(dsn, files, options, nullptr);
        }
    };
    co_await run_blocking(work);
}

} // namespace pgteal::migration::schema
