#include "migration/apply/history.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "migration/apply/ledger.hpp"
#include "migration/apply/session.hpp"
#include "migration/apply/sql.hpp"
#include "migration/apply/strange_code.hpp"

namespace pgteal::migration {

namespace {

constexpr std::string_view repeatable_prefix = "R__";

/// Looks first, judges then: what comes into being in between is not used.
bool has_table(Session& session, const std::string& name) {
    const bool there =
        session.run("SELECT pg_catalog.to_regclass('pgteal_migrations." + name + "') IS NOT NULL")
            .at(0)
            .at(0)
            .as<bool>();
    require_own_tables(session);
    return there;
}

std::vector<Applied> read_ledger(Session& session) {
    std::vector<Applied> rows;
    if (!has_table(session, "history")) {
        return rows;
    }
    const auto found = session.transact([](pqxx::transaction_base& work) {
        work.exec("SET TRANSACTION READ ONLY");
        return work.exec(std::string(sql::history_read));
    });
    for (const auto& row : found) {
        Applied applied;
        applied.version = row.at("version").as<std::string>();
        applied.name = row.at("name").as<std::string>();
        applied.script = row.at("script").as<std::string>();
        applied.checksum = row.at("checksum").as<std::string>();
        applied.applied_at = row.at("applied_at").as<std::string>();
        applied.time = from_seconds(row.at("ms").as<double>() / 1000);
        applied.state = row.at("state").as<std::string>();
        applied.statements_done = row.at("statements_done").as<int>();
        applied.done_checksum = row.at("done_checksum").as<std::string>();
        if (applied.version.starts_with(repeatable_prefix)) {
            applied.repeatable = true;
            applied.version.clear();
        }
        rows.push_back(std::move(applied));
    }
    return rows;
}

bool about_the_same(const Applied& a, const Applied& b) {
    return a.repeatable == b.repeatable &&
           (a.repeatable ? a.script == b.script : std::is_eq(compare_versions(a.version, b.version)));
}

/// Flyway's rows, and files that are half-way: pgteal's own table has those.
std::vector<Applied> with_unfinished(std::vector<Applied> rows, const std::vector<Applied>& ledger) {
    for (const auto& row : ledger) {
        if (row.finished()) {
            continue; // of a time when pgteal's table was the history
        }
        const auto twin = std::find_if(rows.begin(), rows.end(),
                                       [&row](const Applied& one) { return about_the_same(one, row); });
        if (twin == rows.end()) {
            rows.push_back(row);
        } else if (row.repeatable) {
            *twin = row; // it was applied before, and is being applied again
        }
    }
    return rows;
}

} // namespace

HistoryTable history_table(const std::string& kind, const std::string& schema_and_name) {
    HistoryTable table;
    table.flyway = kind == "flyway";
    const auto dot = schema_and_name.find('.');
    if (dot == std::string::npos) {
        table.name = schema_and_name;
    } else {
        table.schema = schema_and_name.substr(0, dot);
        table.name = schema_and_name.substr(dot + 1);
    }
    return table;
}

std::vector<Applied> read_history(Session& session, const HistoryTable& table) {
    auto rows = read_ledger(session);
    if (table.flyway) {
        rows = with_unfinished(read_flyway_history(session, table), rows);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Applied& a, const Applied& b) {
        return a.repeatable || b.repeatable ? a.repeatable < b.repeatable
                                            : std::is_lt(compare_versions(a.version, b.version));
    });
    return rows;
}

bool has_ledger(Session& session) { return has_table(session, "progress"); }

void create_ledger(Session& session) {
    if (!has_ledger(session)) {
        session.run(std::string(sql::history_table));
        require_own_tables(session);
    }
}

void create_history(Session& session, const HistoryTable& table) {
    if (!table.flyway) {
        create_ledger(session);
    } else if (!has_flyway_history(session, table)) {
        create_flyway_history(session, table);
    }
}

std::string ledger_key(const Applied& row) {
    return row.repeatable ? std::string(repeatable_prefix) + row.name : row.version;
}

namespace {

std::string history_sql(const Applied& row, const HistoryTable& table, bool ledger) {
    const auto key = ledger_key(row);
    if (table.flyway && row.finished()) {
        return flyway_insert_sql(row, table) +
               (ledger ? ";\n" + bind(sql::history_forget, {{"version", key}}) : "");
    }
    auto text = bind(sql::history_write, {{"version", key},
                                          {"name", row.name},
                                          {"script", row.script},
                                          {"checksum", row.checksum},
                                          {"state", row.state},
                                          {"statements_done", std::to_string(row.statements_done)},
                                          {"done_checksum", row.done_checksum},
                                          {"ms", std::to_string(to_ms(row.time))}});
    if (row.finished() && ledger) {
        text += ";\n" + bind(sql::progress_forget, {{"version", key}});
    }
    return text;
}

} // namespace

pqxx::result write_history(pqxx::transaction_base& work, const std::string& side, const Applied& row,
                           const HistoryTable& table, bool ledger) {
    if (table.flyway && row.finished()) {
        hold_plain(work, side, table, Use::write);
    }
    return work.exec(history_sql(row, table, ledger));
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

Applied row_of(const File& file, const std::string& state, const Done& done, Clock::duration time) {
    Applied row;
    row.version = file.version;
    row.name = file.name;
    row.script = file.script;
    row.checksum = file.checksum;
    row.repeatable = file.repeatable;
    row.state = state;
    row.statements_done = done.count();
    row.done_checksum = done.checksum();
    row.time = time;
    return row;
}

std::vector<Applied> history(const postgres::Dsn& dsn_with_database, const std::string& side,
                             const HistoryTable& table) {
    SessionSettings settings;
    settings.side = side;
    Session session(dsn_with_database, "migrate status", settings);
    return read_history(session, table);
}

void adopt_history(const postgres::Dsn& from, const postgres::Dsn& to, const HistoryTable& table) {
    SessionSettings settings;
    settings.side = "blue";
    Session source(from, "migrate status", settings);
    const auto rows = read_history(source, table);
    settings.side = "green";
    Session session(to, "migrate", settings);
    if (rows.empty() || !read_history(session, table).empty()) {
        return;
    }
    create_history(session, table);
    if (table.flyway) {
        adopt_flyway_history(source, session, table);
        return;
    }
    session.transact([&](pqxx::transaction_base& work) {
        for (const auto& row : rows) {
            write_history(work, "green", row, table);
        }
        return pqxx::result();
    });
}

} // namespace pgteal::migration
