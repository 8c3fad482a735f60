// migrate lint.
#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/migrations/linted.hpp"
#include "cutover/migrations/migrations.hpp"
#include "migration/files/find_against.hpp"
#include "migration/lint/lint.hpp"
#include "migration/lint/read_files.hpp"
#include "migration/lint/report/report.hpp"

namespace pgteal::cutover {

namespace {

namespace json = boost::json;
namespace lint = migration::lint;

constexpr int default_major = 15;
constexpr std::chrono::seconds lint_patience{20};

/// Files that belong to one database.
struct Group {
    std::string database; ///< "" when none is meant: no catalogs then
    std::vector<std::string> paths;
    bool whole_folder = false; ///< the config's: a history, not one release
};

/// What came out for all groups.
struct Outcome {
    lint::Report report;
    std::vector<lint::Unreadable> unreadable;
    std::vector<migration::Collision> collisions;
    int applied = 0; ///< files left out, because blue has them
};

[[noreturn]] void nothing_to_lint() {
    throw Error(ErrorCode::usage, "", "there is nothing to lint",
                "give files or folders, or set migrations = \"DIR\" in a [[database]] section");
}

std::vector<Group> groups_of(const Session& session) {
    const auto& asked = session.options.migrate;
    std::vector<Group> groups;
    if (!asked.paths.empty()) {
        auto database = asked.database;
        if (database.empty() && session.config.databases.size() == 1) {
            database = session.config.databases.front().name;
        }
        groups.push_back({database, asked.paths, false});
        return groups;
    }
    for (const auto& database : session.config.databases) {
        if (!database.migrations.empty() && (asked.database.empty() || asked.database == database.name)) {
            groups.push_back({database.name, {database.migrations}, true});
        }
    }
    if (groups.empty()) {
        nothing_to_lint();
    }
    return groups;
}

lint::Options options_of(const Session& session) {
    lint::Options options{session.config.lint};
    options.offline = session.options.migrate.offline;
    options.pg_version = session.options.migrate.pg_version;
    return options;
}

/// Green's major when it answers: it runs the SQL first.
Task<int> major_of_green(Session* session) {
    constexpr int per_major = 10000;
    try {
        const auto identity = co_await session->estate->server(Side::green).identity(after(lint_patience));
        co_return identity.version / per_major;
    } catch (const Error&) {
        co_return default_major;
    }
}

Task<LintGround> ask_blue(Session* session, std::string database) {
    LintGround known;
    const auto dsn = session->estate->server(Side::blue).dsn().with_database(database);
    const auto table = history_of(session->config);
    const std::function<void()> work = [&known, &dsn, &table] { known = read_lint_ground(dsn, table); };
    co_await run_blocking(work);
    co_return known;
}

/// Where the files are, each once.
std::set<std::string> folders_of(const std::vector<std::string>& paths) {
    std::set<std::string> folders;
    for (const std::filesystem::path path : paths) {
        std::error_code error;
        const bool is_folder = std::filesystem::is_directory(path, error);
        const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
        folders.insert((is_folder ? path : parent).string());
    }
    return folders;
}

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
}

void merge(lint::Report& into, lint::Report from) {
    append(into.findings, std::move(from.findings));
    append(into.not_analysed, std::move(from.not_analysed));
    append(into.effects, std::move(from.effects));
    for (auto& one : from.unknown) {
        if (std::find(into.unknown.begin(), into.unknown.end(), one) == into.unknown.end()) {
            into.unknown.push_back(std::move(one));
        }
    }
}

Task<void> lint_group(Session* session, Group group, lint::Options options, Outcome* outcome) {
    auto sources = lint::read_sources(group.paths);
    append(outcome->unreadable, std::move(sources.unreadable));
    const auto& against = session->options.migrate.against;
    if (!against.empty()) {
        for (const auto& folder : folders_of(group.paths)) {
            const auto there =
                co_await migration::read_ref(folder, against, sources.files, after(std::chrono::seconds(60)));
            append(outcome->collisions, migration::collisions(sources.files, there));
        }
    }
    const bool asks = !options.offline && session->estate != nullptr && !group.database.empty();
    LintGround known;
    if (asks) {
        known = co_await ask_blue(session, group.database);
        outcome->applied += leave_out_applied(sources.files, known.applied);
    }
    options.offline = !asks;
    options.same_change = !group.whole_folder;
    merge(outcome->report, lint::lint(sources.files, asks ? &known.catalog : nullptr, options));
}

json::object document_of(const Outcome& outcome) {
    auto document = lint::report_json(outcome.report);
    json::array collisions;
    for (const auto& one : outcome.collisions) {
        json::object item;
        item["script"] = one.script;
        item["other"] = one.other;
        item["why"] = one.why;
        collisions.push_back(std::move(item));
    }
    json::array unreadable;
    for (const auto& one : outcome.unreadable) {
        json::object item;
        item["file"] = one.path;
        item["message"] = one.message;
        item["hint"] = one.hint;
        unreadable.push_back(std::move(item));
    }
    document["collisions"] = std::move(collisions);
    document["unreadable"] = std::move(unreadable);
    document["applied"] = outcome.applied;
    if (!outcome.unreadable.empty()) {
        const auto& first = outcome.unreadable.front();
        document["error"] =
            error_document(Error(ErrorCode::migration, "", first.message, first.hint)).at("error");
    }
    return document;
}

std::string text_of(const Outcome& outcome) {
    std::string text;
    for (const auto& one : outcome.unreadable) {
        text += fmt::format("  {:<9} {}\n            {}\n\n", "unread", one.message, one.hint);
    }
    for (const auto& one : outcome.collisions) {
        text += fmt::format("  {:<9} {} with {}\n            {}\n\n", "collision", one.script, one.other,
                            one.why);
    }
    if (outcome.applied > 0) {
        text += fmt::format("  {:<9} {} {} applied on blue already\n\n", "left out", outcome.applied,
                            outcome.applied == 1 ? "file is" : "files are");
    }
    text += lint::report_text(outcome.report);
    text.pop_back(); // print() ends the line
    return text;
}

void show(const Session& session, const Outcome& outcome) {
    const auto& format = session.options.migrate.format;
    if (session.options.json || format == "json") {
        print_json(document_of(outcome));
    } else if (format == "sarif") {
        print_json(lint::report_sarif(outcome.report));
    } else if (format == "github") {
        auto text = lint::report_github(outcome.report);
        for (const auto& one : outcome.unreadable) {
            text += "::error file=" + one.path + "::" + one.message + "\n";
        }
        std::fwrite(text.data(), 1, text.size(), stdout);
    } else {
        print(text_of(outcome));
    }
}

} // namespace

Task<Exit> run_migrate_lint(Session* session) {
    auto options = options_of(*session);
    if (options.pg_version == 0) {
        options.pg_version = default_major;
        if (!options.offline && session->estate != nullptr) {
            options.pg_version = co_await major_of_green(session);
        }
    }
    Outcome outcome;
    for (const auto& group : groups_of(*session)) {
        co_await lint_group(session, group, options, &outcome);
    }
    show(*session, outcome);
    if (!outcome.unreadable.empty()) {
        co_return Exit::usage;
    }
    const bool clean = lint::counts_of(outcome.report).errors == 0 && outcome.collisions.empty();
    co_return clean ? Exit::done : Exit::refused;
}

} // namespace pgteal::cutover
