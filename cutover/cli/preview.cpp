// migrate preview.
#include <fmt/format.h>

#include "base/error.hpp"
#include "cutover/cli/work.hpp"
#include "cutover/migrations/pending_files.hpp"
#include "cutover/migrations/preview.hpp"
#include "cutover/record/digest.hpp"
#include "migration/lint/read_files.hpp"
#include "migration/lint/report/report.hpp"
#include "migration/lint/world/catalog_read.hpp"

namespace pgteal::cutover {

namespace {

namespace json = boost::json;
namespace lint = migration::lint;

lint::Options lint_options(const Session& session, int version) {
    lint::Options options{session.config.lint};
    options.pg_version = version;
    return options;
}

/// The files that were named, without any server.
Preview named_files(const Session& session) {
    auto sources = lint::read_sources(session.options.migrate.paths);
    if (!sources.unreadable.empty()) {
        const auto& first = sources.unreadable.front();
        throw Error(ErrorCode::migration, "", first.message, first.hint);
    }
    const auto report = lint::lint(sources.files, nullptr, lint_options(session, lint::Options{}.pg_version));
    return make_preview("", std::move(sources.files), report, true);
}

Task<std::vector<Preview>> pending_previews(Session* session) {
    const auto serving = peek_progress(session->config).serving;
    auto& server = session->estate->server(serving);
    const auto identity =
        co_await session->estate->server(Side::green).identity(after(std::chrono::seconds(20)));
    std::vector<Preview> previews;
    for (const auto& database : databases_to_migrate(session->config, session->options.migrate.database)) {
        const auto dsn = server.dsn().with_database(database.name);
        Preview preview;
        const std::function<void()> work = [&] {
            auto files = pending_files(session->config, dsn, serving, database.migrations);
            const auto known = lint::read_catalog(dsn, to_string(serving));
            auto options = lint_options(*session, identity.version / 10000);
            options.offline = false;
            const auto report = lint::lint(files, &known, options);
            preview = make_preview(database.name, std::move(files), report, false);
        };
        co_await run_blocking(work);
        previews.push_back(std::move(preview));
    }
    co_return previews;
}

json::object to_json(const PreviewedFile& one) {
    json::object object;
    object["script"] = one.file.script;
    object["version"] = one.file.version;
    object["phase"] = migration::to_string(one.file.phase);
    object["repeatable"] = one.file.repeatable;
    object["transaction"] = one.file.transactional;
    object["statements"] = one.file.statements.size();
    object["sha256"] = sha256(one.file.text);
    object["sql"] = one.file.text;
    object["down"] = one.file.down ? json::value(one.file.down->script) : json::value();
    object["down_sql"] = one.file.down ? json::value(one.file.down->text) : json::value();
    lint::Report report;
    report.findings = one.findings;
    report.not_analysed = one.not_analysed;
    auto told = lint::report_json(report);
    object["findings"] = told.at("findings");
    object["not_analysed"] = told.at("not_analysed");
    return object;
}

json::object document_of(const std::vector<Preview>& previews) {
    json::array databases;
    for (const auto& preview : previews) {
        json::array files;
        for (const auto& one : preview.files) {
            files.push_back(to_json(one));
        }
        json::object object;
        object["name"] = preview.database;
        object["offline"] = preview.offline;
        object["files"] = std::move(files);
        databases.push_back(std::move(object));
    }
    json::object document;
    document["hash"] = hash_of(previews);
    document["databases"] = std::move(databases);
    return document;
}

} // namespace

Task<Exit> run_migrate_preview(Session* session) {
    std::vector<Preview> previews;
    if (session->options.migrate.paths.empty()) {
        previews = co_await pending_previews(session);
    } else {
        previews.push_back(named_files(*session));
    }
    if (session->options.json) {
        print_json(document_of(previews));
    } else {
        auto text = markdown_of(previews);
        text.pop_back(); // print() ends the line
        print(text);
    }
    co_return Exit::done;
}

} // namespace pgteal::cutover
