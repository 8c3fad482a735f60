#include "replication/marker/markers.hpp"

#include <atomic>

#include "postgres/quote.hpp"
#include "replication/lane/lane_names.hpp"

namespace pgteal::replication {

using postgres::quote_literal;
using postgres::Statement;

namespace {

std::string whole_ms(Clock::duration time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return std::to_string(std::max<std::int64_t>(ms, 1));
}

/// Rows for the lanes whose marker is not there yet.
std::string late_lanes(const std::string& database, int lanes, const std::string& kind) {
    std::string text;
    for (int lane = 1; lane <= lanes; ++lane) {
        text += lane == 1 ? "" : "\n      UNION ALL ";
        text += "SELECT " + postgres::quote_literal_in_body(database + "." + std::to_string(lane)) +
                "::text AS lane WHERE NOT EXISTS (SELECT FROM " + marker_table(lane) +
                " WHERE kind = " + quote_literal(kind) + " AND token = wanted)";
    }
    return text;
}

} // namespace

Statement write_markers(const std::string& database, int lanes, const std::string& kind) {
    // A local flush is enough for the walsender to send it, and can't hang on a synchronous standby.
    postgres::SqlText text = "BEGIN READ WRITE;\nSET LOCAL synchronous_commit = local;\n";
    for (int lane = 1; lane <= lanes; ++lane) {
        text += "INSERT INTO " + marker_table(lane) + " AS m (kind, token, at) VALUES (" +
                quote_literal(kind) + ", " + postgres::late_literal("token") +
                ", pg_catalog.clock_timestamp())\n"
                "  ON CONFLICT (kind) DO UPDATE SET token = EXCLUDED.token, at = EXCLUDED.at;\n";
    }
    return {database, text + "COMMIT", {}};
}

Statement await_markers(const std::string& database, int lanes, const std::string& kind,
                        Clock::duration limit) {
    const std::string ms = whole_ms(limit);
    // READ COMMITTED whatever the database's default: each query of the block has to see what was applied
    // meanwhile. pg_sleep() knows whole milliseconds only, and the marker usually arrives within one or two:
    // no sleep in these.
    return {database,
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n"
            "SET LOCAL synchronous_commit = on;\n"
            "SET LOCAL statement_timeout = " +
                std::to_string(std::stoll(ms) + 1000) +
                ";\n"
                "DO $pgteal$\n"
                "DECLARE\n"
                "  wanted CONSTANT bigint := " +
                postgres::late_literal("token") +
                ";\n"
                "  began CONSTANT timestamptz := pg_catalog.clock_timestamp();\n"
                "  waited interval;\n"
                "  late text;\n"
                "BEGIN\n"
                "  LOOP\n"
                "    SELECT pg_catalog.string_agg(l.lane, ', ') INTO late FROM (\n"
                "      " +
                late_lanes(database, lanes, kind) +
                ") l;\n"
                "    EXIT WHEN late IS NULL;\n"
                "    waited := pg_catalog.clock_timestamp() - began;\n"
                "    IF waited > interval '" +
                ms +
                " ms' THEN\n"
                "      RAISE EXCEPTION USING ERRCODE = 'query_canceled',\n"
                "        MESSAGE = 'the marker has not arrived within " +
                ms +
                " ms in lane ' || late;\n"
                "    END IF;\n"
                "    IF waited > interval '2 ms' THEN\n"
                "      PERFORM pg_catalog.pg_sleep(0.001);\n"
                "    END IF;\n"
                "  END LOOP;\n"
                "  UPDATE pgteal.run SET barrier = wanted;\n"
                "  IF NOT FOUND THEN\n"
                "    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = 'pgteal.run is empty';\n"
                "  END IF;\n"
                "END $pgteal$;\n"
                "COMMIT;\n"
                "SELECT pg_catalog.pg_current_wal_insert_lsn() AS inserted, "
                "pg_catalog.pg_current_wal_flush_lsn() AS flushed",
            {binding_for("insert", database), binding_for("flush", database)}};
}

std::int64_t next_token() {
    static std::atomic<std::int64_t> last{0};
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    std::int64_t before = last.load();
    std::int64_t token = 0;
    do {
        token = std::max<std::int64_t>(now, before + 1);
    } while (!last.compare_exchange_weak(before, token));
    return token;
}

} // namespace pgteal::replication
