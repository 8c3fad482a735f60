// Flyway's history table.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "migration/apply/ledger.hpp"
#include "migration/apply/sql.hpp"
#include "migration/apply/strange_code.hpp"
#include "migration/files/text.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration {

namespace {

constexpr std::size_t longest_description = 200; // the column's; flyway-core, AbbreviationUtils

std::string with_table(postgres::Template sql, const HistoryTable& table,
                       std::initializer_list<std::pair<std::string_view, std::string>> values = {}) {
    std::vector<std::pair<std::string_view, std::string>> all(values);
    all.emplace_back("schema", table.schema);
    all.emplace_back("table", table.name);
    all.emplace_back("table_pk", table.name + "_pk");
    all.emplace_back("table_s_idx", table.name + "_s_idx");
    return migration::bind(sql, all);
}

/// File names have underscores where descriptions have spaces.
std::string description_of(const std::string& name) {
    auto text = name;
    std::replace(text.begin(), text.end(), '_', ' ');
    const auto cut = byte_of_character(text, longest_description);
    return cut == text.size() ? text
                              : text.substr(0, byte_of_character(text, longest_description - 3)) + "...";
}

std::string text_of(const pqxx::field& field) { return field.is_null() ? std::string() : field.c_str(); }

/// Undone or deleted there: what the row before said of that version no longer holds.
void forget(std::vector<Applied>& rows, const Applied& row) {
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [&row](const Applied& one) {
                                  return one.repeatable == row.repeatable && one.type != "BASELINE" &&
                                         (row.repeatable
                                              ? one.name == row.name
                                              : std::is_eq(compare_versions(one.version, row.version)));
                              }),
               rows.end());
}

} // namespace

bool has_flyway_history(Session& session, const HistoryTable& table) {
    return session
        .run("SELECT pg_catalog.to_regclass(" +
             postgres::quote_literal(postgres::quote_qualified(table.schema, table.name)) + ") IS NOT NULL")
        .at(0)
        .at(0)
        .as<bool>();
}

std::vector<Applied> read_flyway_history(Session& session, const HistoryTable& table) {
    std::vector<Applied> rows;
    if (!has_flyway_history(session, table)) {
        return rows;
    }
    const auto found = session.transact([&](pqxx::transaction_base& work) {
        hold_plain(work, session.side(), table, Use::read);
        work.exec("SET TRANSACTION READ ONLY");
        return work.exec(with_table(sql::flyway_read, table));
    });
    for (const auto& row : found) {
        Applied applied;
        applied.version = text_of(row.at("version"));
        applied.repeatable = row.at("version").is_null();
        applied.name = text_of(row.at("description"));
        applied.script = text_of(row.at("script"));
        applied.checksum = text_of(row.at("checksum"));
        applied.applied_at = text_of(row.at("applied_at"));
        applied.time = std::chrono::milliseconds(row.at("execution_time").as<int>());
        applied.type = text_of(row.at("type"));
        applied.state = row.at("success").as<bool>() ? "applied" : "broken";
        if (applied.type == "SCHEMA") {
            continue;
        }
        forget(rows, applied);
        if (applied.type != "DELETE" && !applied.type.starts_with("UNDO")) {
            rows.push_back(std::move(applied));
        }
    }
    return rows;
}

void create_flyway_history(Session& session, const HistoryTable& table) {
    const auto schema = postgres::quote_identifier(table.schema);
    const bool there =
        session.run("SELECT pg_catalog.to_regnamespace(" + postgres::quote_literal(schema) + ") IS NOT NULL")
            .at(0)
            .at(0)
            .as<bool>();
    const auto owner = session.run(std::string(sql::owner)).at(0).at(0).as<std::string>();
    const auto make_schema =
        there ? std::string()
              : "CREATE SCHEMA " + schema + " AUTHORIZATION " + postgres::quote_identifier(owner) + ";\n";
    session.run(make_schema + with_table(sql::flyway_table, table, {{"owner", owner}}));
}

std::string flyway_insert_sql(const Applied& row, const HistoryTable& table) {
    const auto most = static_cast<double>(std::numeric_limits<std::int32_t>::max());
    return with_table(sql::flyway_insert, table,
                      {{"version", row.repeatable ? std::string() : row.version},
                       {"description", description_of(row.name)},
                       {"script", row.script},
                       {"checksum", row.checksum},
                       {"ms", std::to_string(std::lround(std::min(to_ms(row.time), most)))}});
}

void adopt_flyway_history(Session& from, Session& to, const HistoryTable& table) {
    const auto name = postgres::quote_qualified(table.schema, table.name);
    const auto rows = from.transact([&](pqxx::transaction_base& work) {
        hold_plain(work, from.side(), table, Use::read);
        work.exec("SET TRANSACTION READ ONLY");
        return work.exec("SELECT * FROM " + name);
    });
    if (rows.empty()) {
        return;
    }
    std::string columns;
    for (pqxx::row::size_type column = 0; column < rows.columns(); ++column) {
        columns += (column == 0 ? "" : ", ") + postgres::quote_identifier(rows.column_name(column));
    }
    std::string text;
    for (const auto& row : rows) {
        std::string values;
        for (const auto& field : row) {
            values += values.empty() ? "" : ", ";
            values += field.is_null() ? "NULL" : postgres::quote_literal(field.c_str());
        }
        text += "INSERT INTO " + name;
        text += " (" + columns + ") VALUES (" + values + ");\n";
    }
    to.transact([&](pqxx::transaction_base& work) {
        hold_plain(work, to.side(), table, Use::write);
        return work.exec(text);
    });
}

void require_plain_table(const postgres::Dsn& dsn_with_database, const std::string& side,
                         const HistoryTable& table) {
    SessionSettings settings;
    settings.side = side;
    Session session(dsn_with_database, "migrate status", settings);
    if (has_flyway_history(session, table)) {
        session.transact([&](pqxx::transaction_base& work) {
            hold_plain(work, side, table, Use::read);
            return pqxx::result();
        });
    }
}

void carry_table(const postgres::Dsn& from, const postgres::Dsn& to, const HistoryTable& table) {
    SessionSettings settings;
    settings.side = "blue";
    Session source(from, "migrate status", settings);
    settings.side = "green";
    Session session(to, "migrate", settings);
    if (!has_flyway_history(source, table) || !has_flyway_history(session, table)) {
        return;
    }
    const auto name = postgres::quote_qualified(table.schema, table.name);
    const auto rows = session.transact([&](pqxx::transaction_base& work) {
        hold_plain(work, session.side(), table, Use::read);
        work.exec("SET TRANSACTION READ ONLY");
        return work.exec("SELECT FROM " + name + " LIMIT 1");
    });
    if (rows.empty()) {
        adopt_flyway_history(source, session, table);
    }
}

} // namespace pgteal::migration
