// What has to be applied, given what was.
#include <algorithm>
#include <cctype>
#include <regex>

#include "base/error.hpp"
#include "migration/apply/history.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

std::string label(const Applied& row) {
    return row.script + (row.repeatable ? std::string() : " (version " + row.version + ")");
}

/// As Flyway keeps it: its table has spaces where file names have underscores.
std::string plain(std::string name) {
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
}

void refuse_changed(const File& file, const Applied& row) {
    if (row.finished() && !row.checksum.empty() && row.checksum != file.checksum) {
        throw Error(
            ErrorCode::migration, "",
            file.script + " changed since it was applied at " + row.applied_at + " (checksum " +
                row.checksum + " then, " + file.checksum + " now)",
            "Put the file back as it was and write a new migration for the change. Nothing was applied.");
    }
}

void refuse_missing(const Applied& row) {
    throw Error(ErrorCode::migration, "",
                label(row) + " is in the database's history, but not among the files",
                "Put the file back, or give the folder that holds it. Nothing was applied.");
}

void refuse_broken(const Applied& row) {
    throw Error(ErrorCode::migration, "", label(row) + " failed there, says Flyway's history",
                "See what it left behind, mend that and run flyway repair. Nothing was applied.");
}

void refuse_gaps(const std::vector<File>& files) {
    const auto found = gaps(files);
    if (!found.empty()) {
        throw Error(ErrorCode::migration, "", "a version is missing: " + found.front(),
                    "Bring the file in between, or set gaps = \"allow\" in [migrate]. Nothing was applied.");
    }
}

void refuse_placeholders(const File& file) {
    static const std::regex of_templates(R"(\{[{%]-?\s*[A-Za-z_][^{}]*[}%]\})"); // Jinja, Liquid, Mustache
    for (const auto& statement : file.statements) {
        std::smatch found;
        if (!statement.analysed && std::regex_search(statement.text, found, of_templates)) {
            throw Error(
                ErrorCode::migration, "",
                file.script + ":" +
                    std::to_string(statement.line +
                                   line_at(statement.text, static_cast<std::size_t>(found.position())) - 1) +
                    ": " + excerpt(found.str(), 60) + " is a template's, which a tool would fill in",
                "pgteal fills in nothing: write the value, or let the tool migrate with command = [...] in "
                "[migrate]. Nothing was applied.");
        }
        auto at = statement.text.find("${");
        while (at != std::string::npos &&
               std::isalpha(static_cast<unsigned char>(statement.text[at + 2])) == 0 &&
               statement.text[at + 2] != '_') {
            at = statement.text.find("${", at + 1); // no name: the end of a regular expression
        }
        if (at != std::string::npos) {
            const auto end = std::min(statement.text.find('}', at), statement.text.size() - 1);
            throw Error(ErrorCode::migration, "",
                        file.script + ":" + std::to_string(statement.line + line_at(statement.text, at) - 1) +
                            ": placeholder " + excerpt(statement.text.substr(at, end - at + 1), 60),
                        "Flyway and others replace it and pgteal doesn't: write the value, or let the tool "
                        "migrate with "
                        "command = [\"flyway\", \"migrate\"] in [migrate]; where it is meant as text, say "
                        "placeholders "
                        "= \"literal\" there. Nothing was applied.");
        }
    }
}

/// The newest version that counts for the order of new files.
const Applied* newest_of(const std::vector<Applied>& applied) {
    const Applied* newest = nullptr;
    for (const auto& row : applied) {
        const bool counts = row.finished() && !row.repeatable && !row.version.empty();
        if (counts && (newest == nullptr || std::is_gt(compare_versions(row.version, newest->version)))) {
            newest = &row;
        }
    }
    return newest;
}

void check_history(const std::vector<File>& files, const std::vector<Applied>& applied) {
    for (const auto& row : applied) {
        if (row.state == "broken") {
            refuse_broken(row);
        }
        const bool known = std::any_of(files.begin(), files.end(),
                                       [&row](const File& file) { return same_migration(file, row); });
        if (!known && !row.repeatable && row.type == "SQL") {
            refuse_missing(row);
        }
    }
}

} // namespace

bool same_migration(const File& file, const Applied& row) {
    if (file.repeatable || row.repeatable) {
        return file.repeatable && row.repeatable && plain(file.name) == plain(row.name);
    }
    return std::is_eq(compare_versions(file.version, row.version)) && row.type != "BASELINE";
}

bool below_baseline(const File& file, const std::vector<Applied>& applied) {
    bool below = false;
    for (const auto& row : applied) {
        if (same_migration(file, row)) {
            return false;
        }
        below = below || (row.type == "BASELINE" && !file.repeatable &&
                          std::is_lteq(compare_versions(file.version, row.version)));
    }
    return below;
}

std::vector<File> pending(const std::vector<File>& files, const std::vector<Applied>& applied,
                          const Policy& policy) {
    check_history(files, applied);
    if (!policy.gaps) {
        refuse_gaps(files);
    }
    const auto* newest = newest_of(applied);
    std::vector<File> todo;
    const File* waiting = nullptr; // an expand file that a contract file would overtake
    for (const auto& file : files) {
        const auto row = std::find_if(applied.begin(), applied.end(),
                                      [&file](const Applied& one) { return same_migration(file, one); });
        const bool there = row != applied.end() && row->finished();
        if (there && !file.repeatable) {
            refuse_changed(file, *row);
        }
        if (there ? !file.repeatable || row->checksum == file.checksum : below_baseline(file, applied)) {
            continue;
        }
        if (file.phase != policy.phase) {
            waiting = file.phase == Phase::expand && !file.repeatable ? &file : waiting;
            continue;
        }
        if (waiting != nullptr) {
            throw Error(ErrorCode::migration, "",
                        file.script + " comes after " + waiting->script + ", which is not applied",
                        "Expand files are applied by pgteal prepare, in a run; then this one after pgteal "
                        "finish. Nothing was applied.");
        }
        // A contract file comes late by its nature.
        if (newest != nullptr && !policy.out_of_order && !file.repeatable && file.phase == Phase::expand &&
            std::is_lt(compare_versions(file.version, newest->version))) {
            throw Error(ErrorCode::migration, "",
                        file.script + " is new, but " + label(*newest) + " is applied already: out of order",
                        "Give it a version above " + newest->version +
                            ", or set out_of_order = \"allow\" in [migrate]. Nothing was applied.");
        }
        if (!policy.placeholders) {
            refuse_placeholders(file);
        }
        todo.push_back(file);
    }
    return todo;
}

std::vector<std::string> missing_here(const std::vector<Applied>& here, const std::vector<Applied>& there) {
    std::vector<std::string> found;
    for (const auto& row : there) {
        const bool known = std::any_of(here.begin(), here.end(), [&row](const Applied& one) {
            return one.repeatable == row.repeatable && one.type == row.type &&
                   (row.repeatable ? plain(one.name) == plain(row.name)
                                   : std::is_eq(compare_versions(one.version, row.version)));
        });
        if (!known && row.finished()) {
            found.push_back(row.script);
        }
    }
    return found;
}

} // namespace pgteal::migration
