// What a lane needs on its publisher: publication and slot.
#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::quote_qualified;
using postgres::Statement;

namespace {

constexpr int column_lists_since = 150000;

std::string column_list(const std::vector<std::string>& columns) {
    std::string out;
    for (const std::string& column : columns) {
        out += (out.empty() ? " (" : ", ") + quote_identifier(column);
    }
    return out + ')';
}

} // namespace

Statement create_publication(const Lane& lane, const std::vector<PublishedTable>& tables,
                             int publisher_version) {
    std::string text =
        "CREATE PUBLICATION " + quote_identifier(lane.object()) + " FOR TABLE\n  " + lane.marker_table();
    for (const PublishedTable& published : tables) {
        // Without ONLY a table's inheritance children come with it: one that the subscriber lacks, and one
        // that is listed itself, whose columns then conflict.
        text += ",\n  ONLY " + quote_qualified(published.table.schema, published.table.name);
        if (published.all_columns) {
            continue;
        }
        if (publisher_version < column_lists_since) {
            throw Error(
                ErrorCode::refused, lane.publisher,
                "lane " + lane.name() + ": the columns of " + published.table.schema + "." +
                    published.table.name + " differ between the sides, and PostgreSQL " +
                    std::to_string(publisher_version / 10000) + " on " + lane.publisher +
                    " can't publish only some of them (column lists came with 15)",
                "let the table have the same columns on both sides, or use PostgreSQL 15 or newer on " +
                    lane.publisher);
        }
        text += column_list(published.columns);
    }
    return {lane.database, std::move(text), {}};
}

Statement drop_publication(const Lane& lane) {
    return {lane.database, "DROP PUBLICATION IF EXISTS " + quote_identifier(lane.object()), {}};
}

Statement create_slot_with_snapshot(const Lane& lane) {
    const std::string object = lane.object();
    // The form without parentheses, which every version takes (source: repl_gram.y).
    return {lane.database,
            "CREATE_REPLICATION_SLOT " + quote_identifier(object) + " LOGICAL pgoutput EXPORT_SNAPSHOT",
            {"slot_" + object, "consistent_" + object, "snapshot_" + object, "plugin_" + object}};
}

Statement create_later_snapshot(const Lane& lane) {
    auto later = lane;
    later.run += "_later";
    const std::string object = lane.object();
    return {lane.database,
            "CREATE_REPLICATION_SLOT " + quote_identifier(later.object()) +
                " TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT",
            {"slot_" + object, "consistent_" + object, "snapshot_" + object, "plugin_" + object}};
}

Statement create_slot(const Lane& lane) {
    const std::string object = quote_literal(lane.object());
    return {lane.database,
            "SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot(" + object + ", 'pgoutput')\n" +
                " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE slot_name = " + object +
                ")",
            {}};
}

Statement drop_slot(const Lane& lane) {
    // A slot is the server's: one of this name that another database or plugin made is not the lane's.
    const std::string ours =
        "FROM pg_catalog.pg_replication_slots WHERE slot_name = " + quote_literal(lane.object()) +
        " AND database = pg_catalog.current_database() AND plugin = 'pgoutput'";
    return {lane.database,
            "DO $pgteal$\n"
            "DECLARE\n"
            "  holder integer;\n"
            "BEGIN\n"
            "  FOR tries IN 1..1000 LOOP\n"
            "    SELECT active_pid INTO holder " +
                ours +
                ";\n"
                "    EXIT WHEN holder IS NULL;\n"
                "    PERFORM pg_catalog.pg_terminate_backend(holder), pg_catalog.pg_sleep(0.01);\n"
                "  END LOOP;\n"
                "  PERFORM pg_catalog.pg_drop_replication_slot(slot_name) " +
                ours +
                ";\n"
                "END $pgteal$",
            {}};
}

Statement advance_slot(const Lane& lane, std::string position_binding) {
    const auto position = postgres::late_literal(std::move(position_binding)) + "::pg_lsn";
    // The server decodes all WAL up to the position and confirms at the end only: in slices, a call that is
    // cut off keeps what it came to. LSNs are added as numbers, since 13 has no pg_lsn + numeric. Below what
    // is confirmed the server would raise an error, and above what is flushed it stops by itself.
    return {lane.database,
            "DO $pgteal$\n"
            "DECLARE\n"
            "  slice CONSTANT bigint := 134217728;\n"
            "  goal CONSTANT bigint := (" +
                position +
                " - '0/0'::pg_lsn)::bigint;\n"
                "  reached bigint;\n"
                "  before bigint;\n"
                "  next bigint;\n"
                "BEGIN\n"
                "  LOOP\n"
                "    SELECT (confirmed_flush_lsn - '0/0'::pg_lsn)::bigint INTO reached\n"
                "      FROM pg_catalog.pg_replication_slots WHERE slot_name = " +
                quote_literal(lane.object()) + " AND NOT active AND confirmed_flush_lsn < " + position +
                ";\n"
                "    EXIT WHEN NOT FOUND OR reached IS NOT DISTINCT FROM before;\n"
                "    before := reached;\n"
                "    next := LEAST(goal, reached + slice);\n"
                "    PERFORM pg_catalog.pg_replication_slot_advance(" +
                quote_literal(lane.object()) +
                ",\n      (pg_catalog.to_hex(next >> 32) || '/' || pg_catalog.to_hex(next & "
                "4294967295))::pg_lsn);\n"
                "  END LOOP;\n"
                "END $pgteal$",
            {}};
}

} // namespace pgteal::replication
