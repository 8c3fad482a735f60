#include "replication/compare/migrated_rows.hpp"

#include <boost/json.hpp>

#include "postgres/quote.hpp"

namespace pgteal::replication {

using postgres::quote_literal;

namespace {

Task<bool> kept_here(postgres::Connection* connection, Deadline deadline) {
    const auto table =
        co_await connection->exec("SELECT pg_catalog.to_regclass('pgteal.inserted') IS NOT NULL", deadline);
    co_return table.get<bool>(0, 0);
}

std::string in_words(const std::string& table, std::int64_t rows, const std::string& scripts) {
    return table + " (" + std::to_string(rows) + (rows == 1 ? " row, " : " rows, ") + scripts + ")";
}

} // namespace

postgres::Statement note_migration(const std::string& database, const std::string& script) {
    return {database,
            "BEGIN READ WRITE; INSERT INTO pgteal.migrated (script) VALUES (" + quote_literal(script) +
                "); COMMIT",
            {}};
}

postgres::Statement end_migrations(const std::string& database) {
    return {database,
            "BEGIN READ WRITE; INSERT INTO pgteal.migrated (script) SELECT '' WHERE (SELECT script FROM "
            "pgteal.migrated ORDER BY xid DESC LIMIT 1) <> ''; COMMIT",
            {}};
}

Task<MigratedRows> read_migrated_rows(postgres::Connection& connection, Deadline deadline) {
    MigratedRows found;
    const bool kept = co_await kept_here(&connection, deadline);
    if (!kept) {
        co_return found;
    }
    const auto ranges = co_await connection.exec(
        "SELECT script, xid, till FROM (SELECT script, xid, lead(xid) OVER (ORDER BY xid) AS till FROM "
        "pgteal.migrated) r WHERE script <> '' AND till IS NOT NULL ORDER BY xid",
        deadline);
    for (int row = 0; row < ranges.rows(); ++row) {
        found.ranges.push_back({ranges.get<std::string>(row, 0), ranges.get<std::int64_t>(row, 1),
                                ranges.get<std::int64_t>(row, 2)});
    }
    const auto rows = co_await connection.exec("SELECT tablename, id, script FROM pgteal.inserted", deadline);
    for (int row = 0; row < rows.rows(); ++row) {
        found.inserted[rows.get<std::string>(row, 0)].emplace(rows.get<std::string>(row, 1),
                                                              rows.get<std::string>(row, 2));
    }
    co_return found;
}

std::string written_by(const std::vector<MigratedRows::Range>& ranges) {
    if (ranges.empty()) {
        return "NULL::text";
    }
    // xmin has 32 bits, and they go round.
    constexpr std::int64_t bits = 0xffffffff;
    std::string text = "CASE";
    for (const auto& range : ranges) {
        text += " WHEN ((t.xmin::text::bigint - " + std::to_string(range.first & bits) + ") & " +
                std::to_string(bits) + ") < " + std::to_string(range.end - range.first) + " THEN " +
                quote_literal(range.script);
    }
    return text + " END";
}

postgres::Statement keep_migrated_rows(const std::string& database, const Comparison& comparison) {
    boost::json::array rows;
    for (const auto& table : comparison.tables) {
        for (const auto& [id, script] : table.migrated) {
            boost::json::object row;
            row["tablename"] = table.name;
            row["id"] = id;
            row["script"] = script;
            rows.push_back(std::move(row));
        }
    }
    return {database,
            "BEGIN READ WRITE; INSERT INTO pgteal.inserted (tablename, id, script) SELECT r.tablename, r.id, "
            "r.script FROM pg_catalog.json_to_recordset(" +
                quote_literal(boost::json::serialize(rows)) +
                "::json) AS r(tablename text, id text, script text) ON CONFLICT DO NOTHING; COMMIT",
            {}};
}

std::vector<std::string> migrated_in_words(const Comparison& comparison) {
    std::vector<std::string> words;
    for (const auto& table : comparison.tables) {
        std::set<std::string> scripts;
        for (const auto& [id, script] : table.migrated) {
            scripts.insert(script);
        }
        std::string names;
        for (const auto& script : scripts) {
            names += (names.empty() ? "" : ", ") + script;
        }
        if (table.migrated_count > 0) {
            words.push_back(in_words(table.name, table.migrated_count, names));
        }
    }
    return words;
}

Task<std::vector<std::string>> kept_in_words(postgres::Connection& connection, Deadline deadline) {
    std::vector<std::string> words;
    const bool kept = co_await kept_here(&connection, deadline);
    if (!kept) {
        co_return words;
    }
    const auto tables = co_await connection.exec(
        "SELECT tablename, pg_catalog.count(*), pg_catalog.string_agg(DISTINCT script, ', ') FROM "
        "pgteal.inserted GROUP BY 1 ORDER BY 1",
        deadline);
    for (int row = 0; row < tables.rows(); ++row) {
        words.push_back(in_words(tables.get<std::string>(row, 0), tables.get<std::int64_t>(row, 1),
                                 tables.get<std::string>(row, 2)));
    }
    co_return words;
}

} // namespace pgteal::replication
