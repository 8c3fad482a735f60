#include "migration/history.hpp"

#include <algorithm>

#include "migration/ledger.hpp"
#include "migration/session.hpp"
#include "migration/sql.hpp"
#include "postgres/error.hpp"

namespace pgteal::migration {

namespace {

std::string label(const Applied& row) { return row.script + " (version " + row.version + ")"; }

template <typename Items>
auto find_version(const Items& items, const std::string& version) {
    return std::find_if(items.begin(), items.end(), [&](const auto& item) {
        return std::is_eq(compare_versions(item.version, version));
    });
}

void refuse_changed(const File& file, const Applied& row) {
    if (row.finished() && row.checksum != file.checksum) {
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

} // namespace

bool has_history(Session& session) {
    return session.run("SELECT pg_catalog.to_regclass('pgteal_migrations.history') IS NOT NULL")
        .at(0)
        .at(0)
        .as<bool>();
}

std::vector<Applied> read_history(Session& session) {
    std::vector<Applied> rows;
    if (!has_history(session)) {
        return rows;
    }
    const auto found = session.run(std::string(sql::history_read));
    for (const auto& row : found) {
        Applied applied;
        applied.version = row.at("version").as<std::string>();
        applied.name = row.at("name").as<std::string>();
        applied.script = row.at("script").as<std::string>();
        applied.checksum = row.at("checksum").as<std::string>();
        applied.applied_at = row.at("applied_at").as<std::string>();
        applied.ms = row.at("ms").as<double>();
        applied.state = row.at("state").as<std::string>();
        applied.statements_done = row.at("statements_done").as<int>();
        applied.done_checksum = row.at("done_checksum").as<std::string>();
        rows.push_back(std::move(applied));
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Applied& a, const Applied& b) {
        return std::is_lt(compare_versions(a.version, b.version));
    });
    return rows;
}

void create_history(Session& session) {
    if (!has_history(session)) {
        session.run(std::string(sql::history_table));
    }
}

std::string write_history_sql(const Applied& row) {
    return bind(sql::history_write, {{"version", row.version},
                                     {"name", row.name},
                                     {"script", row.script},
                                     {"checksum", row.checksum},
                                     {"state", row.state},
                                     {"statements_done", std::to_string(row.statements_done)},
                                     {"done_checksum", row.done_checksum},
                                     {"ms", std::to_string(row.ms)}});
}

void Done::add(const Statement& statement) {
    sum_.add(statement.text);
    sum_.add(";");
    ++count_;
}

Done first_statements(const File& file, int count) {
    Done done;
    for (const auto& statement : file.statements) {
        if (done.count() >= count) {
            break;
        }
        done.add(statement);
    }
    return done;
}

Applied row_of(const File& file, const std::string& state, const Done& done, double ms) {
    Applied row;
    row.version = file.version;
    row.name = file.name;
    row.script = file.script;
    row.checksum = file.checksum;
    row.state = state;
    row.statements_done = done.count();
    row.done_checksum = done.checksum();
    row.ms = ms;
    return row;
}

std::vector<Applied> history(const postgres::Dsn& dsn_with_database, const std::string& side) {
    SessionSettings settings;
    settings.side = side;
    Session session(dsn_with_database, "migrate status", settings);
    return read_history(session);
}

void adopt_history(const postgres::Dsn& from, const postgres::Dsn& to) {
    const auto rows = history(from, "blue");
    SessionSettings settings;
    settings.side = "green";
    Session session(to, "migrate", settings);
    if (rows.empty() || !read_history(session).empty()) {
        return;
    }
    create_history(session);
    std::string text = "BEGIN;\n";
    for (const auto& row : rows) {
        text += write_history_sql(row) + ";\n";
    }
    session.run(text + "COMMIT");
}

std::vector<File> pending(const std::vector<File>& files, const std::vector<Applied>& applied) {
    const Applied* newest = nullptr;
    for (const auto& row : applied) {
        if (find_version(files, row.version) == files.end()) {
            refuse_missing(row);
        }
        if (row.finished() &&
            (newest == nullptr || std::is_gt(compare_versions(row.version, newest->version)))) {
            newest = &row;
        }
    }
    std::vector<File> todo;
    for (const auto& file : files) {
        const auto row = find_version(applied, file.version);
        if (row != applied.end()) {
            refuse_changed(file, *row);
        }
        if (row != applied.end() && row->finished()) {
            continue;
        }
        if (newest != nullptr && std::is_lt(compare_versions(file.version, newest->version))) {
            throw Error(ErrorCode::migration, "",
                        file.script + " is new, but " + label(*newest) + " is applied already: out of order",
                        "Give it a version above " + newest->version + ". Nothing was applied.");
        }
        todo.push_back(file);
    }
    return todo;
}

} // namespace pgteal::migration
